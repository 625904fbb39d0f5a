import { describe, expect, it } from "vitest";
import type { Json } from "../object/index.ts";
import { holdsCondition, type Operator } from "./condition.ts";
import { matchesPattern } from "./pattern.ts";
import { compileTemplate } from "./template.ts";

const ENVIRONMENT = { now: () => new Date(0), random: () => () => 0.5, hash: () => "" };
const BIG = 9007199254740993n;

function evaluate(value: Json): Json {
  const compiled = compileTemplate(value, "data");
  if ("issues" in compiled) throw new Error(JSON.stringify(compiled.issues));
  const result = compiled.template.evaluate({ big: BIG, list: [BIG, 3], object: { big: BIG } }, ENVIRONMENT);
  return result.ok ? result.value : `error: ${result.error.message}`;
}

describe("an integer that a number cannot hold", () => {
  it.each<[Json, Json]>([
    ["{{ big }}", BIG],
    ["n{{ big }}", "n9007199254740993"],
    ["{{ object }}", { big: BIG }],
    [{ a: [BIG] }, { a: [BIG] }],
    ["{{ to_string(big) }}", "9007199254740993"],
    ["{{ to_string(object) }}", '{"big":9007199254740993}'],
    ["{{ type(big) }}", "number"],
    ["{{ big == `9007199254740993` }}", true],
    ["{{ big == `9007199254740992` }}", false],
    ["{{ big > `1` }}", true],
    ["{{ max(list) }}", BIG],
    ["{{ sort(list) }}", [3, BIG]],
    ["{{ not_null(big) }}", BIG],
    ["{{ parse_json('9007199254740993') }}", BIG],
    ["{{ parse_yaml('a: 9007199254740993') }}", { a: BIG }],
    ["{{ to_number(big) }}", BIG],
  ])("is kept as it is: %s", (template, value) => {
    expect(evaluate(template)).toEqual(value);
  });

  it.each<[string, Json]>([
    ["{{ add(big, `1`) }}", 9007199254740992 + 1],
    ["{{ abs(big) }}", 9007199254740992],
    ["{{ sum(list) }}", 9007199254740992 + 3],
    ["{{ starts_with(big, 'x') }}", expect.stringContaining("the number 9007199254740993")],
  ])("is a rounded number to functions that compute, and named exactly in messages: %s", (template, value) => {
    expect(evaluate(template)).toEqual(value);
  });

  it.each<[Json, Operator, Json, boolean]>([
    [BIG, "Equals", BIG, true],
    [BIG, "Equals", 9007199254740992n, false],
    [BIG, "GreaterThan", 1, true],
    [BIG, "AnyIn", [BIG], true],
    [BIG, "AnyIn", ["9007199254740992"], false],
  ])("is a number to conditions: %s %s %s", (key, operator, value, holds) => {
    expect(holdsCondition(key, operator, value)).toBe(holds);
  });

  it.each<[Json, Json, boolean]>([
    [BIG, BIG, true],
    [BIG, 9007199254740992n, false],
    [BIG, "9007199254740993", true],
    [BIG, ">1", true],
  ])("is a number to patterns: %s, %s", (value, pattern, matches) => {
    expect(matchesPattern(value, pattern)).toBe(matches);
  });
});
