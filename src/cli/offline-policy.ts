/** Policies as they can be looked at without a cluster. */

import { asJson, groupOf, isJsonObject, type Json, type JsonObject, type KubernetesObject } from "../object/index.ts";
import { convertPolicy, parsePolicy, printIssue } from "../policy/index.ts";
import type { Document } from "./documents.ts";
import { KYVERNO } from "./policies.ts";

export type OfflinePolicy = {
  /** Undefined: there is nothing in it that can be looked at. */
  policy: Document | undefined;
  notes: readonly string[];
};

/** Those of kyverno.io are read as what they mean; `notes` tell what of them is not looked at. */
export function offlinePolicy({ origin, object }: Document): OfflinePolicy {
  if (groupOf(object.apiVersion) !== KYVERNO) return { policy: { origin, object }, notes: [] };
  const converted = convertPolicy(asJson(object));
  const { policy, notes } = withoutUnknown(withoutAdmission(withoutMoments(converted.policy)));
  return {
    policy: rulesOf(policy).length === 0 ? undefined : { origin, object: policy as KubernetesObject }, // in other words
    notes: [...converted.notes, ...notes].map((note) => `${origin}: ${object.kind} ${object.metadata.name}: ${note}`),
  };
}

/**
 * The policy with one of its rules, changed; undefined when it has none of that name. A mutate rule is looked at with the
 * others of the policy, which see what it makes.
 */
export function onlyRule(
  { origin, object }: Document,
  name: string,
  change: (rule: JsonObject) => JsonObject,
): { policy: Document; rule: JsonObject } | undefined {
  const isForeign = groupOf(object.apiVersion) === KYVERNO;
  const written = isForeign ? withoutMoments(convertPolicy(asJson(object)).policy) : asJson(object);
  const found = rulesOf(written)
    .filter(isJsonObject)
    .find((rule) => rule.name === name);
  if (found === undefined) return undefined;
  const rule = change(found);
  const others = rulesOf(written).filter((other) => isJsonObject(other) && isMutable(written, other));
  const together = others.map((other) => (other === found || !isJsonObject(other) ? rule : change(other)));
  const isTogether = isMutable(written, found);
  const reduced = withoutAdmission(withRules(written, isTogether ? together : [rule]));
  return { policy: { origin, object: reduced as KubernetesObject }, rule }; // the same, less some rules
}

/** generateExisting tells old triggers from new ones; in files all are new. */
function withoutMoments(policy: JsonObject): JsonObject {
  return withRules(
    policy,
    rulesOf(policy).map((rule) => {
      if (!isJsonObject(rule) || !isJsonObject(rule.generate)) return rule;
      const { generateExisting: _generateExisting, ...generate } = rule.generate;
      return { ...rule, generate };
    }),
  );
}

/** How and when the webhook is called says nothing of what a mutate rule gives. */
function withoutAdmission(policy: JsonObject): JsonObject {
  const mutatesOnly = rulesOf(policy).every((rule) => isJsonObject(rule) && rule.mutate !== undefined);
  if (!mutatesOnly || !isJsonObject(policy.spec)) return policy;
  const kept = Object.entries(policy.spec).filter(([field]) => !OF_ADMISSION.has(field));
  return { ...policy, spec: Object.fromEntries(kept) };
}

const OF_ADMISSION = new Set([
  "admission",
  "background",
  "emitWarning",
  "failurePolicy",
  "useServerSideApply",
  "webhookConfiguration",
  "webhookTimeoutSeconds",
]);

/** Mutate rules with something that is not looked at are left out, and that is told. */
function withoutUnknown(policy: JsonObject): { policy: JsonObject; notes: string[] } {
  const notes: string[] = [];
  const rules = rulesOf(policy).filter((rule) => {
    const why = isJsonObject(rule) && isJsonObject(rule.mutate) ? whyLeftOut(policy, rule) : undefined;
    if (why !== undefined) notes.push(`rule ${isJsonObject(rule) ? String(rule.name) : ""} is left out: ${why}`);
    return why === undefined;
  });
  return { policy: withRules(policy, rules), notes };
}

function isMutable(policy: JsonObject, rule: JsonObject): boolean {
  return (
    isJsonObject(rule.mutate) &&
    rule.mutate.targets === undefined &&
    whyLeftOut(withoutAdmission(withRules(policy, [rule])), rule) === undefined
  );
}

function whyLeftOut(policy: JsonObject, rule: JsonObject): string | undefined {
  const parsed = parsePolicy(withRules(policy, [rule]), { offline: true });
  return "issues" in parsed ? parsed.issues.map(printIssue).join("; ") : undefined;
}

function rulesOf({ spec }: JsonObject): Json[] {
  return isJsonObject(spec) && Array.isArray(spec.rules) ? spec.rules : [];
}

function withRules(policy: JsonObject, rules: Json[]): JsonObject {
  return { ...policy, spec: { ...(isJsonObject(policy.spec) ? policy.spec : {}), rules } };
}
