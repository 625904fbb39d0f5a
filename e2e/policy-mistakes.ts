/** A good policy, and every kind of mistake that the API server finds in one by itself. */

import type { Json, JsonObject } from "../src/object/index.ts";
import type { PolicyKind } from "../src/policy/index.ts";

/** A policy named `example`; a Policy lies in the namespace `default`. */
export function policy(kind: PolicyKind, spec: Json, metadata: JsonObject = {}): JsonObject {
  const namespace = kind === "Policy" ? { namespace: "default" } : {};
  return { apiVersion: "perennial.dev/v1", kind, metadata: { name: "example", ...namespace, ...metadata }, spec };
}

const GENERATE = {
  apiVersion: "v1",
  kind: "ConfigMap",
  name: "settings",
  namespace: "default",
  data: { data: { a: "b" } },
};
const RULE = { name: "settings", match: { any: [{ resources: { kinds: ["Namespace"] } }] }, generate: GENERATE };
/** The spec of a policy as people write it. */
export const GOOD = { rules: [RULE] };

function rule(changes: JsonObject): JsonObject {
  return { rules: [{ ...RULE, ...changes }] };
}

/** The good spec with changes to what its rule generates. */
export function made(changes: JsonObject): JsonObject {
  return rule({ generate: { ...GENERATE, ...changes } });
}

/** The good spec with a source in place of data. */
function copied(changes: JsonObject): JsonObject {
  return rule({ generate: { ...without(GENERATE, "data"), ...changes } });
}

/** The good spec with other resources in its filter. */
export function matched(resources: JsonObject): JsonObject {
  return rule({ match: { any: [{ resources: { kinds: ["Pod"], ...resources } }] } });
}

function without(object: JsonObject, field: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== field));
}

