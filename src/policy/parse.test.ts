import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../object/index.ts";
import { parsePolicy } from "./parse.ts";

const GENERATE = {
  apiVersion: "v1",
  kind: "ConfigMap",
  name: "settings",
  namespace: "shop",
  data: { data: { a: "b" } },
};
const RULE = { name: "settings", match: filtered({}), generate: GENERATE };

function filtered(resources: JsonObject): JsonObject {
  return { any: [{ resources: { kinds: ["Namespace"], ...resources } }] };
}

function clusterPolicy(spec: JsonObject): JsonObject {
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "example" }, spec };
}

function namespaced(spec: JsonObject): JsonObject {
  return { apiVersion: "perennial.dev/v1", kind: "Policy", metadata: { name: "example", namespace: "shop" }, spec };
}

function withRule(changes: JsonObject): JsonObject {
  return clusterPolicy({ rules: [{ ...RULE, ...changes }] });
}

function withGenerate(changes: JsonObject): JsonObject {
  return withRule({ generate: { ...GENERATE, ...changes } });
}

/** A rule that copies this source. */
function cloned(clone: JsonObject): JsonObject {
  return withRule({ generate: { ...without(GENERATE, "data"), clone } });
}

function without(object: JsonObject, field: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== field));
}

/** `code path`, as many as there are. */
function issuesOf(policy: JsonObject): string[] {
  const parsed = parsePolicy(policy);
  return "issues" in parsed ? parsed.issues.map(({ code, path }) => `${code} ${path}`) : [];
}

const MATCH = "spec.rules[0].match";
const ANY = `${MATCH}.any[0].resources`;
const MADE = "spec.rules[0].generate";

