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
  /** True when it has one. */
  isServed: boolean;
  counts: RuleCounts;
  /** Rules that are not served, and why. */
  notes: readonly string[];
};

export function parseForeignPolicy(object: JsonObject): ForeignPolicy {
  const { policy, notes } = convertPolicy(object);
  const rules = listOf(objectOf(policy.spec).rules).filter(isJsonObject).map(withoutOwnLabels);
  const metadata = isJsonObject(object.metadata) ? object.metadata : {};
  const spec = { ...withoutPassedOver(policy.spec, rules), rules };
  const creationTimestamp = ownValue(metadata, "creationTimestamp") ?? "";
  const translated = { ...policy, metadata: { ...objectOf(policy.metadata), creationTimestamp }, spec };
  return {
    parsed: rules.length === 0 ? undefined : parsePolicy(translated),
    isServed: rules.length > 0,
    counts: countsOf(object),
    notes: notes.filter((note) => /^spec\.rules\[\d+\] is left out/.test(note)),
  };
}

/** How requests are asked about, which is of no meaning where no rule acts on requests. */
const OF_REQUESTS = ["failurePolicy", "webhookTimeoutSeconds", "webhookConfiguration", "admission", "emitWarning"];

/** What is said of existing objects when rules are about requests, and of requests when they are about objects. */
function withoutPassedOver(spec: Json | undefined, rules: readonly JsonObject[]): JsonObject {
  const passedOver = ["background", ...(rules.some(actsOnRequests) ? [] : OF_REQUESTS)];
  return Object.fromEntries(Object.entries(objectOf(spec)).filter(([field]) => !passedOver.includes(field)));
}

function actsOnRequests({ mutate }: JsonObject): boolean {
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
