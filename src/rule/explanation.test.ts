import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { compiledRule, ListSnapshot, ruleWith, TRIGGER } from "./language.fixture.ts";

const NOWHERE = { namespaceLabels: () => undefined };

const FILTERS: readonly JsonObject[] = [
  { kinds: ["Namespace"] },
  { kinds: ["Pod"] },
  { kinds: ["*/Namespace"], names: ["s*"] },
  { kinds: ["Namespace"], name: "bank" },
  { kinds: ["Namespace"], namespaces: ["shop"], annotations: { replicas: "3" } },
  { kinds: ["Namespace"], annotations: { replicas: "4" }, selector: { matchLabels: { team: "checkout" } } },
  { kinds: ["Namespace"], selector: { matchExpressions: [{ key: "team", operator: "DoesNotExist" }] } },
  { kinds: ["Namespace"], operations: ["CREATE"], namespaceSelector: { matchLabels: { team: "?*" } } },
];

/** Whether the filters of match hold by what is said of each part. */
function holdsByParts(match: JsonObject, trigger: KubernetesObject): boolean {
  const rule = compiledRule(ruleWith({ match }));
  const { match: filters } = rule.explain(trigger, NOWHERE, new ListSnapshot([]));
  const holds = filters.map(({ parts }) => parts.every(({ whyNot }) => whyNot === undefined));
  return match.any === undefined ? holds.every((held) => held) : holds.some((held) => held);
}

describe("an explanation", () => {
  const pairs = FILTERS.flatMap((left) => FILTERS.map((right) => [left, right] as const));

  it.each(["any", "all"])("agrees with the decision for each two filters under %s", (form) => {
    for (const [left, right] of pairs) {
      const match = { [form]: [{ resources: left }, { resources: right }] };
      const reason = compiledRule(ruleWith({ match })).whyNotSelected(TRIGGER, NOWHERE);
      expect(holdsByParts(match, TRIGGER), JSON.stringify(match)).toBe(reason === undefined);
    }
  });

  it("names each filter by its path, and its parts as they are written", () => {
    const match = { any: [{ resources: { kinds: ["Pod"], name: "x" } }] };
    const exclude = { resources: { names: ["shop"] } };
    const explained = compiledRule(ruleWith({ match, exclude })).explain(TRIGGER, NOWHERE, new ListSnapshot([]));
    expect(explained.match).toEqual([
      {
        path: "match.any[0]",
        parts: [
          { field: "kinds", whyNot: "its kind is none of Pod" },
          { field: "name", whyNot: "its name is none of x" },
        ],
      },
    ]);
    expect(explained.exclude).toEqual([{ path: "exclude", parts: [{ field: "names", whyNot: undefined }] }]);
  });

  it("has both sides of each precondition, what they read, and what could not be compared", () => {
    const conditions: Json = [
      { key: "{{ request.object.metadata.name }}", operator: "Equals", value: "bank" },
      { key: "{{ request.object.metadata.missing }}", operator: "Equals", value: "x" },
      { key: "a", operator: "AnyIn", value: ["a"] },
    ];
    const rule = compiledRule(ruleWith({ preconditions: { all: conditions } }));
    const [first, second, third, ...more] = rule.explain(TRIGGER, NOWHERE, new ListSnapshot([])).preconditions;
    expect(first).toEqual({
      path: "spec.rules[0].preconditions.all[0]",
      operator: "Equals",
      reads: new Set(["request.object"]),
      compared: { ok: true, key: "shop", value: "bank", holds: false },
    });
    expect(second?.compared).toMatchObject({ ok: false, reason: "ExpressionFailed" });
    expect(third?.compared).toEqual({ ok: true, key: "a", value: ["a"], holds: true });
    expect(more).toEqual([]);
  });
});
