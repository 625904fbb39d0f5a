/** The operator tables, row by row. */

import { describe, expect, it } from "vitest";
import type { Json } from "../object/index.ts";
import { holdsCondition, isOperator, OPERATORS, type Operator } from "./condition.ts";

type Row = readonly [key: Json, operator: Operator, value: Json, expected: boolean];
const check = (rows: readonly Row[]): void => {
  it.each(rows)("%j %s %j is %j", (key, operator, value, expected) => {
    expect(holdsCondition(key, operator, value)).toBe(expected);
  });
};

describe("Equals and NotEquals", () => {
  const equal: readonly (readonly [Json, Json, boolean])[] = [
    [true, true, true],
    [true, "true", false],
    [1000, "1e3", true],
    [1000, 1000, true],
    [1000, "1k", false],
    [3600, "1h", false],
    ["1h", "60m", true],
    ["1h", 3600, true],
    ["1h", 60, false],
    ["1Gi", "1024Mi", true],
    ["1.0", "1", true],
    ["1000m", "1", true],
    ["1", "a", false],
    ["abc", "a*", true],
    ["a*", "abc", false],
    ["abc", "a?", false],
    ["1", 1, false],
    ["0", 0, false],
    ["true", true, false],
    ["", "", true],
    [["a"], ["a"], true],
    [["a", "b"], ["b", "a"], false],
    [[1], [1.0], true],
    [["a"], "a", false],
    [[], "", false],
    [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1 }, [1], false],
    ["a", null, false],
    [{}, null, false],
  ];
  check(
    equal.flatMap(([key, value, same]): Row[] => [
      [key, "Equals", value, same],
      [key, "NotEquals", value, !same],
    ]),
  );
});

describe("a null key", () => {
  check(
    OPERATORS.flatMap((operator): Row[] => [
      [null, operator, "a", false],
      [null, operator, ["a"], false],
      [null, operator, null, false],
    ]),
  );
});

describe("a null value", () => {
  check(OPERATORS.map((operator): Row => ["a", operator, null, operator === "NotEquals" || operator === "NotEqual"]));
});

describe("ordering", () => {
  const below: readonly (readonly [Json, Json])[] = [
    [10, "1h"],
    ["1m", "1h"],
    ["512Mi", "1Gi"],
    ["9", "10"],
    ["1.10", "1.9"],
    [2, "2.5"],
    ["2", 2.5],
    ["10", "1h"],
    [1, 2],
    ["1.9.0", "1.10.0"],
    ["1.0.0-rc.1", "1.0.0"],
  ];
  check(
    below.flatMap(([low, high]): Row[] => [
      [low, "LessThan", high, true],
      [low, "LessThanOrEquals", high, true],
      [low, "GreaterThan", high, false],
      [low, "GreaterThanOrEquals", high, false],
    ]),
  );
  check([
    ["1h", "GreaterThan", 10, true],
    ["1Gi", "GreaterThan", "512Mi", true],
    ["1h", "GreaterThanOrEquals", "60m", true],
    ["1h", "GreaterThan", "60m", false],
    [3, "LessThanOrEquals", "3.0", true],
  ]);
  const incomparable: readonly (readonly [Json, Json])[] = [
    ["1h", "10"],
    ["512Mi", 1],
    [1073741825, "1Gi"],
    ["a", "b"],
    [true, false],
    [[1], [2]],
    ["v1.9.0", "v1.10.0"],
  ];
  check(
    incomparable.flatMap(([key, value]): Row[] =>
      (["LessThan", "LessThanOrEquals", "GreaterThan", "GreaterThanOrEquals"] as const).map(
        (operator): Row => [key, operator, value, false],
      ),
    ),
  );
});

describe("durations", () => {
  check([
    ["1h", "DurationGreaterThan", "30m", true],
    ["1h", "DurationLessThan", 3601, true],
    [60, "DurationGreaterThanOrEquals", "1m", true],
    [60, "DurationLessThanOrEquals", 60.9, true],
    ["10", "DurationLessThan", "1h", false],
    ["10", "DurationGreaterThan", "1h", false],
  ]);
});

/** The four expected results: AnyIn, AllIn, AnyNotIn, AllNotIn. */
const four = (rows: readonly (readonly [Json, Json, string])[]): void => {
  const operators = ["AnyIn", "AllIn", "AnyNotIn", "AllNotIn"] as const;
  check(
    rows.flatMap(([key, value, results]) =>
      operators.map((operator, at): Row => [key, operator, value, results[at] === "T"]),
    ),
  );
};

describe("membership", () => {
  four([
    ["a", ["a", "b"], "TTFF"],
    ["c", ["a", "b"], "FFTT"],
    ["abc", ["a*"], "TTFF"],
    ["a*", ["abc"], "TTFF"],
    [1, ["1"], "TTFF"],
    ["1", [1], "TTFF"],
    [true, ["true"], "TTFF"],
    ["5", ["1-10"], "FFTT"],
    [1000000, ["1000000"], "TTFF"],
    [["a", "c"], ["a", "b"], "TFTF"],
    [["a", "b"], ["a", "b"], "TTFF"],
    [["x"], ["a"], "FFTT"],
    [[], ["a"], "FTFT"],
    [[], "a", "FTFT"],
    ["abc", "a*", "TTFF"],
    ["a*", "abc", "FFTT"],
    ["5", "1-10", "TTFF"],
    [5, "1-10", "TTFF"],
    ["50", "1-10", "FFTT"],
    ["512Mi", "1Mi-1Gi", "TTFF"],
    ["30s", "10s-1m", "TTFF"],
    ["-5", "-10--1", "TTFF"],
    ["5", "6!-10", "FFTT"],
    ["a", '["a","b"]', "TTFF"],
    ["abc", '["a*"]', "FFTT"],
    ["1", "1", "TTFF"],
    ["2", "1", "FFFF"],
    ["a", "[1,2]", "FFFF"],
    [true, "true", "TTFF"],
    ["a", "a, b", "FFTT"],
    [["a"], "a", "TTFF"],
    [["1"], "1", "TTFF"],
    [["a", "b"], "a", "TFTF"],
    [["abc", "x"], "a*", "TFTF"],
    [["1", "50"], "1-10", "TFTF"],
    [["1", "5"], "1-10", "TTFF"],
    [["abc"], '["a*"]', "TTFF"],
    [["a", "b"], "true", "FFFF"],
    [["a", "b"], "[1,2]", "FFFF"],
    ["1", 1, "FFFF"],
    ["true", true, "FFFF"],
    [["1"], 1, "TFFF"],
    [["1", "2"], 1, "TFTF"],
    [{ a: 1 }, ["a"], "FFFF"],
    ["a", { a: 1 }, "FFFF"],
  ]);
});

describe("In and NotIn", () => {
  check([
    [["a", "b"], "In", ["a", "b", "c"], true],
    [["a", "x"], "In", ["a"], false],
    [["a", "x"], "NotIn", ["a"], true],
    [["abc"], "In", ["a*"], false],
    ["abc", "In", "a*", true],
    ["abc", "NotIn", "a*", false],
    ["a", "In", '["a"]', true],
    ["b", "NotIn", '["a"]', true],
    ["b", "In", "a", false],
    ["b", "NotIn", "a", false],
    ["5", "In", "1-10", false],
    [["a"], "In", '["a"]', true],
    [["a"], "In", "a", false],
    [["a"], "NotIn", "a", false],
  ]);
});

it("knows its operators by their exact names", () => {
  expect(isOperator("AnyIn")).toBe(true);
  expect(isOperator("anyIn")).toBe(false);
  expect(isOperator("constructor")).toBe(false);
});
