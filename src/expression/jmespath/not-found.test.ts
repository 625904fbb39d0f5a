/** What is missing: an error where a plain chain of names ends in the open, null wherever something asks about it. */

import { describe, expect, it } from "vitest";
import type { Json } from "../../object/index.ts";
import { compileJmespath, Run, runGuarded } from "./index.ts";

const environment = { now: () => new Date(0), random: () => () => 0, hash: () => "" };
const given: Json = {
  m: { a: 1 },
  l: [{ a: 1 }, { b: 2 }],
  list: [{ x: 1 }],
  s: "text",
  present: true,
  scalar: 5,
  zero: 0,
  nothing: null,
};

function run(expression: string): Json | "NOT FOUND" {
  const compiled = compileJmespath(expression);
  if ("problem" in compiled) throw new Error(compiled.problem.message);
  const result = runGuarded(() => compiled.expression.run(given, new Run(environment)));
  if ("fault" in result) throw new Error(result.fault.message);
  return result.value === undefined ? "NOT FOUND" : result.value;
}

describe("what is missing", () => {
  it.each([
    "missing",
    "m.missing",
    "m.missing.deep",
    "missing[0].x",
    "(missing).x",
    "list[0].missing",
    '"k"',
    "present && missing",
    "m.toString",
    "m.constructor",
    "m.__proto__",
    "l[0].hasOwnProperty",
    "missing.to_string(@)",
    "m | missing",
  ])("%s is not found", (expression) => {
    expect(run(expression)).toBe("NOT FOUND");
  });

  it.each<[string, Json]>([
    ["scalar.x", null],
    ["nothing.x", null],
    ["missing[]", null],
    ["missing[?x]", null],
    ["missing.*", null],
    ["missing[*].a", null],
    ["missing | [0]", null],
    ["l[99]", null],
    ["l[99].x", null],
    ["missing && s", null],
    ["missing || missing2", null],
    ["missing || 'd'", "d"],
    ["missing.a.b || ''", ""],
    ["not_null(missing,'z')", "z"],
    ["list[*].missing", []],
    ["[missing]", [null]],
    ["{a: missing}", { a: null }],
    ["to_string(missing)", "null"],
    ["!missing", true],
    ["missing == null", true],
    ["missing == 'a'", false],
    ["missing < `1`", null],
    ["zero || 'd'", 0],
    ["'' || 'd'", "d"],
    ["`[]` || 'd'", "d"],
    ["`{}` || 'd'", "d"],
    ["`false` || 'd'", "d"],
    ["l[?missing]", []],
    ["l[?a == `1`].a | [0]", 1],
    ["map(&missing, l)", [null, null]],
    ["'a' < 'b'", null],
  ])("%s is %j", (expression, expected) => {
    expect(run(expression)).toEqual(expected);
  });

  it("makes objects whose keys are content only", () => {
    const made = run('merge({__proto__: m}, {"constructor": `1`})');
    expect(JSON.stringify(made)).toBe('{"__proto__":{"a":1},"constructor":1}');
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(Object.hasOwn(Object.prototype, "a")).toBe(false);
  });

  it.each(["`foo`", "let $x = m in $x", "a + b", "a ? b : c", "$", "a =  b", "'a", "[?", "f(a,)", "@.", "&a", "m.&a"])(
    "%s is a syntax error with a position",
    (expression) => {
      const compiled = compileJmespath(expression);
      expect("problem" in compiled && typeof compiled.problem.position).toBe("number");
    },
  );
});
