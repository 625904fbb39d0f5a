import { describe, expect, it } from "vitest";
import { OPERATORS } from "../expression/index.ts";
import type { Json, JsonObject } from "../object/index.ts";
import { CONDITION_OPERATORS } from "../policy/index.ts";
import { compileRule, dataOf, desiredBy, issuesOf, making, TRIGGER } from "./language.fixture.ts";

const YES: JsonObject = { key: "a", operator: "Equals", value: "a" };
const NO: JsonObject = { key: "a", operator: "Equals", value: "b", message: "a is not b" };
const BROKEN: JsonObject = { key: "{{ request.object.spec }}", operator: "Equals", value: "b" };

function under(preconditions: Json): JsonObject {
  return making({ a: "b" }, { preconditions });
}

function outcome(preconditions: Json): Json {
  return dataOf(desiredBy(under(preconditions)));
}

const MADE = { a: "b" };
const AT = "spec.rules[0].preconditions";

it("The schema knows the operators that are compared", () => {
  expect([...CONDITION_OPERATORS].sort()).toEqual([...OPERATORS].sort());
});

describe("preconditions", () => {
  it.each<[what: string, preconditions: Json, outcome: Json]>([
    ["an empty map", {}, MADE],
    ["an empty list", [], MADE],
    ["empty any and all", { any: [], all: [] }, MADE],
    ["all that hold", { all: [YES, YES] }, MADE],
    ["one of all that does not", { all: [YES, NO] }, "idle: a is not b"],
    ["one of any that holds", { any: [NO, YES] }, MADE],
    ["any of which none holds", { any: [NO, NO] }, `idle: none of the conditions of ${AT}.any holds`],
    ["the only one of any", { any: [NO] }, "idle: a is not b"],
    ["any that holds and all that do not", { any: [YES], all: [NO] }, "idle: a is not b"],
    ["any that does not hold and all that do", { any: [NO], all: [YES] }, "idle: a is not b"],
    ["the old list", [YES, YES], MADE],
    ["the old list with one that does not hold", [YES, NO], "idle: a is not b"],
    ["one without a message", [{ ...YES, operator: "NotEquals" }], `idle: ${AT}[0] (NotEquals) does not hold`],
  ])("take %s", (_what, preconditions, expected) => {
    expect(outcome(preconditions)).toEqual(expected);
  });

  it.each<[what: string, preconditions: Json, outcome: RegExp | Json]>([
    [
      "is told with its path",
      [YES, BROKEN],
      new RegExp(`^ExpressionFailed: ${AT.replaceAll(/[[\]]/g, "\\$&")}\\[1\\]`),
    ],
    ["in any counts too", { any: [NO, BROKEN, YES] }, /^ExpressionFailed/],
    ["after one of any that holds is not met", { any: [YES, BROKEN] }, MADE],
    ["after one of all that does not hold is not met", { all: [NO, BROKEN] }, "idle: a is not b"],
  ])("an expression that fails %s", (_what, preconditions, expected) => {
    if (expected instanceof RegExp) expect(outcome(preconditions)).toMatch(expected);
    else expect(outcome(preconditions)).toEqual(expected);
  });

  it.each<[key: Json, operator: string, value: Json, holds: boolean]>([
    ["{{ request.object.metadata.labels.team }}", "Equals", "check*", true],
    ["{{ request.object.metadata.labels.team }}", "AnyIn", ["cart", "checkout"], true],
    ["{{ request.object.metadata.annotations.replicas }}", "AnyIn", "1-5", true],
    ["{{ request.object.metadata.annotations.replicas }}", "GreaterThan", 3, false],
    ["{{ request.object.metadata.annotations.replicas }}", "GreaterThanOrEquals", "3", true],
    ["{{ request.object.metadata.labels.missing || '' }}", "Equals", "", true],
    ["{{ request.object.metadata.labels.missing || `null` }}", "NotEquals", "x", false],
    ["{{ request.object.metadata.labels | keys(@) }}", "AllIn", '["team","tier"]', true],
    ["{{ request.operation }}", "Equals", "CREATE", true],
    ["{{ request.name }}", "Equals", "shop", true],
    ["{{ request.kind.kind }}", "Equals", "Namespace", true],
    ["1h", "Equal", "60m", true],
    ["1Gi", "NotEqual", "1024Mi", false],
    ["1h", "DurationGreaterThan", "30m", true],
    ["1.10.0", "GreaterThan", "1.9.0", true],
    [["a"], "In", ["a", "b"], true],
    [["a", "c"], "NotIn", ["a", "b"], true],
    ["a", "AllNotIn", "{{ request.object.metadata.labels | values(@) }}", true],
  ])("compare %j %s %j with what is stored", (key, operator, value, holds) => {
    const message = "no";
    expect(outcome([{ key, operator, value, message }])).toEqual(holds ? MADE : "idle: no");
  });

  it("come before what is generated: that may rely on them", () => {
    const { team: _team, ...labels } = { team: "x" };
    const rule = making(
      { a: "{{ request.object.metadata.labels.team }}" },
      { preconditions: [{ key: "{{ request.object.metadata.labels.team || '' }}", operator: "NotEquals", value: "" }] },
    );
    expect(dataOf(desiredBy(rule))).toEqual({ a: "checkout" });
    const trigger = { ...TRIGGER, metadata: { ...TRIGGER.metadata, labels } };
    expect(dataOf(desiredBy(rule, { trigger }))).toMatch(/^idle/);
  });
});

