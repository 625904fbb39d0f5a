/** What a converted policy of perennial.dev/v1 still leaves unsaid, because both groups mean the same by it, said. */

import { isJsonObject, type JsonObject } from "../object/index.ts";

const BOTH_MEAN: JsonObject = {
  mode: "Correct",
  adoption: "IfUnmanaged",
  applyRules: "All",
  admission: true,
  background: true,
};

/** What decides about all rules stands first, and the rules last. */
export function writeOutDefaults(policy: JsonObject): JsonObject {
  const { rules, ...settings } = isJsonObject(policy.spec) ? policy.spec : {};
  const written = (Array.isArray(rules) ? rules : []).map((rule) =>
    isJsonObject(rule) ? { ...rule, skipBackgroundRequests: rule.skipBackgroundRequests ?? true } : rule,
  );
  return { ...policy, spec: { ...BOTH_MEAN, ...settings, rules: written } };
}
