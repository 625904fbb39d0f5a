/**
 * Policies of kyverno.io, said in perennial.dev/v1: the same rules, with what that group means by an absent field written
 * out. What has no counterpart is left out, and told.
 */

import { isJsonObject, type Json, type JsonObject, ownValue } from "../object/index.ts";
import { GROUP, VERSION } from "./policy.ts";

/** `notes`: path and sentence, for people. */
export type Converted = { policy: JsonObject; notes: readonly string[] };

/** On a policy of kyverno.io, as its spec has no room for them; the paths are JSON pointers, comma-separated. */
export const MODE_ANNOTATION = "perennial.dev/mode";
export const IGNORE_PATHS_ANNOTATION = "perennial.dev/ignore-paths";

export function convertPolicy({ kind, metadata, spec }: JsonObject): Converted {
  const notes: string[] = [];
  const written = isJsonObject(spec) ? spec : {};
  const rules = Array.isArray(written.rules) ? written.rules : [];
  const policy = {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: kind ?? null,
    metadata: convertMetadata(isJsonObject(metadata) ? metadata : {}),
    spec: {
      ...settingsOf(isJsonObject(metadata) ? metadata : {}),
      pruneLimit: -1,
      ...convertSpec(written, rules, notes),
      rules: rules.flatMap((rule, i) => convertRule(rule, i, written, notes)),
    },
  };
  return { policy, notes };
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Name and namespace, labels and annotations; not what a cluster keeps about the object. */
function convertMetadata({ name, namespace, labels, annotations }: JsonObject): JsonObject {
  const {
    [LAST_APPLIED]: _lastApplied,
    [MODE_ANNOTATION]: _mode,
    [IGNORE_PATHS_ANNOTATION]: _ignorePaths,
    ...kept
  } = isJsonObject(annotations) ? annotations : {};
  return {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
  };
}

function settingsOf({ annotations }: JsonObject): JsonObject {
  const given = isJsonObject(annotations) ? annotations : {};
  const mode = ownValue(given, MODE_ANNOTATION);
  const paths = String(ownValue(given, IGNORE_PATHS_ANNOTATION) ?? "")
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "");
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(paths.length === 0 ? {} : { drift: { ignorePaths: paths.map((path) => ({ path })) } }),
  };
}

/** Fields of spec that go without a word where they have this value, as it is what is meant anyway. */
const MEANT_ANYWAY: { readonly [field: string]: Json } = {
  admission: true,
  background: true,
  applyRules: "All",
  emitWarning: false,
};

/** Fields of spec that have no counterpart, and why that does no harm. */
const DROPPED: { readonly [field: string]: string } = {
  validationFailureAction: "is about validate rules",
  validationFailureActionOverrides: "is about validate rules",
  useServerSideApply: "is what Perennial always does",
  schemaValidation: "is up to the API server, which checks every policy",
};

const NO_BACKGROUND =
  "keeps rules from acting but at admission; what a rule generates, or changes of existing objects, holds here for what is stored";

/** These go into the rules. */
const OF_RULES = ["rules", "generateExisting", "generateExistingOnPolicyUpdate", "mutateExistingOnPolicyUpdate"];

function convertSpec(spec: JsonObject, rules: readonly Json[], notes: string[]): JsonObject {
  const kept: JsonObject = {};
  const actsOnStored = rules.some((rule) => isJsonObject(rule) && isAboutStored(rule));
  for (const [field, value] of Object.entries(spec)) {
    if (OF_RULES.includes(field) || MEANT_ANYWAY[field] === value) continue;
    const why = field === "background" && actsOnStored ? NO_BACKGROUND : DROPPED[field];
    if (why === undefined) kept[field] = value;
    else notes.push(`spec.${field} is left out: it ${why}`);
  }
  return kept;
}

function isAboutStored({ generate, mutate }: JsonObject): boolean {
  return generate !== undefined || (mutate !== undefined && isJsonObject(mutate) && mutate.targets !== undefined);
}

function convertRule(rule: Json, index: number, spec: JsonObject, notes: string[]): JsonObject[] {
  const path = `spec.rules[${index}]`;
  if (!isJsonObject(rule)) return [];
  for (const field of ["validate", "verifyImages"]) {
    if (rule[field] === undefined) continue;
    notes.push(`${path} is left out: Perennial generates and mutates, and has no ${field} rules`);
    return [];
  }
  const { imageExtractors, reportProperties, skipBackgroundRequests, ...others } = rule;
  // true is what is meant anyway; clusters write it out
  const kept = skipBackgroundRequests === false ? { ...others, skipBackgroundRequests } : others;
  for (const [field, value] of Object.entries({ imageExtractors, reportProperties }))
    if (value !== undefined) notes.push(`${path}.${field} is left out: it has no counterpart`);
  if (selectsNamespacesByNamespace(rule)) notes.push(`${path}.${NAMESPACE_SELECTOR}`);
  if (isJsonObject(rule.generate)) return convertGenerate(kept, rule.generate, { path, spec, notes });
  return isJsonObject(rule.mutate) ? [{ ...kept, mutate: convertMutate(rule.mutate, spec) }] : [kept];
}

const NAMESPACE_SELECTOR =
  "match has a namespaceSelector for Namespaces, which holds for none in kyverno.io; here it looks at the Namespace's own labels";

function selectsNamespacesByNamespace({ match }: JsonObject): boolean {
  const filters = isJsonObject(match) ? [match.any, match.all, [match]].flatMap((list) => list ?? []) : [];
  return filters.filter(isJsonObject).some(({ resources }) => {
    if (!isJsonObject(resources) || !Array.isArray(resources.kinds)) return false;
    return resources.namespaceSelector !== undefined && resources.kinds.includes("Namespace");
  });
}

const CONTENTS = ["data", "clone", "cloneList", "foreach"];

function convertGenerate(
  rule: JsonObject,
  generate: JsonObject,
  { path, spec, notes }: { path: string; spec: JsonObject; notes: string[] },
): JsonObject[] {
  const { uid: _uid, ...written } = generate; // set by clusters of old
  if (CONTENTS.every((field) => written[field] === undefined)) {
    notes.push(`${path} is left out: its generate has none of ${CONTENTS.join(", ")}, so it makes nothing`);
    return [];
  }
  const blocks = [written, ...(Array.isArray(written.foreach) ? written.foreach.filter(isJsonObject) : [])];
  const copies = blocks.some(({ clone, cloneList }) => clone !== undefined || cloneList !== undefined);
  if (copies && written.orphanDownstreamOnPolicyDelete === undefined)
    notes.push(`${path}.generate copies: orphanDownstreamOnPolicyDelete is true, as kyverno.io keeps copies`);
  const existing = spec.generateExisting ?? spec.generateExistingOnPolicyUpdate ?? false;
  const meant = { synchronize: false, generateExisting: existing, orphanDownstreamOnPolicyDelete: copies };
  return [{ ...rule, generate: { ...written, ...withoutGiven(meant, written) } }];
}

function convertMutate(mutate: JsonObject, spec: JsonObject): JsonObject {
  if (mutate.targets === undefined) return mutate;
  const meant = { mutateExistingOnPolicyUpdate: spec.mutateExistingOnPolicyUpdate ?? false };
  return { ...mutate, ...withoutGiven(meant, mutate) };
}

function withoutGiven(meant: JsonObject, written: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(meant).filter(([field]) => written[field] === undefined));
}
