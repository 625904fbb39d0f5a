/** Rules that act on changes, and those about what is stored: told apart by what they listen to and read. */

import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import type { Change } from "./change.ts";
import {
  compiledRule,
  dataOf,
  desiredBy,
  issuesOf,
  issuesOfSpec,
  ListSnapshot,
  making,
  TRIGGER,
} from "./language.fixture.ts";

const AT = "spec.rules[0]";
const YES: JsonObject = { key: "a", operator: "Equals", value: "a" };
const NO: JsonObject = { ...YES, value: "b" };

function namespaces(operations?: Json): JsonObject {
  return { resources: { kinds: ["Namespace"], ...(operations === undefined ? {} : { operations }) } };
}

function asking(operator: string, value: Json, key = "{{ request.operation }}"): JsonObject {
  return { key, operator, value };
}

describe("a rule acts", () => {
  it.each<[what: string, changes: { [field: string]: Json }, operations: string[] | undefined]>([
    ["on what is stored when it says nothing", {}, undefined],
    ["on what is stored with CREATE", { match: namespaces(["CREATE"]) }, undefined],
    ["on what is stored with CREATE and UPDATE", { match: namespaces(["UPDATE", "CREATE"]) }, undefined],
    ["on updates only", { match: namespaces(["UPDATE"]) }, ["UPDATE"]],
    ["on deletions only", { match: { any: [namespaces(["DELETE"])] } }, ["DELETE"]],
    ["on both", { match: { any: [namespaces(["DELETE"]), namespaces(["UPDATE"])] } }, ["DELETE", "UPDATE"]],
    ["on what all filters listen to", { match: { all: [namespaces(["DELETE", "UPDATE"]), namespaces()] } }, ["UPDATE"]],
    ["on updates for a precondition", { preconditions: [asking("Equals", "UPDATE")] }, ["CREATE", "UPDATE"]],
    [
      "on changes for what is no creation",
      { preconditions: { any: [asking("NotEquals", "CREATE")] } },
      ["CREATE", "UPDATE"],
    ],
    [
      "on what is stored with a way out of any",
      { preconditions: { any: [asking("Equals", "UPDATE"), YES] } },
      undefined,
    ],
    ["on what is stored for CREATE or UPDATE", { preconditions: [asking("AnyIn", ["CREATE", "UPDATE"])] }, undefined],
    ["on what is stored for no deletion", { preconditions: [asking("NotEquals", "DELETE")] }, undefined],
    [
      "on what is stored for the default of a missing operation",
      { preconditions: [asking("NotEquals", "BACKGROUND", "{{ request.operation || 'BACKGROUND' }}")] },
      undefined,
    ],
    [
      "on changes when it reads the old object",
      { preconditions: [{ ...YES, key: "{{ request.oldObject.metadata.name || 'a' }}" }] },
      ["CREATE", "UPDATE"],
    ],
  ])("%s", (_what, changes, operations) => {
    const rule = compiledRule(making({ a: "b" }, changes));
    expect([rule.type, rule.changes === undefined ? undefined : [...rule.changes].sort()]).toEqual([
      operations === undefined ? "Generate" : "Edge",
      operations,
    ]);
    expect(rule.onDelete).toBe(operations === undefined ? "delete" : "keep");
  });

  it.each<[what: string, rule: JsonObject, ...issues: string[]]>([
    [
      "a precondition that holds for nothing it listens to",
      making({}, { preconditions: { all: [YES, asking("Equals", "DELETE")] } }),
      `NothingSelected ${AT}.preconditions.all[1]`,
    ],
    [
      "CONNECT to the object itself",
      making({}, { match: namespaces(["CONNECT"]) }),
      `NothingSelected ${AT}.match.resources.operations`,
    ],
  ])("not with %s", (_what, rule, ...issues) => {
    expect(issuesOf(rule).map((issue) => issue.replace(".generate.data.data.by", ".generate"))).toEqual(issues);
  });
});

