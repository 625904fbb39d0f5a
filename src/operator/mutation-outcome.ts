/** What a claim that changes existing objects came to: what is remembered of them, and whom it concerns. */

import { keyOf, type ObjectKey } from "../object/index.ts";
import type { Plan } from "../plan/index.ts";
import { type ClaimKey, type ClaimState, claimRef, type Mutations } from "../state/index.ts";
import type { ClaimWorkerOptions } from "./claim-options.ts";

/** Of existing objects. `done`: what was sent was answered; `unaccepted`: the object stayed as it was; `written`: it was changed; `isOutdated`: one had changed. */
export type MutationsDone = {
  done: Set<ObjectKey>;
  unaccepted: Set<ObjectKey>;
  written: Set<ObjectKey>;
  isOutdated: boolean;
};

type Ended = { key: ClaimKey; plan: Plan; mutated: MutationsDone };
type Planned = NonNullable<Plan["mutations"]>;

export function mutationsAfter(planned: Planned, outcome: Ended, before: ClaimState | undefined): Mutations {
  const { unaccepted: refused, written } = outcome.mutated;
  const known = [...(before?.mutations?.unaccepted ?? [])].filter(([target]) => planned.targets.has(target));
  const { steps } = outcome.plan;
  const seen = new Map(
    steps.flatMap((step) => (step.verb === "mutate" ? [[keyOf(step.target), step.seen] as const] : [])),
  );
  const unseen = new Set(
    steps.filter((step) => step.verb === "skip" && step.isAwaited === true).map(({ target }) => keyOf(target)),
  );
  const earlier = [...(before?.mutations?.awaited ?? [])].filter(([target]) => unseen.has(target));
  // what is still to be put right was at rest before, and is told as a drift when it is
  const isSame = before?.mutations?.rule === planned.rule;
  const drifted = [...(before?.mutations?.rest ?? [])].filter(([target]) => seen.has(target) && !written.has(target));
  return {
    ...planned,
    rest: isSame && drifted.length > 0 ? new Map([...planned.rest, ...drifted]) : planned.rest,
    leaving: leavingAfter(outcome),
    unaccepted: new Map([...known, ...[...seen].filter(([target]) => refused.has(target))]),
    awaited: new Map([...earlier, ...[...seen].filter(([target]) => written.has(target))]),
  };
}

/** Undefined when nothing is left to be taken back. */
export function leftToRevert(before: Mutations, outcome: Ended): Mutations | undefined {
  const leaving = leavingAfter(outcome);
  if (leaving.size === 0) return undefined;
  return { ...before, targets: new Set(), rest: new Map(), leaving, unaccepted: new Map(), awaited: new Map() };
}

function leavingAfter({ plan, mutated }: Ended): ReadonlySet<ObjectKey> {
  const reverts = plan.steps.filter(({ verb }) => verb === "revert").map(({ target }) => keyOf(target));
  return new Set(mutated.isOutdated ? reverts : reverts.filter((target) => !mutated.done.has(target)));
}

/** Who else changes the same objects, or generates them, plans with what this one does to them. */
export function concludeMutations(
  { world, queue, repairs }: ClaimWorkerOptions,
  { key, plan }: Ended,
  before: ClaimState | undefined,
): void {
  const { policy, rule } = claimRef(key);
  for (const step of plan.steps)
    if (step.verb === "skip" && step.inSync)
      repairs.settled(keyOf(step.target), { policy: keyOf(policy), rule, target: step.target }, world.now);
  for (const step of plan.steps)
    if (step.verb === "skip" && step.isLeftToMaker)
      for (const claim of world.claims.wanting(keyOf(step.target))) queue.add(claim);
  const [earlier, now] = [before?.mutations, plan.mutations];
  const targets = new Set([...(earlier?.targets ?? []), ...(now?.targets ?? [])]);
  const isSame = earlier?.rule === now?.rule && earlier?.trigger === now?.trigger;
  for (const target of targets) {
    if (isSame && earlier?.targets.has(target) === now?.targets.has(target)) continue;
    for (const claim of world.claims.mutating(target)) if (claim !== key) queue.add(claim);
    for (const claim of world.claims.wanting(target)) queue.add(claim);
  }
}
