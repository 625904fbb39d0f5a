/**
 * Policies of kyverno.io that are served where they are: as what they mean in perennial.dev/v1, less what only the migration of a
 * file has to repeat, and with what this group means otherwise.
 */

import { isJsonObject, type Json, type JsonObject, ownValue } from "../object/index.ts";
import { convertPolicy } from "./kyverno.ts";
import { type ParsedPolicy, parsePolicy } from "./parse.ts";

/** How many rules of each kind the policy has, as its status tells. */
export type RuleCounts = { validate: number; generate: number; mutate: number; verifyimages: number };

export type ForeignPolicy = {
  /** Undefined when it has no rule that is served. */
  parsed: ParsedPolicy | undefined;
  counts: RuleCounts;
  /** Rules that are not served, and why. */
  notes: readonly string[];
};

export function parseForeignPolicy(object: JsonObject): ForeignPolicy {
  const { policy, notes } = convertPolicy(object);
  const { served, mutating } = splitRules(policy);
  const metadata = isJsonObject(object.metadata) ? object.metadata : {};
  const spec = { ...withoutAdmission(policy.spec), rules: served };
  const creationTimestamp = ownValue(metadata, "creationTimestamp") ?? "";
  const translated = { ...policy, metadata: { ...objectOf(policy.metadata), creationTimestamp }, spec };
  return {
    parsed: served.length === 0 ? undefined : parsePolicy(translated),
    counts: countsOf(object),
    notes: [
      ...notes.filter((note) => /^spec\.rules\[\d+\] is left out/.test(note)),
      ...mutating.map(
        (name) =>
          `rule ${name} is left out: mutate rules without targets are not served yet, as they act when objects are admitted`,
      ),
    ],
  };
}

/** About requests, which rules that generate do not see. */
const OF_ADMISSION = ["failurePolicy", "webhookTimeoutSeconds", "webhookConfiguration", "background", "admission"];

function withoutAdmission(spec: Json | undefined): JsonObject {
  return Object.fromEntries(Object.entries(objectOf(spec)).filter(([field]) => !OF_ADMISSION.includes(field)));
}

function splitRules({ spec }: JsonObject): { served: JsonObject[]; mutating: string[] } {
  const rules = listOf(objectOf(spec).rules).filter(isJsonObject);
  const { admitted = [], stored = [] } = Object.groupBy(rules, (rule) => (isAdmitted(rule) ? "admitted" : "stored"));
  return { served: stored.map(withoutOwnLabels), mutating: admitted.map(({ name }) => String(name)) };
}

/** It acts on objects when they are admitted. */
function isAdmitted({ mutate }: JsonObject): boolean {
  return mutate !== undefined && objectOf(mutate).targets === undefined;
}

/** In this group a namespaceSelector never holds for a Namespace: it is no kind of such a filter. */
function withoutOwnLabels(rule: JsonObject): JsonObject {
  return { ...rule, ...narrowed("match", rule), ...narrowed("exclude", rule) };
}

function narrowed(field: "match" | "exclude", rule: JsonObject): JsonObject {
  const selection = rule[field];
  if (!isJsonObject(selection)) return {};
  const lists = ["any", "all"].filter((form) => Array.isArray(selection[form]));
  const forms = lists.map((form) => [form, listOf(selection[form]).map(narrowedFilter)] as const);
  return { [field]: { ...objectOf(narrowedFilter(selection)), ...Object.fromEntries(forms) } };
}

function narrowedFilter(filter: Json): Json {
  const resources = isJsonObject(filter) ? filter.resources : undefined;
  if (!isJsonObject(filter) || !isJsonObject(resources) || resources.namespaceSelector === undefined) return filter;
  const kinds = listOf(resources.kinds).filter((kind) => !NAMESPACE_KINDS.includes(String(kind)));
  if (kinds.length === listOf(resources.kinds).length) return filter;
  if (kinds.length > 0) return { ...filter, resources: { ...resources, kinds } };
  return { ...filter, resources: { kinds: listOf(resources.kinds), names: [NO_NAME] } };
}

const NAMESPACE_KINDS = ["Namespace", "v1/Namespace", "*/Namespace"];

/** No object is called that. */
const NO_NAME = "-";

function countsOf({ spec }: JsonObject): RuleCounts {
  const rules = listOf(objectOf(spec).rules).filter(isJsonObject);
  const count = (field: string): number => rules.filter((rule) => rule[field] !== undefined).length;
  return {
    validate: count("validate"),
    generate: count("generate"),
    mutate: count("mutate"),
    verifyimages: count("verifyImages"),
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
