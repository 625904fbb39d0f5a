/** Policies as they can be looked at without a cluster. */

import { asJson, groupOf, isJsonObject, type Json, type JsonObject, type KubernetesObject } from "../object/index.ts";
import { convertPolicy } from "../policy/index.ts";
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
  const { policy, mutating } = withoutMutation(withoutMoments(converted.policy));
  const notes = mutating.map((name) => `rule ${name} is left out: mutate rules are not served yet`);
  return {
    policy: rulesOf(policy).length === 0 ? undefined : { origin, object: policy as KubernetesObject }, // in other words
    notes: [...converted.notes, ...notes].map((note) => `${origin}: ${object.kind} ${object.metadata.name}: ${note}`),
  };
}

/** The policy with one of its rules, changed; undefined when it has none of that name. */
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
  return { policy: { origin, object: withRules(written, [rule]) as KubernetesObject }, rule }; // the same, less some rules
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

function withoutMutation(policy: JsonObject): { policy: JsonObject; mutating: string[] } {
  const { mutating = [], others = [] } = Object.groupBy(rulesOf(policy), (rule) =>
    isJsonObject(rule) && rule.mutate !== undefined ? "mutating" : "others",
  );
  const names = mutating.map((rule) => (isJsonObject(rule) ? String(rule.name) : ""));
  return { policy: withRules(policy, others), mutating: names };
}

function rulesOf({ spec }: JsonObject): Json[] {
  return isJsonObject(spec) && Array.isArray(spec.rules) ? spec.rules : [];
}

function withRules(policy: JsonObject, rules: Json[]): JsonObject {
  return { ...policy, spec: { ...(isJsonObject(policy.spec) ? policy.spec : {}), rules } };
}
