/** The built-in functions of JMESPath that work on lists and maps. */

import type { Json, JsonObject } from "../../../object/index.ts";
import type { Run } from "../run.ts";
import { compareText, setKey, sortedKeys, typeOf } from "../value.ts";
import type { Arguments, FunctionSpec } from "./signature.ts";

const ARRAY = ["array"] as const;
const OBJECT = ["object"] as const;

export const collectionFunctions: readonly FunctionSpec[] = [
  { name: "keys", parameters: [OBJECT], call: (args, run) => sortedKeys(args.object(0), run) },
  {
    name: "values",
    parameters: [OBJECT],
    call(args, run) {
      const object = args.object(0);
      return sortedKeys(object, run).map((key) => object[key] ?? null);
    },
  },
  {
    name: "map",
    parameters: ["reference", ARRAY],
    call(args, run) {
      run.build(8 * args.list(1).length);
      return args.list(1).map((item) => args.apply(0, item, run));
    },
  },
  { name: "max", parameters: [ARRAY], call: (args, run) => pickExtreme(ownKeys(args), 1, args, run) },
  { name: "min", parameters: [ARRAY], call: (args, run) => pickExtreme(ownKeys(args), -1, args, run) },
  {
    name: "max_by",
    parameters: [ARRAY, "reference"],
    call: (args, run) => pickExtreme(appliedKeys(args, run), 1, args, run),
  },
  {
    name: "min_by",
    parameters: [ARRAY, "reference"],
    call: (args, run) => pickExtreme(appliedKeys(args, run), -1, args, run),
  },
  { name: "sort", parameters: [ARRAY], call: (args, run) => sortKeyed(ownKeys(args), args, run) },
  {
    name: "sort_by",
    parameters: [ARRAY, "reference"],
    call: (args, run) => sortKeyed(appliedKeys(args, run), args, run),
  },
  {
    name: "merge",
    parameters: [OBJECT],
    variadic: true,
    call(args, run) {
      const merged: JsonObject = {};
      for (let at = 0; at < args.values.length; at++) {
        const part = args.object(at);
        const keys = Object.keys(part);
        run.build(16 * keys.length);
        for (const key of keys) setKey(merged, key, part[key] ?? null);
      }
      return merged;
    },
  },
  {
    name: "reverse",
    parameters: [["string", "array"]],
    call(args, run) {
      const value = args.value(0);
      const size = typeof value === "string" ? value.length : args.list(0).length;
      run.build(8 * size);
      return typeof value === "string" ? [...value].reverse().join("") : [...args.list(0)].reverse();
    },
  },
];

interface Keyed {
  readonly key: Json;
  readonly item: Json;
}

function ownKeys(args: Arguments): Keyed[] {
  return args.list(0).map((item) => ({ key: item, item }));
}

function appliedKeys(args: Arguments, run: Run): Keyed[] {
  run.build(16 * args.list(0).length);
  return args.list(0).map((item) => ({ key: args.apply(1, item, run), item }));
}

/** All numbers or all strings; anything else has no order. */
function comparatorOf(keyed: readonly Keyed[], args: Arguments, run: Run): (a: Keyed, b: Keyed) => number {
  const type = typeOf(keyed[0]?.key ?? null);
  const isOrdered = (type === "number" || type === "string") && keyed.every(({ key }) => typeOf(key) === type);
  if (!isOrdered) throw args.fail("needs all numbers or all strings to compare");
  return ({ key: a }, { key: b }) => {
    run.spend(1);
    if (typeof a !== "string" || typeof b !== "string") return compareNumbers(a, b);
    run.spend(Math.min(a.length, b.length) >>> 4);
    return compareText(a, b);
  };
}

/** Large integers among numbers keep their order. */
function compareNumbers(a: Json, b: Json): number {
  const areNumbers = a !== null && b !== null && typeof a !== "object" && typeof b !== "object";
  if (!areNumbers || a === b) return 0;
  return a < b ? -1 : 1;
}

function sortKeyed(keyed: readonly Keyed[], args: Arguments, run: Run): Json[] {
  if (keyed.length === 0) return [];
  run.build(16 * keyed.length);
  return [...keyed].sort(comparatorOf(keyed, args, run)).map(({ item }) => item);
}

function pickExtreme(keyed: readonly Keyed[], sign: 1 | -1, args: Arguments, run: Run): Json {
  const [first, ...rest] = keyed;
  if (first === undefined) return null;
  const compare = comparatorOf(keyed, args, run);
  return rest.reduce((best, next) => (sign * compare(next, best) > 0 ? next : best), first).item;
}