/** What is wrong, a spec that has it, where the API server sees it, and a piece of what it says. */
export const MISTAKES: [mistake: string, spec: Json, path: string, says: string][] = [
  ["no rules", {}, "spec.rules", "Required value"],
  ["an empty list of rules", { rules: [] }, "spec.rules", "at least 1 items"],
  [
    "101 rules",
    { rules: Array.from({ length: 101 }, (_, at) => ({ ...RULE, name: `r${at}` })) },
    "spec.rules",
    "at most 100 items",
  ],
  ["a rule without a name", { rules: [without(RULE, "name")] }, "spec.rules[0].name", "Required value"],
  ["a rule's name of 64", rule({ name: "r".repeat(64) }), "spec.rules[0].name", "Too long"],
  ["two rules of one name", { rules: [RULE, RULE] }, "spec.rules[1]", "Duplicate value"],
  ["a mode that is not served", { ...GOOD, mode: "Report" }, "spec.mode", 'supported values: "Correct"'],
  [
    "an adoption that there is not",
    { ...GOOD, adoption: "Sometimes" },
    "spec.adoption",
    'supported values: "Always", "IfUnmanaged", "Never"',
  ],
  [
    "neither generate nor mutate",
    { rules: [without(RULE, "generate")] },
    "spec.rules[0]",
    "exactly one of generate and mutate",
  ],
  ["both generate and mutate", rule({ mutate: {} }), "spec.rules[0]", "exactly one of generate and mutate"],
  ["no match", { rules: [without(RULE, "match")] }, "spec.rules[0].match", "Required value"],
  ["an empty match", rule({ match: {} }), "spec.rules[0].match", "match selects nothing"],
  [
    "any and all",
    rule({ match: { any: RULE.match.any, all: RULE.match.any } }),
    "spec.rules[0].match.all",
    "any and all together",
  ],
  [
    "any and a flat filter",
    rule({ match: { ...RULE.match, resources: { kinds: ["Pod"] } } }),
    "spec.rules[0].match",
    "a filter written flat beside any or all",
  ],
  [
    "exclude with any and all",
    rule({ exclude: { any: [{}], all: [{}] } }),
    "spec.rules[0].exclude.all",
    "any and all together",
  ],
  [
    "51 filters",
    rule({ match: { any: Array.from({ length: 51 }, () => RULE.match.any[0] ?? {}) } }),
    "spec.rules[0].match.any",
    "at most 50 items",
  ],
  [
    "a filter without resources",
    rule({ match: { any: [{}] } }),
    "spec.rules[0].match.any[0].resources",
    "Required value",
  ],
  [
    "a filter without kinds",
    rule({ match: { any: [{ resources: { name: "a" } }] } }),
    "spec.rules[0].match.any[0].resources.kinds",
    "match needs kinds",
  ],
  [
    "51 kinds",
    matched({ kinds: Array.from({ length: 51 }, () => "Pod") }),
    "spec.rules[0].match.any[0].resources.kinds",
    "at most 50 items",
  ],
  ["a plural kind", matched({ kinds: ["pods"] }), "spec.rules[0].match.any[0].resources.kinds[0]", "should match"],
  ["every kind", matched({ kinds: ["Pod", "*"] }), "spec.rules[0].match", "name the kinds"],
  ["every kind, flat", rule({ match: { resources: { kinds: ["*"] } } }), "spec.rules[0].match", "name the kinds"],
  [
    "the generated kind, flat",
    rule({ match: { resources: { kinds: ["ConfigMap"] } } }),
    "spec.rules[0].generate",
    "its flat match selects",
  ],
  [
    "name and names",
    matched({ name: "a", names: ["b"] }),
    "spec.rules[0].match.any[0].resources.names",
    "name and names are given together",
  ],
  [
    "an empty selector",
    matched({ selector: {} }),
    "spec.rules[0].match.any[0].resources.selector",
    "an empty selector",
  ],
  [
    "a label that is a number",
    matched({ selector: { matchLabels: { tier: 1 } } }),
    "spec.rules[0].match.any[0].resources.selector.matchLabels.tier",
    "must be of type string",
  ],
  [
    "an annotation that is a boolean",
    matched({ annotations: { on: true } }),
    "spec.rules[0].match.any[0].resources.annotations.on",
    "must be of type string",
  ],
  [
    "an unknown operator",
    matched({ selector: { matchExpressions: [{ key: "a", operator: "Is" }] } }),
    "selector.matchExpressions[0].operator",
    "Unsupported value",
  ],
  [
    "In without values",
    matched({ namespaceSelector: { matchExpressions: [{ key: "a", operator: "In" }] } }),
    "namespaceSelector.matchExpressions[0].values",
    "at least one entry in values",
  ],
  [
    "Exists with values",
    matched({ selector: { matchExpressions: [{ key: "a", operator: "Exists", values: ["b"] }] } }),
    "selector.matchExpressions[0].values",
    "take none",
  ],
  [
    "no apiVersion",
    rule({ generate: without(GENERATE, "apiVersion") }),
    "spec.rules[0].generate.apiVersion",
    "generate needs the object's apiVersion",
  ],
  [
    "no kind",
    rule({ generate: without(GENERATE, "kind") }),
    "spec.rules[0].generate.kind",
    "generate needs the object's kind",
  ],
  [
    "no name of the object",
    rule({ generate: without(GENERATE, "name") }),
    "spec.rules[0].generate.name",
    "generate needs the object's name",
  ],
  [
    "no content",
    rule({ generate: without(GENERATE, "data") }),
    "spec.rules[0].generate.data",
    "what the object is made of",
  ],
  ["data and clone", made({ clone: { name: "a" } }), "spec.rules[0].generate", "keep one of them"],
  [
    "clone of the object itself",
    copied({ clone: { name: "settings", namespace: "default" } }),
    "spec.rules[0].generate.clone",
    "cannot be its own copy",
  ],
  [
    "clone without a name",
    copied({ clone: { namespace: "default" } }),
    "spec.rules[0].generate.clone.name",
    "Required value",
  ],
  [
    "clone from a namespace that none can be",
    copied({ clone: { name: "a", namespace: "Origin" } }),
    "spec.rules[0].generate.clone.namespace",
    "lower-case letters",
  ],
  [
    "clone of a name that no object can have",
    copied({ clone: { name: "a/b", namespace: "default" } }),
    "spec.rules[0].generate.clone.name",
    "neither / nor %",
  ],
  [
    "clone of another kind",
    copied({ clone: { name: "a", namespace: "default", kind: "Secret" } }),
    "spec.rules[0].generate.clone.kind",
    "unknown field",
  ],
  ["data that is text", made({ data: "a: b" }), "spec.rules[0].generate.data", "must be of type object"],
  ["a kind with a wildcard", made({ kind: "*" }), "spec.rules[0].generate.kind", "one kind, written out"],
  [
    "a kind with a variable",
    made({ kind: "{{ request.object.kind }}" }),
    "spec.rules[0].generate.kind",
    "no variables",
  ],
  [
    "an apiVersion with a variable",
    made({ apiVersion: "{{ v }}" }),
    "spec.rules[0].generate.apiVersion",
    "no variables",
  ],
  ["a name that no object can have", made({ name: "a/b" }), "spec.rules[0].generate.name", "neither / nor %"],
  [
    "a namespace that none can have",
    made({ namespace: "Shop" }),
    "spec.rules[0].generate.namespace",
    "lower-case letters",
  ],
  [
    "a switch that is text",
    made({ synchronize: "true" }),
    "spec.rules[0].generate.synchronize",
    "must be of type boolean",
  ],
  ["a misspelt field", made({ synchronise: true }), "spec.rules[0].generate.synchronise", "unknown field"],
  ["a validate rule", rule({ validate: {} }), "spec.rules[0].validate", "unknown field"],
];
