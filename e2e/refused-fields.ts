/** The fields that a definition refuses by name, each with a policy that uses it: found in the definition, so none is forgotten. */

import { isJsonObject, type Json, valueAt } from "../src/object/index.ts";
import { customResourceDefinition, type PolicyKind } from "../src/policy/index.ts";
import { GOOD } from "./policy-mistakes.ts";

/** Paths with `[]` for list positions, and specs that are good but for that field. */
export function refusedFields(kind: PolicyKind): [field: string, spec: Json][] {
  const schema = valueAt(customResourceDefinition(kind), [
    "spec",
    "versions",
    0,
    "schema",
    "openAPIV3Schema",
    "properties",
    "spec",
  ]);
  return collectRefused(schema ?? null).map(({ path, sample }) => [
    `spec${printPath(path)}`,
    plant(GOOD, path, sample),
  ]);
}

type Refused = { path: (string | 0)[]; sample: Json };

function collectRefused(schema: Json): Refused[] {
  if (!isJsonObject(schema)) return [];
  const fields = isJsonObject(schema.properties) ? schema.properties : {};
  const rules = Array.isArray(schema["x-kubernetes-validations"]) ? schema["x-kubernetes-validations"] : [];
  const refused = rules
    .filter((entry) => isJsonObject(entry) && String(entry.message).startsWith("UnsupportedField"))
    .map((entry) => String(valueAt(entry, ["fieldPath"])).slice(1));
  const here = refused.map((field): Refused => ({ path: [field], sample: sampleOf(fields[field] ?? null) }));
  const below = Object.entries(fields).flatMap(([field, child]) => under(field, collectRefused(child)));
  return [...here, ...below, ...(schema.items === undefined ? [] : under(0, collectRefused(schema.items)))];
}

function under(step: string | 0, found: Refused[]): Refused[] {
  return found.map(({ path, sample }) => ({ path: [step, ...path], sample }));
}

/** The smallest value that fits a schema but for its CEL rules. */
function sampleOf(schema: Json): Json {
  if (!isJsonObject(schema)) return null;
  if (Array.isArray(schema.enum)) return schema.enum[0] ?? null;
  if (schema.type === "array") return [sampleOf(schema.items ?? null)];
  if (schema.type === "boolean") return true;
  if (schema.type === "integer") return 1;
  if (schema.type !== "object") return "text";
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  return Object.fromEntries(required.map((field) => [field, sampleOf(valueAt(schema, ["properties", field]) ?? null)]));
}

/** The smallest entries of the lists that the good policy lacks; all others are lists of filters. */
const FILTER = { resources: { kinds: ["Pod"] } };
const ENTRIES: { [list: string]: Json } = {
  context: { name: "x" },
  foreach: { list: "request.object", apiVersion: "v1", kind: "Pod", name: "x", namespace: "default", data: {} },
};

/** What is missing on the way, where mutate has another one of that name than generate. */
const MUTATE: Json = {
  targets: [{ apiVersion: "v1", kind: "Pod", context: [ENTRIES.context ?? {}] }],
  foreach: [{ list: "request.object", context: [ENTRIES.context ?? {}] }],
};

/** The same value with another one at a path; what is missing on the way is made. */
function plant(value: Json, [step, ...rest]: (string | 0)[], sample: Json): Json {
  if (step === undefined) return sample;
  if (step === 0) return [plant(Array.isArray(value) ? (value[0] ?? FILTER) : FILTER, rest, sample)];
  const object = isJsonObject(value) ? value : {};
  const entry = ENTRIES[step];
  const missing =
    step === "mutate" ? MUTATE : step === "resources" ? FILTER.resources : entry === undefined ? {} : [entry];
  return { ...object, [step]: plant(object[step] ?? missing, rest, sample) };
}

function printPath(path: (string | 0)[]): string {
  return path.map((step) => (step === 0 ? "[]" : `.${step}`)).join("");
}