const BAD: [mistake: string, policy: JsonObject, ...issues: string[]][] = [
  [
    "another API version",
    { ...clusterPolicy({ rules: [RULE] }), apiVersion: "kyverno.io/v1" },
    "InvalidValue apiVersion",
  ],
  ["another kind", { ...clusterPolicy({ rules: [RULE] }), kind: "Constraint" }, "InvalidValue kind"],
  ["no name", { ...clusterPolicy({ rules: [RULE] }), metadata: {} }, "MissingField metadata.name"],
  [
    "a name of 64",
    { ...clusterPolicy({ rules: [RULE] }), metadata: { name: "n".repeat(64) } },
    "InvalidName metadata.name",
  ],
  [
    "no namespace",
    { ...namespaced({ rules: [RULE] }), metadata: { name: "example" } },
    "MissingField metadata.namespace",
    `OutsideNamespace ${MADE}.namespace`,
  ],
  ["no spec", without(clusterPolicy({}), "spec"), "MissingField spec"],
  ["a spec that is a list", { ...clusterPolicy({}), spec: [] }, "WrongType spec"],
  ["rules beside spec", { ...clusterPolicy({ rules: [RULE] }), rules: [RULE] }, "UnknownField rules"],
  ["no rules", clusterPolicy({}), "MissingField spec.rules"],
  ["empty rules", clusterPolicy({ rules: [] }), "OutOfBounds spec.rules"],
  [
    "101 rules",
    clusterPolicy({ rules: Array.from({ length: 101 }, (_, at) => ({ ...RULE, name: `r${at}` })) }),
    "OutOfBounds spec.rules",
  ],
  ["two rules of one name", clusterPolicy({ rules: [RULE, RULE] }), "DuplicateName spec.rules[1].name"],
  ["a rule's name of 64", withRule({ name: "r".repeat(64) }), "OutOfBounds spec.rules[0].name"],
  ["a misspelt field", withRule({ generat: {} }), "UnknownField spec.rules[0].generat"],
  [
    "a field of the prototype",
    withRule(JSON.parse('{"__proto__":{"mode":"Correct"}}')),
    "UnknownField spec.rules[0].__proto__",
  ],
  ["a mode that is not served", clusterPolicy({ rules: [RULE], mode: "Report" }), "InvalidValue spec.mode"],
  ["a prune limit below none", clusterPolicy({ rules: [RULE], pruneLimit: -2 }), "OutOfBounds spec.pruneLimit"],
  [
    "a label in data that is a number",
    withRule({ generate: { ...GENERATE, data: { metadata: { labels: { size: 1, team: "{{ request.name }}" } } } } }),
    `WrongType ${MADE}.data.metadata.labels.size`,
  ],
  ["another kind in clone", cloned({ kind: "Secret", name: "a", namespace: "b" }), `UnknownField ${MADE}.clone.kind`],
  [
    "a finalizer in data",
    withGenerate({ data: { metadata: { finalizers: ["example.com/keep"] } } }),
    "InvalidValue spec.rules[0].generate.data.metadata.finalizers",
  ],
  [
    "an adoption that there is not",
    clusterPolicy({ rules: [RULE], adoption: "Sometimes" }),
    "InvalidValue spec.adoption",
  ],
  [
    "neither generate nor mutate",
    clusterPolicy({ rules: [without(RULE, "generate")] }),
    "ExclusiveFields spec.rules[0]",
  ],
  ["null for a field", withGenerate({ synchronize: null }), `WrongType ${MADE}.synchronize`],
  ["no match", clusterPolicy({ rules: [without(RULE, "match")] }), `MissingField ${MATCH}`],
  ["an empty match", withRule({ match: {} }), `MissingField ${MATCH}`],
  [
    "any and all",
    withRule({ match: { ...filtered({}), all: [{ resources: { kinds: ["Pod"] } }] } }),
    `ExclusiveFields ${MATCH}.all`,
  ],
  [
    "any and a flat filter",
    withRule({ match: { ...filtered({}), resources: { kinds: ["Pod"] } } }),
    `ExclusiveFields ${MATCH}`,
  ],
  [
    "exclude with any and all",
    withRule({ exclude: { any: [], all: [] } }),
    "ExclusiveFields spec.rules[0].exclude.all",
  ],
  ["a filter without kinds", withRule({ match: { any: [{ resources: { name: "a" } }] } }), `MissingField ${ANY}.kinds`],
  [
    "a flat filter without kinds",
    withRule({ match: { resources: { name: "a" } } }),
    `MissingField ${MATCH}.resources.kinds`,
  ],
  ["name and names", withRule({ match: filtered({ name: "a", names: ["b"] }) }), `ExclusiveFields ${ANY}.names`],
  [
    "51 kinds",
    withRule({ match: filtered({ kinds: Array.from({ length: 51 }, () => "Pod") }) }),
    `OutOfBounds ${ANY}.kinds`,
  ],
  ["a plural kind", withRule({ match: filtered({ kinds: ["pods"] }) }), `InvalidValue ${ANY}.kinds[0]`],
  [
    "a group without version",
    withRule({ match: filtered({ kinds: ["apps/Deployment"] }) }),
    `InvalidKind ${ANY}.kinds[0]`,
  ],
  ["every kind", withRule({ match: filtered({ kinds: ["*"] }) }), "InvalidKind spec.rules[0].match"],
  ["the generated kind, flat", withRule({ match: { resources: { kinds: ["ConfigMap"] } } }), `InvalidKind ${MADE}`],
  [
    "a variable in match",
    withRule({ match: filtered({ names: ["{{ request.name }}"] }) }),
    `VariableNotAllowed ${ANY}.names[0]`,
  ],
  [
    "a variable among annotations",
    withRule({ match: filtered({ annotations: { team: "{{ request.name }}" } }) }),
    `VariableNotAllowed ${ANY}.annotations.team`,
  ],
  [
    "a wildcard in matchExpressions",
    withRule({
      match: filtered({ selector: { matchExpressions: [{ key: "te*", operator: "In", values: ["a", "b?"] }] } }),
    }),
    `InvalidSelector ${ANY}.selector.matchExpressions[0].key`,
    `InvalidSelector ${ANY}.selector.matchExpressions[0].values[1]`,
  ],
  ["an empty selector", withRule({ match: filtered({ selector: {} }) }), `InvalidSelector ${ANY}.selector`],
  [
    "a label that is a number",
    withRule({ match: filtered({ selector: { matchLabels: { tier: 1 } } }) }),
    `WrongType ${ANY}.selector.matchLabels`,
  ],
  [
    "a label key with a space",
    withRule({ match: filtered({ selector: { matchLabels: { "a b": "c" } } }) }),
    `InvalidSelector ${ANY}.selector.matchLabels["a b"]`,
  ],
  [
    "an operator without values",
    withRule({ match: filtered({ namespaceSelector: { matchExpressions: [{ key: "a", operator: "In" }] } }) }),
    `InvalidSelector ${ANY}.namespaceSelector.matchExpressions[0].values`,
  ],
  [
    "an unknown operator",
    withRule({ match: filtered({ selector: { matchExpressions: [{ key: "a", operator: "Is" }] } }) }),
    `InvalidValue ${ANY}.selector.matchExpressions[0].operator`,
  ],
  [
    "an annotation key with two slashes",
    withRule({ match: filtered({ annotations: { "a/b/c": "d" } }) }),
    `InvalidSelector ${ANY}.annotations["a/b/c"]`,
  ],
  ["exclude that is match", withRule({ exclude: filtered({}) }), "NothingSelected spec.rules[0].exclude"],
  ["no apiVersion", withRule({ generate: without(GENERATE, "apiVersion") }), `MissingField ${MADE}.apiVersion`],
  ["no kind", withRule({ generate: without(GENERATE, "kind") }), `MissingField ${MADE}.kind`],
  ["no name of the object", withRule({ generate: without(GENERATE, "name") }), `MissingField ${MADE}.name`],
  ["no content", withRule({ generate: without(GENERATE, "data") }), `MissingField ${MADE}.data`],
  ["data and clone", withGenerate({ clone: { name: "a" } }), `ExclusiveFields ${MADE}`],
  ["a source that is the object itself", cloned({ name: "settings", namespace: "shop" }), `InvalidValue ${MADE}.clone`],
  ["clone of another kind", cloned({ name: "a", kind: "Secret" }), `UnknownField ${MADE}.clone.kind`],
  [
    "cloneList",
    withGenerate({ cloneList: { kinds: ["v1/Secret"] } }),
    `ExclusiveFields ${MADE}`,
    `ExclusiveFields ${MADE}.cloneList`,
  ],
  ["data that is text", withGenerate({ data: "a: b" }), `WrongType ${MADE}.data`],
  ["a kind with a wildcard", withGenerate({ kind: "*" }), `InvalidKind ${MADE}.kind`],
  ["a kind with a variable", withGenerate({ kind: "{{ request.object.spec.kind }}" }), `InvalidKind ${MADE}.kind`],
  ["an apiVersion with a wildcard", withGenerate({ apiVersion: "apps/*" }), `InvalidKind ${MADE}.apiVersion`],
  ["a variable that is not closed", withGenerate({ name: "{{ request.name }" }), `InvalidExpression ${MADE}.name`],
  ["a namespace that ends in braces", withGenerate({ namespace: "a-{{" }), `InvalidExpression ${MADE}.namespace`],
  ["a name that no object can have", withGenerate({ name: "a/b" }), `InvalidName ${MADE}.name`],
  ["a namespace that none can have", withGenerate({ namespace: "Shop" }), `InvalidName ${MADE}.namespace`],
  [
    "an anchor in data",
    withGenerate({ data: { spec: { list: [{ "+(a)": 1 }] } } }),
    `InvalidValue ${MADE}.data.spec.list[0]["+(a)"]`,
  ],
  [
    "a Policy's foreign namespace",
    namespaced({ rules: [{ ...RULE, generate: { ...GENERATE, namespace: "bank" } }] }),
    `OutsideNamespace ${MADE}.namespace`,
  ],
  [
    "a Policy's foreign source",
    namespaced({
      rules: [{ ...RULE, generate: { ...without(GENERATE, "data"), clone: { name: "a", namespace: "bank" } } }],
    }),
    `OutsideNamespace ${MADE}.clone.namespace`,
  ],
  [
    "namespaces in a Policy",
    namespaced({ rules: [{ ...RULE, match: filtered({ namespaces: ["shop"] }) }] }),
    `OutsideNamespace ${ANY}.namespaces`,
  ],
];