describe("preconditions that are wrong", () => {
  const without = (field: string): Json => Object.fromEntries(Object.entries(YES).filter(([key]) => key !== field));
  const keyed = (key: string): Json => [{ ...YES, key }];

  it.each<[mistake: string, preconditions: Json, ...issues: string[]]>([
    ["text", "a == b", `WrongType ${AT}`],
    ["another form", { some: [YES] }, `UnknownField ${AT}.some`],
    ["a condition that is text", ["a == b"], `WrongType ${AT}[0]`],
    ["an unknown operator", { all: [YES, { ...YES, operator: "Matches" }] }, `InvalidValue ${AT}.all[1].operator`],
    ["an operator in lower case", [{ ...YES, operator: "equals" }], `InvalidValue ${AT}[0].operator`],
    ["no key", [without("key")], `MissingField ${AT}[0].key`],
    ["no value", { any: [without("value")] }, `MissingField ${AT}.any[0].value`],
    ["a null value", [{ ...YES, value: null }], `InvalidValue ${AT}[0].value`],
    ["a misspelt field", [{ ...YES, mesage: "x" }], `UnknownField ${AT}[0].mesage`],
    ["an expression that does not parse", keyed("{{ request. }}"), `InvalidExpression ${AT}[0].key`],
    ["an unknown function", keyed("{{ upper('a') }}"), `InvalidExpression ${AT}[0].key`],
    ["a variable that is not known", keyed("{{ team }}"), `UnknownVariable ${AT}[0].key`],
    ["a field that no request has", keyed("{{ request.objct.metadata.name }}"), `UnknownVariable ${AT}[0].key`],
    [
      "an operation that there is not",
      [{ key: "{{ request.operation }}", operator: "NotEquals", value: "PATCH" }],
      `InvalidValue ${AT}[0].value`,
    ],
    [
      "one among others",
      { any: [{ key: "{{request.operation}}", operator: "AnyIn", value: ["CREATE", "update"] }] },
      `InvalidValue ${AT}.any[0].value`,
    ],
    ["an element outside foreach", keyed("{{ element }}"), `UnknownVariable ${AT}[0].key`],
    [
      "two mistakes",
      { all: [{ ...YES, key: "{{ a }}", value: "{{ b }}" }] },
      `UnknownVariable ${AT}.all[0].key`,
      `UnknownVariable ${AT}.all[0].value`,
    ],
  ])("are told for %s", (_mistake, preconditions, ...issues) => {
    expect(issuesOf(under(preconditions))).toEqual(issues);
  });

  it("are told with the value, and with what would be right", () => {
    const compiled = compileRule(under([{ ...YES, operator: "Matches" }]));
    expect("issues" in compiled ? compiled.issues : []).toEqual([
      expect.objectContaining({ value: '"Matches"', message: expect.stringContaining("Equals, Equal, NotEquals") }),
    ]);
  });
});

it("A comparison that is too much is an error, not a no", () => {
  const [key, value] = ["text", "pattern"].map((name) => `{{ request.object.metadata.annotations.${name} }}`);
  const annotations = { pattern: `${"*a".repeat(60_000)}b`, text: "a".repeat(120_000) };
  const trigger = { ...TRIGGER, metadata: { ...TRIGGER.metadata, annotations } };
  const hostile = JSON.parse(JSON.stringify([{ key, operator: "Equals", value }])) as Json;
  expect(dataOf(desiredBy(under(hostile), { trigger }))).toMatch(
    /^ExpressionFailed: .*preconditions\[0\]: Equals takes/,
  );
});
