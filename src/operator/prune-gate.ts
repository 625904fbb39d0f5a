/**
 * Decides how many targets a policy may delete at once. Claims are planned one by one, so what they would delete is gathered
 * until nothing of the policy is being planned any more; then all of it goes, or none.
 */

import { keyOf, type ObjectKey, type ObjectRef } from "../object/index.ts";
import { heldPrunes, pruneLimitOf } from "../plan/index.ts";
import { type ClaimKey, claimRef } from "../state/index.ts";
import type { Log } from "../telemetry/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { KeyedQueue } from "./queue.ts";

export type PruneGateOptions = {
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  log: Log;
  /** Told when more or less is held back than before. */
  onDecided(policy: ObjectKey): void;
};

/** Milliseconds in which nothing more came to be deleted. */
const QUIET = 200;
/** Milliseconds after which it is decided though the policy is still busy: one that never rests is not left undecided. */
const LONGEST = 30_000;

type Gathering = { since: number; count: number; timer: NodeJS.Timeout };

export class PruneGate {
  readonly #options: PruneGateOptions;
  readonly #gathering = new Map<ObjectKey, Gathering>();
  #stopped = false;

  constructor(options: PruneGateOptions) {
    this.#options = options;
  }

  /** A claim was planned to the end; these are the targets that it would delete. */
  note(claim: ClaimKey, targets: readonly ObjectRef[]): void {
    if (this.#options.world.prunes.note(claim, targets)) this.#gather(keyOf(claimRef(claim).policy));
  }

  /** The policy is another one, or somebody approved. */
  reconsider(policy: ObjectKey): void {
    if (this.#options.world.prunes.countOf(policy) > 0) this.#gather(policy);
  }

  /** The policy is gone, so nothing holds its targets back. */
  forget(policy: ObjectKey): void {
    this.#options.world.prunes.forget(policy);
    this.#end(policy);
  }

  stop(): void {
    this.#stopped = true;
    for (const policy of [...this.#gathering.keys()]) this.#end(policy);
  }

  #gather(policy: ObjectKey): void {
    if (this.#gathering.has(policy) || this.#stopped) return;
    this.#wait(policy, this.#options.world.now);
  }

  #wait(policy: ObjectKey, since: number): void {
    const timer = setTimeout(() => this.#look(policy), QUIET).unref();
    this.#gathering.set(policy, { since, count: this.#options.world.prunes.countOf(policy), timer });
  }

  #look(policy: ObjectKey): void {
    const { world } = this.#options;
    const gathering = this.#gathering.get(policy);
    if (gathering === undefined) return;
    const rests = gathering.count === world.prunes.countOf(policy) && !this.#isBusy(policy);
    const overdue = world.now - gathering.since > LONGEST;
    this.#gathering.delete(policy);
    if (rests || overdue) this.#decide(policy);
    else this.#wait(policy, gathering.since);
  }

  #isBusy(policy: ObjectKey): boolean {
    const { world, queue } = this.#options;
    const rules = [...(world.progress.get(policy)?.values() ?? [])];
    return rules.some(({ awaited }) => awaited.size > 0) || queue.has((claim) => claim.startsWith(`${policy}\n`));
  }

  #decide(policy: ObjectKey): void {
    const { world, queue, log, onDecided } = this.#options;
    const state = world.policyStates.get(policy);
    if (state === undefined || state.phase === "invalid") return; // what it wants is not known
    const { verdict, claims } = world.prunes.decide(policy, pruneLimitOf(state));
    if (verdict === "hold") log.warn({ policy }, heldPrunes(world, state)?.message ?? "");
    else for (const claim of claims) queue.add(claim);
    onDecided(policy);
  }

  #end(policy: ObjectKey): void {
    clearTimeout(this.#gathering.get(policy)?.timer);
    this.#gathering.delete(policy);
  }
}