const GOOD: [what: string, policy: JsonObject][] = [
  ["a rule as people write it", clusterPolicy({ rules: [RULE] })],
  [
    "every served setting",
    clusterPolicy({ rules: [RULE], mode: "Correct", adoption: "IfUnmanaged", pruneLimit: -1, drift: {} }),
  ],
  ["a flat filter", withRule({ match: { resources: { kinds: ["v1/Namespace"], name: "team-*" } } })],
  ["an empty exclude filter", withRule({ exclude: { any: [{}] } })],
  [
    "variables in name and namespace",
    withGenerate({ name: "{{ request.object.metadata.name }}-a", namespace: "{{request.name}}" }),
  ],
  ["wildcards in labels", withRule({ match: filtered({ selector: { matchLabels: { "team.example/*": "a?*" } } }) })],
  ["a copy under the same name from elsewhere", cloned({ name: "settings", namespace: "bank" })],
  ["a copy of what expressions name", cloned({ name: "{{ request.name }}", namespace: "{{ request.namespace }}" })],
  ["any content", withGenerate({ data: { spec: { a: [1, null, true, { b: {} }] }, "(": 1 } })],
  ["a cluster-scoped object", withRule({ generate: without({ ...GENERATE, kind: "Namespace" }, "namespace") })],
  ["a Policy in its namespace", namespaced({ rules: [RULE] })],
  [
    "a Policy whose namespace is known later",
    namespaced({ rules: [{ ...RULE, generate: { ...GENERATE, namespace: "{{request.namespace}}" } }] }),
  ],
];

