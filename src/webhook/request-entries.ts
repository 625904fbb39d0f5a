/** For which requests the API server has to ask us, because a rule acts on them and no watch shows them. */

import type { JsonObject } from "../object/index.ts";
import type { CompiledPolicy, CompiledRule } from "../rule/index.ts";
import { clientConfig } from "./configuration.ts";
import { type EntryOptions, namespaceSelector, notByUs, probePathOf, probeWebhook, requestRules } from "./entry.ts";

export type RequestEntries = {
  /** For the ValidatingWebhookConfiguration: after all mutations, so that the object is final. */
  webhooks: readonly JsonObject[];
  /** Where the probe comes in once the API server knows them. */
  probePath: string;
  policies: readonly CompiledPolicy[];
};

export function requestsPath(secret: string): string {
  return `/requests/${secret}`;
}

/** Seconds: nobody is to wait for it, and the answer is always yes. */
const TIMEOUT = 2;

/** Undefined where no rule needs one. */
export function requestEntries(policies: readonly CompiledPolicy[], options: EntryOptions): RequestEntries | undefined {
  const asking = policies.filter((policy) => askingRules(policy).length > 0);
  if (asking.length === 0) return undefined;
  const webhook = requestWebhook(asking.flatMap(askingRules), options);
  const probePath = probePathOf([webhook], options);
  return { webhooks: [webhook, probeWebhook(probePath, options)], probePath, policies: asking };
}

function askingRules({ rules }: CompiledPolicy): CompiledRule[] {
  return rules.filter(({ asks = [] }) => asks.length > 0);
}

/** At most once: while nobody answers, requests pass unseen. */
function requestWebhook(rules: readonly CompiledRule[], options: EntryOptions): JsonObject {
  return {
    name: "requests.perennial.dev",
    clientConfig: clientConfig(requestsPath(options.secret), options),
    rules: requestRules(rules.flatMap(({ asks = [] }) => asks)),
    failurePolicy: "Ignore",
    matchPolicy: "Equivalent",
    namespaceSelector: namespaceSelector(rules, options.leftAlone),
    objectSelector: {},
    matchConditions: [notByUs(options)],
    sideEffects: "NoneOnDryRun",
    timeoutSeconds: TIMEOUT,
    admissionReviewVersions: ["v1"],
  };
}
