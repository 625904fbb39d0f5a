/** The changes that edge rules never acted on as too many were waiting: how many of each rule, until its policy is another one. */

import { keyOf, type ObjectKey } from "../object/index.ts";
import { type ClaimKey, claimRef } from "../state/index.ts";

/** `because`: why the last one was lost, at `time`. */
export type LostOfRule = { rule: string; count: number; because: string; time: string };

type Known = { generation: number; rules: Map<string, LostOfRule> };

export class LostChanges {
  readonly #policies = new Map<ObjectKey, Known>();

  /** `generation`: of the policy as it is now. */
  note(claim: ClaimKey, generation: number, because: string): LostOfRule {
    const { policy, rule } = claimRef(claim);
    const known = this.#policies.get(keyOf(policy));
    const rules = known?.generation === generation ? known.rules : new Map<string, LostOfRule>();
    const lost = { rule, count: (rules.get(rule)?.count ?? 0) + 1, because, time: new Date().toISOString() };
    rules.set(rule, lost);
    this.#policies.set(keyOf(policy), { generation, rules });
    return lost;
  }

  of(policy: ObjectKey, generation: number): LostOfRule[] {
    const known = this.#policies.get(policy);
    return known?.generation === generation ? [...known.rules.values()] : [];
  }

  forget(policy: ObjectKey): void {
    this.#policies.delete(policy);
  }
}

/** It may be thousands: the 1st, 2nd, 4th, 8th, ... are told one by one. */
export function isWorthALine({ count }: LostOfRule): boolean {
  return Number.isInteger(Math.log2(count));
}
