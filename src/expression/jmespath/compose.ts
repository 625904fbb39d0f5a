/** Comparisons, logic, pipes and multi-selects: closures made of closures. Here what is not found counts as null. */

import type { Json, JsonObject } from "../../object/index.ts";
import { hasHole } from "./hole.ts";
import { compileTextHoles } from "./open.ts";
import type { Step } from "./run.ts";
import type { Comparison } from "./syntax.ts";
import { isEqual, isTruthy, setKey } from "./value.ts";

export function compileComparison(operator: Comparison, left: Step, right: Step): Step {
  if (operator === "==" || operator === "!=") {
    const wanted = operator === "==";
    return (current, run) => isEqual(left(current, run) ?? null, right(current, run) ?? null, run) === wanted;
  }
  const holds = ORDER[operator];
  return (current, run) => {
    const a = left(current, run);
    const b = right(current, run);
    return isNumber(a) && isNumber(b) ? holds(a, b) : null; // Only numbers have an order.
  };
}

const ORDER = {
  "<": (a: number | bigint, b: number | bigint) => a < b,
  "<=": (a: number | bigint, b: number | bigint) => a <= b,
  ">": (a: number | bigint, b: number | bigint) => a > b,
  ">=": (a: number | bigint, b: number | bigint) => a >= b,
} as const;

function isNumber(value: Json | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

export function compileAnd(left: Step, right: Step): Step {
  return (current, run) => {
    const value = left(current, run) ?? null;
    return isTruthy(value) ? right(current, run) : value;
  };
}

export function compileOr(left: Step, right: Step): Step {
  return (current, run) => {
    const value = left(current, run);
    return isTruthy(value) ? value : (right(current, run) ?? null);
  };
}

export function compileNot(body: Step): Step {
  return (current, run) => !isTruthy(body(current, run));
}

export function compilePipe(left: Step, right: Step): Step {
  return (current, run) => right(left(current, run) ?? null, run);
}

export function compileList(items: readonly Step[]): Step {
  return (current, run) => {
    if (current === null) return null;
    run.build(8 * items.length);
    return items.map((item) => item(current, run) ?? null);
  };
}

type Key = string | Step;

export function keyOf(key: string): Key {
  return hasHole(key) ? compileTextHoles(key) : key;
}

export function compileHash(entries: readonly { readonly key: Key; readonly value: Step }[]): Step {
  return (current, run) => {
    if (current === null) return null;
    run.build(16 * entries.length);
    const object: JsonObject = {};
    for (const { key, value } of entries) {
      const name = typeof key === "string" ? key : String(key(current, run));
      setKey(object, name, value(current, run) ?? null);
    }
    return object;
  };
}