describe("a rule about what is stored", () => {
  it.each<[what: string, preconditions: Json, outcome: Json]>([
    ["an update alone", { any: [asking("Equals", "UPDATE"), NO] }, { operation: "UPDATE" }],
    ["a creation", { any: [asking("Equals", "CREATE"), asking("Equals", "UPDATE")] }, { operation: "CREATE" }],
  ])("holds where it would for %s", (_what, preconditions, outcome) => {
    expect(dataOf(desiredBy(making({ operation: "{{ request.operation }}" }, { preconditions })))).toEqual(outcome);
  });

  it("does not hold for an update that it does not listen to", () => {
    const preconditions = { any: [asking("Equals", "UPDATE"), NO] };
    const rule = making({}, { preconditions, match: namespaces(["CREATE"]) });
    expect(dataOf(desiredBy(rule))).toContain("idle");
  });
});

describe("a change", () => {
  const BEFORE: KubernetesObject = { ...TRIGGER, metadata: { ...TRIGGER.metadata, labels: { team: "search" } } };
  const SEEN = {
    operation: "{{ request.operation }}",
    team: "{{ request.object.metadata.labels.team }}",
    before: "{{ request.oldObject.metadata.labels.team || 'none' }}",
  };

  function madeBy(change: Change): Json {
    return dataOf(compiledRule(making(SEEN)).desired(TRIGGER, new ListSnapshot([]), change));
  }

  it.each<[Change, Json]>([
    [
      { operation: "CREATE", oldObject: undefined },
      { operation: "CREATE", team: "checkout", before: "none" },
    ],
    [
      { operation: "UPDATE", oldObject: BEFORE },
      { operation: "UPDATE", team: "checkout", before: "search" },
    ],
    [
      { operation: "DELETE", oldObject: TRIGGER },
      { operation: "DELETE", team: "checkout", before: "checkout" },
    ],
  ])("is shown to expressions: %j", (change, data) => {
    expect(madeBy(change)).toEqual(data);
  });

  it("is selected by the operation, and what is stored is not", () => {
    const rule = compiledRule(making({}, { match: namespaces(["UPDATE"]) }));
    const why = (operation?: "CREATE" | "UPDATE" | "DELETE"): string | undefined =>
      rule.whyNotSelected(TRIGGER, { namespaceLabels: () => undefined, ...(operation ? { operation } : {}) });
    expect([why("UPDATE"), why("DELETE"), why()]).toEqual([
      undefined,
      "it is about the operations UPDATE, not about DELETE",
      "it is about the operations UPDATE, not about what is stored",
    ]);
  });
});

describe("background: false, which means only what is admitted,", () => {
  const MAPS = { any: [{ resources: { kinds: ["ConfigMap"] } }] };
  const DELETED = { any: [{ resources: { kinds: ["ConfigMap"], operations: ["DELETE"] } }] };
  const patchStrategicMerge = { metadata: { labels: { a: "b" } } };
  const changing = (mutate: JsonObject): JsonObject => ({ name: "m", match: MAPS, mutate });
  const targets = [{ apiVersion: "v1", kind: "ConfigMap", name: "m", namespace: "shop" }];
  const refused = ["UnsupportedField spec.background"];

  it.each<[what: string, rules: JsonObject[], issues: string[]]>([
    ["served of rules that change what is written", [changing({ patchStrategicMerge })], []],
    ["served of rules that ask who created it", [making({ by: "{{ request.userInfo.username }}" })], []],
    ["served of rules that act on changes", [{ ...making({}), match: DELETED }], []],
    ["refused of others", [making({})], refused],
    ["refused where one rule is about what is stored", [changing({ patchStrategicMerge }), making({})], refused],
    ["refused of rules with targets", [changing({ targets, patchStrategicMerge })], refused],
  ])("is %s", (_what, rules, issues) => {
    expect(issuesOfSpec({ background: false, rules })).toEqual(issues);
  });
});
