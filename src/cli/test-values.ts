/** The values of an offline test, which stand in for what a rule would read: its context, and labels of namespaces. */

import { isJsonObject, type Json, type JsonObject, type KubernetesObject, type Path } from "../object/index.ts";

export type TestValues = {
  /** By variable, such as `settings.data.size`. */
  valuesFor(policy: string, rule: string, resource: string): JsonObject;
  namespaces: readonly KubernetesObject[];
};

export function readTestValues(documents: readonly (JsonObject | undefined)[]): TestValues {
  const written = documents.filter((document) => document !== undefined);
  return {
    valuesFor: (policy, rule, resource) =>
      Object.assign({}, ...written.map((document) => valuesIn(document, policy, { rule, resource }))),
    namespaces: written.flatMap(({ namespaceSelector }) => named(namespaceSelector).map(namespaceWith)),
  };
}

function valuesIn(
  { globalValues, policies }: JsonObject,
  policy: string,
  { rule, resource }: { rule: string; resource: string },
): JsonObject {
  const found = named(policies).filter(({ name }) => name === policy);
  const ofRules = found.flatMap(({ rules }) => named(rules).filter(({ name }) => name === rule));
  const ofResources = found.flatMap(({ resources }) => named(resources).filter(({ name }) => name === resource));
  const all = [globalValues, ...[...ofRules, ...ofResources].map(({ values }) => values)];
  return Object.assign({}, ...all.filter(isJsonObject));
}

function named(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function namespaceWith({ name, labels }: JsonObject): KubernetesObject {
  const texts = Object.entries(isJsonObject(labels) ? labels : {}).map(([key, value]) => [key, String(value)]);
  return { apiVersion: "v1", kind: "Namespace", metadata: { name: String(name), labels: Object.fromEntries(texts) } };
}

/** The rule with context entries that have their values written out. */
export function withValues(rule: JsonObject, values: JsonObject): JsonObject {
  if (!Array.isArray(rule.context)) return rule;
  const context = rule.context.map((entry) => {
    const name = isJsonObject(entry) ? entry.name : undefined;
    const ofEntry = Object.entries(values).flatMap(([variable, value]) => {
      const [root, ...path] = splitVariable(variable);
      return root === name ? [{ path, value }] : [];
    });
    if (ofEntry.length === 0 || name === undefined) return entry;
    const value = ofEntry.reduce<Json>((whole, part) => putAt(whole, part.path, part.value), {});
    return { name, variable: { value } };
  });
  return { ...rule, context };
}

/** What lies below a root in the values, put over what is there anyway. */
export function objectAt(values: JsonObject, root: Path, given: JsonObject | undefined): JsonObject | undefined {
  const parts = Object.entries(values).flatMap(([variable, value]) => {
    const path = splitVariable(variable);
    return root.every((part, at) => path[at] === part) ? [{ path: path.slice(root.length), value }] : [];
  });
  const whole = parts.reduce<Json>((object, { path, value }) => putAt(object, path, value), given ?? null);
  return isJsonObject(whole) ? whole : undefined;
}

/** What the rule would see of its request, as the values have it: who asks for it is not known. `isEdge`: nor is more at rest. */
export function whyNotServed(
  values: JsonObject,
  { isEdge, namespace }: { isEdge: boolean; namespace: string },
): string | undefined {
  const isSeen = (variable: string, value: Json): boolean => {
    const [, part = ""] = splitVariable(variable);
    if (part === "namespace" && value === namespace) return true;
    return isEdge ? ["operation", "oldObject"].includes(part) : part === "operation" && value === "CREATE";
  };
  const [other] = Object.entries(values).filter(
    ([variable, value]) => variable.startsWith("request.") && !isSeen(variable, value),
  );
  return other === undefined ? undefined : `${other[0]} is set, and what a single request says is not served yet`;
}

/** `a.b."c.d"`, as JMESPath has it. */
function splitVariable(variable: string): string[] {
  return Array.from(variable.matchAll(/"([^"]*)"|[^."]+/g), ([whole, quoted]) => quoted ?? whole);
}

function putAt(whole: Json, [key, ...rest]: Path, value: Json): Json {
  if (key === undefined) return value;
  const object = isJsonObject(whole) ? whole : {};
  return { ...object, [key]: putAt(object[key] ?? null, rest, value) };
}
