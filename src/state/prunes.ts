/**
 * Targets that are no longer wanted although their triggers exist. How many of a policy's may be deleted at once is limited,
 * so the claims that would delete them gather them here first, and the policy as a whole is decided on.
 */

import { keyOf, type ObjectKey, type ObjectRef } from "../object/index.ts";
import { type ClaimKey, claimRef } from "./claim-key.ts";

export interface Prunes {
  /** True once the policy was decided on with this target among those that go. */
  mayDelete(target: ObjectKey): boolean;
  isHeld(policy: ObjectKey): boolean;
  /** The targets that a policy keeps because they are too many; none while it was not decided, or when they may go. */
  heldOf(policy: ObjectKey): readonly ObjectRef[];
}

export type Verdict = "delete" | "hold";

export interface PrunesWriter extends Prunes {
  /** What a claim would delete now; true when that is not what it was. */
  note(claim: ClaimKey, targets: readonly ObjectRef[]): boolean;
  /** How many targets of the policy were gathered. */
  countOf(policy: ObjectKey): number;
  /** Decides on all that was gathered: more than the limit, and none of it goes. */
  decide(policy: ObjectKey, limit: number): { verdict: Verdict; claims: readonly ClaimKey[] };
  forget(policy: ObjectKey): void;
}

export function createPrunes(): PrunesWriter {
  return new GatheredPrunes();
}

type Gathered = { claims: Map<ClaimKey, readonly ObjectRef[]>; count: number; held: boolean };

class GatheredPrunes implements PrunesWriter {
  readonly #policies = new Map<ObjectKey, Gathered>();
  readonly #approved = new Set<ObjectKey>();

  mayDelete(target: ObjectKey): boolean {
    return this.#approved.has(target);
  }

  isHeld(policy: ObjectKey): boolean {
    return this.#policies.get(policy)?.held === true;
  }

  heldOf(policy: ObjectKey): readonly ObjectRef[] {
    const gathered = this.#policies.get(policy);
    return gathered?.held === true ? targetsOf(gathered) : [];
  }

  note(claim: ClaimKey, targets: readonly ObjectRef[]): boolean {
    if (targets.length === 0 && this.#policies.size === 0) return false;
    const policy = keyOf(claimRef(claim).policy);
    const gathered = this.#policies.get(policy) ?? { claims: new Map(), count: 0, held: false };
    const before = gathered.claims.get(claim) ?? [];
    if (isSame(before, targets)) return false;
    for (const target of before) this.#approved.delete(keyOf(target));
    gathered.count += targets.length - before.length;
    if (targets.length === 0) gathered.claims.delete(claim);
    else gathered.claims.set(claim, targets);
    if (gathered.count === 0) this.#policies.delete(policy);
    else this.#policies.set(policy, gathered);
    return true;
  }

  countOf(policy: ObjectKey): number {
    return this.#policies.get(policy)?.count ?? 0;
  }

  decide(policy: ObjectKey, limit: number): ReturnType<PrunesWriter["decide"]> {
    const gathered = this.#policies.get(policy);
    if (gathered === undefined) return { verdict: "delete", claims: [] };
    gathered.held = gathered.count > limit;
    for (const target of targetsOf(gathered).map(keyOf)) {
      if (gathered.held) this.#approved.delete(target);
      else this.#approved.add(target);
    }
    return { verdict: gathered.held ? "hold" : "delete", claims: [...gathered.claims.keys()] };
  }

  forget(policy: ObjectKey): void {
    const gathered = this.#policies.get(policy);
    if (gathered === undefined) return;
    for (const target of targetsOf(gathered)) this.#approved.delete(keyOf(target));
    this.#policies.delete(policy);
  }
}

function targetsOf({ claims }: Gathered): ObjectRef[] {
  return [...claims.values()].flat();
}

function isSame(before: readonly ObjectRef[], after: readonly ObjectRef[]): boolean {
  if (before.length !== after.length) return false;
  const keys = new Set(before.map(keyOf));
  return after.every((ref) => keys.has(keyOf(ref)));
}
