/** match and exclude beyond the simple filters: forms, kind selectors, cluster-scoped objects, operations. */

import { describe, expect, it } from "vitest";
import type { Json, KubernetesObject } from "../object/index.ts";
import { compiledRule, issuesOf, ruleWith, TRIGGER } from "./language.fixture.ts";

function object(kind: string, metadata: Partial<KubernetesObject["metadata"]>, apiVersion = "v1"): KubernetesObject {
  return { apiVersion, kind, metadata: { name: "web", ...metadata } };
}

const POD = object("Pod", { namespace: "shop", labels: { app: "web", "team.example/tier": "gold" } });
const NODE = object("Node", {});
const DEPLOYMENT = object("Deployment", { namespace: "shop" }, "apps/v1");
const OTHER_DEPLOYMENT = object("Deployment", { namespace: "shop" }, "other.example/v2");

/** `team: checkout` is the label of the Namespace shop. */
function selects(match: Json, trigger: KubernetesObject, exclude?: Json): boolean {
  const rule = compiledRule(ruleWith({ match, exclude }));
  const labels = TRIGGER.metadata.labels;
  return (
    rule.whyNotSelected(trigger, { namespaceLabels: (name) => (name === "shop" ? labels : undefined) }) === undefined
  );
}

const pods = (more: object = {}): Json => ({ resources: { kinds: ["Pod"], ...more } });

describe("match", () => {
  it.each<[what: string, match: Json, trigger: KubernetesObject, selected: boolean]>([
    ["any of which one holds", { any: [pods({ name: "db" }), pods({ name: "web" })] }, POD, true],
    ["any of which none holds", { any: [pods({ name: "db" }), pods({ name: "x" })] }, POD, false],
    ["all that hold", { all: [pods({ name: "w*" }), pods({ namespaces: ["shop"] })] }, POD, true],
    ["all of which one does not", { all: [pods({ name: "w*" }), pods({ namespaces: ["x"] })] }, POD, false],
    ["a flat filter with all of its parts", pods({ name: "w?b", namespaces: ["s*"] }), POD, true],
    ["a flat filter of which one part does not hold", pods({ name: "w?b", namespaces: ["x"] }), POD, false],
    ["a label key with a wildcard", pods({ selector: { matchLabels: { "*/tier": "?old" } } }), POD, true],
    ["a label value that must not be empty", pods({ selector: { matchLabels: { missing: "?*" } } }), POD, false],
    [
      "NotIn where the label is absent",
      pods({ selector: { matchExpressions: [{ key: "x", operator: "NotIn", values: ["a"] }] } }),
      POD,
      true,
    ],
    [
      "annotations with wildcards",
      { resources: { kinds: ["Namespace"], annotations: { "rep*": "?" } } },
      TRIGGER,
      true,
    ],
    [
      "annotations of which one is missing",
      { resources: { kinds: ["Namespace"], annotations: { "rep*": "?", a: "*" } } },
      TRIGGER,
      false,
    ],
    ["the labels of its namespace", pods({ namespaceSelector: { matchLabels: { team: "check*" } } }), POD, true],
    [
      "no labels for a cluster-scoped object",
      { resources: { kinds: ["Node"], namespaceSelector: { matchLabels: { team: "*" } } } },
      NODE,
      false,
    ],
    [
      "what a cluster-scoped object's namespace lacks",
      {
        resources: {
          kinds: ["Node"],
          namespaceSelector: { matchExpressions: [{ key: "team", operator: "DoesNotExist" }] },
        },
      },
      NODE,
      true,
    ],
    [
      "* as the namespace of a cluster-scoped object",
      { resources: { kinds: ["Node"], namespaces: ["*"] } },
      NODE,
      true,
    ],
    [
      "?* as the namespace of a cluster-scoped object",
      { resources: { kinds: ["Node"], namespaces: ["?*"] } },
      NODE,
      false,
    ],
    ["CREATE", pods({ operations: ["CREATE"] }), POD, true],
    ["CREATE and UPDATE", pods({ operations: ["UPDATE", "CREATE"] }), POD, true],
    ["CREATE and CONNECT", pods({ operations: ["CREATE", "CONNECT"] }), POD, true],
  ])("takes %s", (_what, match, trigger, selected) => {
    expect(selects(match, trigger)).toBe(selected);
  });

  it.each<[selector: string, trigger: KubernetesObject, selected: boolean]>([
    ["Deployment", DEPLOYMENT, true],
    ["Deployment", OTHER_DEPLOYMENT, true],
    ["v1/Deployment", DEPLOYMENT, true],
    ["v1/Deployment", OTHER_DEPLOYMENT, false],
    ["*/Deployment", OTHER_DEPLOYMENT, true],
    ["apps/v1/Deployment", DEPLOYMENT, true],
    ["apps/*/Deployment", DEPLOYMENT, true],
    ["apps/*/Deployment", OTHER_DEPLOYMENT, false],
    ["*.example/*/Dep*", OTHER_DEPLOYMENT, true],
    ["v1*/Deployment", DEPLOYMENT, true],
    ["v1beta*/Deployment", DEPLOYMENT, false],
    ["apps/v1/Deployment/status", DEPLOYMENT, true],
    ["Deployment.status", DEPLOYMENT, true],
    ["Pod/ephemeralcontainers", POD, true],
    ["Pod/status", DEPLOYMENT, false],
    ["D?ployment", DEPLOYMENT, true],
  ])("reads the kind selector %s", (selector, trigger, selected) => {
    expect(selects({ any: [{ resources: { kinds: [selector] } }] }, trigger)).toBe(selected);
  });
});

