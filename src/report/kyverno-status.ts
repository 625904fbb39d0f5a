/** The status of a policy of kyverno.io: exactly one condition, and its rules by kind. */

import type { Condition, PolicyStatus, Reason, RuleCounts } from "../policy/index.ts";

export type KyvernoStatus = { conditions: Condition[]; rulecount: RuleCounts };

/**
 * `status`: as that of a policy of ours would be. True only when every rule that generates or mutates is being served;
 * `isServed`: there is one.
 */
export function kyvernoStatusOf(
  status: PolicyStatus,
  { isServed, counts, notes }: { isServed: boolean; counts: RuleCounts; notes: readonly string[] },
  before: PolicyStatus | undefined,
): KyvernoStatus {
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  const isReady = ready?.status === "True" && isServed;
  const unready: Reason = isServed ? (ready?.reason ?? "Planning") : "UnsupportedField";
  const reason: Reason = isReady ? "Succeeded" : unready;
  const message = [...(isServed ? [ready?.message ?? ""] : []), ...notes].join("; ").slice(0, LONGEST);
  const condition = {
    type: "Ready" as const,
    status: isReady ? ("True" as const) : ("False" as const),
    reason,
    message,
  };
  const known = before?.conditions?.find(({ type }) => type === "Ready");
  const turned = known?.status !== condition.status || ready === undefined;
  const lastTransitionTime = turned ? (ready?.lastTransitionTime ?? "") : known.lastTransitionTime;
  return { conditions: [{ ...condition, lastTransitionTime }], rulecount: counts };
}

/** What of a stored status is ours to write: older versions of Kyverno left more. */
export function storedKyvernoStatus(status: PolicyStatus | undefined): PolicyStatus | undefined {
  if (status === undefined) return undefined;
  const { conditions, rulecount } = status as PolicyStatus & Partial<KyvernoStatus>; // as far as it is there
  return { ...(conditions === undefined ? {} : { conditions }), ...(rulecount === undefined ? {} : { rulecount }) };
}

/** What the API server takes of a message. */
const LONGEST = 32_000;
