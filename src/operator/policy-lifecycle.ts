/** Policies that come, change, turn invalid and go, and what has to happen each time, in which order. */

import { keyOf, type ObjectKey, refOf } from "../object/index.ts";
import type { ClaimKey, ObjectChange, PolicyState } from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import { createPolicyBook } from "./policy-book.ts";
import type { PolicyReports } from "./policy-reports.ts";
import type { PruneGate } from "./prune-gate.ts";
import type { KeyedQueue } from "./queue.ts";
import type { Readiness } from "./readiness.ts";
import type { StoredKnowledge } from "./stored-knowledge.ts";
import { enqueuePolicy, sweepInventory } from "./sweep.ts";

export type PolicyLifecycleOptions = {
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  knowledge: StoredKnowledge;
  readiness: Readiness;
  reports: PolicyReports;
  pruneGate: PruneGate;
  /** False while it is not known under which definition the policies are stored. */
  mayStore(): boolean;
  /** The policies need other watches now. */
  rewatch(): void;
};

export class PolicyLifecycle {
  readonly #options: PolicyLifecycleOptions;
  readonly #book;

  constructor(options: PolicyLifecycleOptions) {
    this.#options = options;
    this.#book = createPolicyBook(options.world);
  }

  onChange({ before, after }: ObjectChange): void {
    if (after === undefined) {
      if (before !== undefined) this.#onGone(keyOf(refOf(before)));
      return;
    }
    this.#options.reports.note(after);
    const key = keyOf(refOf(after));
    if (this.#book.put(after)) this.#onNewSpec(key);
    this.#options.pruneGate.reconsider(key);
  }

  /** A kind was installed, changed or removed: some policies may mean something else now. */
  recompile(): void {
    for (const key of this.#book.recompile()) this.#onNewSpec(key);
  }

  storeAll(): void {
    for (const state of this.#options.world.policyStates.values()) this.#store(state);
  }

  /** What the holder of the Lease before us stored was read: against that, rules are new or not. */
  takeOver(): void {
    for (const state of this.#options.world.policyStates.values()) this.#options.readiness.noteNewRules(state);
    this.storeAll();
  }

  #onGone(key: ObjectKey): void {
    const { world, queue, reports, pruneGate, rewatch } = this.#options;
    this.#book.remove(key);
    pruneGate.forget(key);
    reports.forget(key);
    enqueuePolicy(world, queue, key);
    rewatch();
    sweepInventory(world, queue); // what waited for its plan waits no more
  }

  #onNewSpec(key: ObjectKey): void {
    const { world, queue, readiness, reports, rewatch } = this.#options;
    const state = world.policyStates.get(key);
    if (state === undefined) return;
    readiness.noteNewRules(state);
    rewatch();
    this.#store(state);
    enqueuePolicy(world, queue, key);
    if (state.phase === "invalid") sweepInventory(world, queue); // nothing waits for its plan
    reports.touch(key);
  }

  /** What has to survive a restart, before the first write of the policy. */
  #store(state: PolicyState): void {
    if (this.#options.mayStore()) this.#options.knowledge.store(state);
  }
}