describe("exclude", () => {
  it.each<[what: string, exclude: Json, selected: boolean]>([
    ["an empty map", {}, true],
    ["an empty any", { any: [] }, true],
    ["an empty filter", { all: [{}] }, true],
    ["a filter with empty resources", { any: [{ resources: {} }] }, true],
    ["a flat filter that holds", { resources: { namespaces: ["sh*"] } }, false],
    ["a flat filter of which one part does not hold", { resources: { namespaces: ["sh*"], name: "db" } }, true],
    ["any of which one holds", { any: [{ resources: { name: "db" } }, { resources: { name: "web" } }] }, false],
    ["all of which one does not hold", { all: [{ resources: { name: "db" } }, { resources: { name: "web" } }] }, true],
    ["all that hold", { all: [{ resources: { name: "w*" } }, { resources: { name: "web" } }] }, false],
    ["only what is deleted", { any: [{ resources: { name: "web", operations: ["DELETE"] } }] }, true],
    ["only updates", { any: [{ resources: { name: "web", operations: ["UPDATE"] } }] }, true],
    ["what is created or updated", { any: [{ resources: { name: "web", operations: ["CREATE", "UPDATE"] } }] }, false],
  ])("with %s", (_what, exclude, selected) => {
    expect(selects(pods(), POD, exclude)).toBe(selected);
  });
});

describe("match and exclude that a level rule cannot have", () => {
  const MATCH = "spec.rules[0].match";

  it.each<[what: string, match: Json, exclude: Json | undefined, ...issues: string[]]>([
    [
      "states in one of any and changes in another",
      { any: [pods(), pods({ operations: ["UPDATE"] })] },
      undefined,
      `UnsupportedField ${MATCH}.any`,
    ],
    [
      "CONNECT in one of any",
      { any: [pods(), pods({ operations: ["CONNECT"] })] },
      undefined,
      `NothingSelected ${MATCH}.any[1].resources.operations`,
    ],
    [
      "CREATE and DELETE",
      pods({ operations: ["CREATE", "DELETE"] }),
      undefined,
      `UnsupportedField ${MATCH}.resources.operations`,
    ],
    ["no operation at all", pods({ operations: [] }), undefined, `OutOfBounds ${MATCH}.resources.operations`],
    [
      "an unknown operation",
      pods({ operations: ["PATCH"] }),
      undefined,
      `InvalidValue ${MATCH}.resources.operations[0]`,
    ],
    [
      "an exclude that leaves only updates",
      pods(),
      { any: [{ resources: { operations: ["CREATE"] } }] },
      "UnsupportedField spec.rules[0].exclude.any[0].resources.operations",
    ],
  ])("are refused: %s", (_what, match, exclude, ...issues) => {
    expect(issuesOf(ruleWith({ match, exclude }))).toEqual(issues);
  });
});

describe("the only namespaces of a rule", () => {
  const names = (namespaces: string[], kinds = ["Pod"]): Json => ({ resources: { kinds, namespaces } });

  it.each<[what: string, match: Json, within: string[] | undefined]>([
    ["any, where none is written", pods(), undefined],
    ["any, where one is a pattern", { any: [names(["a", "b*"])] }, undefined],
    ["any, where one filter names none", { any: [names(["a"]), pods()] }, undefined],
    ["those that each filter of any names", { any: [names(["a"]), names(["b", "c"])] }, ["a", "b", "c"]],
    ["those that one filter of all names", { all: [pods(), names(["a"])] }, ["a"]],
    ["those of a flat filter", names(["a"]), ["a"]],
    ["Namespaces that are named", { any: [{ resources: { kinds: ["Namespace"], names: ["a", "b"] } }] }, ["a", "b"]],
    [
      "any, where Namespaces are matched among others",
      { any: [{ resources: { kinds: ["Namespace", "Pod"], name: "a" } }] },
      undefined,
    ],
  ])("are %s", (_what, match, within) => {
    expect(compiledRule(ruleWith({ match })).within).toEqual(within === undefined ? undefined : new Set(within));
  });

  it("are a Policy's own", () => {
    expect(compiledRule(ruleWith({ match: pods() }), "shop").within).toEqual(new Set(["shop"]));
  });
});
