/** The policy language's functions on lists and maps. */

import type { Json, JsonObject } from "../../../object/index.ts";
import { showValue } from "../json-text.ts";
import { setKey, sortedKeys } from "../value.ts";
import type { Arguments, FunctionSpec } from "./signature.ts";

const STRING = ["string"] as const;
const ARRAY = ["array"] as const;

export const listFunctions: readonly FunctionSpec[] = [
  {
    name: "lookup",
    parameters: [
      ["object", "array"],
      ["string", "number"],
    ],
    call: (args) => (Array.isArray(args.value(0)) ? lookUpItem(args) : lookUpKey(args)),
  },
  {
    name: "items",
    parameters: [["object", "array"], STRING, STRING],
    call(args, run) {
      const source = args.value(0);
      const entries: [Json, Json][] = Array.isArray(source)
        ? source.map((item, index) => [index, item])
        : sortedKeys(args.object(0), run).map((key) => [key, args.object(0)[key] ?? null]);
      run.build(32 * entries.length);
      return entries.map(([key, value]) => {
        const item: JsonObject = {};
        setKey(item, args.text(1), key);
        setKey(item, args.text(2), value);
        return item;
      });
    },
  },
  {
    name: "object_from_lists",
    parameters: [ARRAY, ARRAY],
    call(args, run) {
      const object: JsonObject = {};
      run.build(16 * args.list(0).length);
      for (const [at, key] of args.list(0).entries()) {
        if (key === null || typeof key === "object") throw args.wrong(0, "a list of strings, numbers or booleans");
        setKey(object, showValue(key, run), args.list(1)[at] ?? null);
      }
      return object;
    },
  },
];

function lookUpKey(args: Arguments): Json {
  const object = args.object(0);
  const key = args.text(1);
  return Object.hasOwn(object, key) ? (object[key] ?? null) : null;
}

function lookUpItem(args: Arguments): Json {
  const at = args.number(1);
  if (!Number.isInteger(at)) throw args.wrong(1, "a whole number");
  return args.list(0)[at] ?? null;
}