describe("parsePolicy", () => {
  it.each(BAD)("refuses %s", (_mistake, policy, ...issues) => {
    expect(issuesOf(policy)).toEqual(issues);
  });

  it.each(GOOD)("takes %s as it was written", (_what, policy) => {
    expect(parsePolicy(structuredClone(policy))).toEqual({ policy });
  });

  it("tells everything at once, in reading order", () => {
    const policy = withRule({ match: {}, generate: { ...GENERATE, kind: "pods", name: "" }, mutate: { targets: 1 } });
    expect(issuesOf({ ...policy, kind: "Other" })).toEqual([
      "InvalidValue kind",
      "ExclusiveFields spec.rules[0]",
      `InvalidKind ${MADE}.kind`,
      `InvalidName ${MADE}.name`,
      `OutOfBounds ${MADE}.name`,
      `MissingField ${MATCH}`,
      "WrongType spec.rules[0].mutate.targets",
    ]);
  });

  it("never repeats what is generated, as it may be a Secret", () => {
    const issues = JSON.stringify(parsePolicy(withGenerate({ data: { stringData: { "(x)": "hunter2" } } })));
    expect(issues).toContain("anchors");
    expect(issues).not.toContain("hunter2");
  });

  it("refuses what is nested too deep for code that walks it", () => {
    let deep: Json = "bottom";
    for (let level = 0; level < 9000; level++) deep = { a: deep };
    expect(issuesOf(withGenerate({ data: { deep } }))).toEqual(["OutOfBounds spec"]);
  });

  it("says what YAML made of a variable without quotes", () => {
    const parsed = parsePolicy(withGenerate({ name: { "[object Object]": null } }));
    expect(parsed).toMatchObject({ issues: [{ path: `${MADE}.name`, message: expect.stringMatching(/in quotes$/) }] });
  });

  it("keeps a status that it can read, and drops one that it cannot", () => {
    const policy = clusterPolicy({ rules: [RULE] });
    const status = { mode: "Correct", observedGeneration: 2 };
    expect(parsePolicy({ ...policy, status })).toEqual({ policy: { ...policy, status } });
    expect(parsePolicy({ ...policy, status: { mode: 1 } })).toEqual({ policy });
  });
});
