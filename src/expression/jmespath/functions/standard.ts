/** The built-in functions of JMESPath that work on numbers, texts and types. */

import type { Json } from "../../../object/index.ts";
import { showValue } from "../json-text.ts";
import { isEqual, textLength, typeOf } from "../value.ts";
import type { FunctionSpec } from "./signature.ts";

const NUMBER = ["number"] as const;
const STRING = ["string"] as const;
const ARRAY = ["array"] as const;

export const standardFunctions: readonly FunctionSpec[] = [
  { name: "abs", parameters: [NUMBER], call: (args) => Math.abs(args.number(0)) },
  { name: "ceil", parameters: [NUMBER], call: (args) => Math.ceil(args.number(0)) },
  { name: "floor", parameters: [NUMBER], call: (args) => Math.floor(args.number(0)) },
  {
    name: "contains",
    parameters: [["array", "string"], "any"],
    call(args, run) {
      const inside = args.value(0);
      const wanted = args.value(1);
      if (Array.isArray(inside)) return inside.some((item) => isEqual(item, wanted, run));
      run.spend(args.text(0).length >>> 4);
      return typeof wanted === "string" && args.text(0).includes(wanted);
    },
  },
  { name: "ends_with", parameters: [STRING, STRING], call: (args) => args.text(0).endsWith(args.text(1)) },
  { name: "starts_with", parameters: [STRING, STRING], call: (args) => args.text(0).startsWith(args.text(1)) },
  {
    name: "join",
    parameters: [STRING, ARRAY],
    call(args, run) {
      const glue = args.text(0);
      const texts = args.list(1).map((item) => {
        if (typeof item !== "string") throw args.wrong(1, "a list of strings");
        run.build(item.length + glue.length);
        return item;
      });
      run.build(texts.reduce((sum, text) => sum + text.length + glue.length, 0));
      return texts.join(glue);
    },
  },
  {
    name: "length",
    parameters: [["string", "array", "object"]],
    call(args, run) {
      const value = args.value(0);
      if (Array.isArray(value)) return value.length;
      if (typeof value !== "string") return Object.keys(args.object(0)).length;
      run.spend(value.length >>> 4);
      return textLength(value);
    },
  },
  {
    name: "not_null",
    parameters: ["any"],
    variadic: true,
    call: (args) => args.values.find((value) => value !== null) ?? null,
  },
  {
    name: "to_array",
    parameters: ["any"],
    call: (args) => (Array.isArray(args.value(0)) ? args.value(0) : [args.value(0)]),
  },
  { name: "to_number", parameters: ["any"], call: (args) => toNumber(args.value(0)) },
  { name: "to_string", parameters: ["any"], call: (args, run) => showValue(args.value(0), run) },
  { name: "type", parameters: ["any"], call: (args) => typeOf(args.value(0)) },
];

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function toNumber(value: Json): Json {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value !== "string" || !DECIMAL.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
