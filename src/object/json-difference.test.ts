import { describe, expect, it } from "vitest";
import type { Json } from "./json.ts";
import { jsonDifference } from "./json-difference.ts";
import { applyJsonPatch } from "./json-patch.ts";

const CASES: [string, Json, Json, number][] = [
  ["nothing", { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, 0],
  ["a new field", { a: 1 }, { a: 1, b: { c: 2 } }, 1],
  ["a field that goes", { a: 1, b: 2 }, { a: 1 }, 1],
  ["a value", { a: { b: "x" } }, { a: { b: "y" } }, 1],
  ["a value that becomes a map", { a: "x" }, { a: {} }, 1],
  ["a value that becomes null", { a: "x" }, { a: null }, 1],
  ["an element", { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }, { b: 3 }] }, 1],
  ["a longer list", { a: [1] }, { a: [1, 2] }, 1],
  ["a list that becomes a map", { a: [] }, { a: {} }, 1],
  ["keys with / and ~", { "a/b": 1, "c~d": { e: 1 } }, { "a/b": 2, "c~d": {} }, 2],
  ["several places", { a: 1, b: { c: 1, d: 1 } }, { b: { c: 2 }, e: 1 }, 4],
];

describe("the difference of two values", () => {
  it.each(CASES)("is a patch that turns one into the other: %s", (_case, before, after, steps) => {
    const patch = jsonDifference(before, after);
    expect(patch).toHaveLength(steps);
    expect(applyJsonPatch(before as { [key: string]: Json }, patch)).toEqual({ ok: true, value: after });
  });
});
