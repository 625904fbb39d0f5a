/** What happens when something was seen or came to an end: who is told, what is watched, planned and reported anew. */

import { setTimeout as delay } from "node:timers/promises";
import type { Selection } from "../cluster/index.ts";
import { type GroupKind, type ObjectKey, type Resource, resourceKey } from "../object/index.ts";
import type { ObjectChange } from "../state/index.ts";
import type { WatchSignal } from "../watch/index.ts";
import { MutationSearch } from "./mutation-search.ts";
import type { OperatorOptions } from "./options.ts";
import { sweepMutations } from "./orphaned-mutations.ts";
import { type PartEvents, Parts } from "./parts.ts";
import { sweepInventory, unclaimedTargets } from "./sweep.ts";
import { API_SERVICES, DEFINITIONS } from "./system-resources.ts";
import { markedObjects, rulesOf, selectionsOf } from "./wanted-watches.ts";
import type { WatchState } from "./watches.ts";

export class Reactions implements PartEvents {
  readonly parts: Parts;
  readonly onWentBack: () => void;
  readonly #options: OperatorOptions;
  readonly #search: MutationSearch;

  /** `onWentBack`: the cluster's storage was put back to what it was earlier. */
  constructor(options: OperatorOptions, onWentBack: () => void) {
    this.#options = options;
    this.onWentBack = onWentBack;
    this.parts = new Parts(options, this);
    const { world, queue, lease } = this.parts;
    this.#search = new MutationSearch({
      ...{ client: options.client, world, queue, log: options.log },
      leads: () => lease.held,
    });
  }

  onLease(held: boolean): void {
    const { log, metrics } = this.#options;
    metrics.leading.set(held ? 1 : 0);
    log.info(held ? "the Lease is held" : "the Lease was lost: nothing is written until it is held again");
    this.parts.changes.onLease(held, this.parts.lease.heldByOthers);
    if (held) this.parts.readiness.takeOver(this.parts.lease);
    if (held) this.parts.reports.resume();
    this.parts.kyverno.tell();
    if (held) this.#lead().catch((error) => log.error({ err: error }, "cannot lead"));
  }

  /** Somebody else may have stored more since we read it. */
  async #lead(): Promise<void> {
    for (
      let problem = await this.parts.knowledge.load();
      problem !== undefined;
      problem = await this.parts.knowledge.load()
    ) {
      this.#options.log.warn({ reason: problem }, "cannot lead yet; trying again");
      await delay(RETRY);
      if (!this.parts.lease.held) return;
    }
    this.parts.needs.update();
    this.parts.policies.takeOver();
    await this.parts.key.settle({
      mayHold: () => this.parts.lease.held,
      isKnown: () =>
        this.parts.world.policiesSynced &&
        this.parts.watches.settled &&
        this.parts.knowledge.kinds.every((kind) => this.#isListed(kind)),
      hasTargets: () => this.parts.world.inventory.hasMarked,
    });
    this.#useKey();
    this.parts.deepCheck.wake();
    this.parts.polls.wake();
    this.#refresh();
  }

  /** What has random values could not be planned without it. */
  #useKey(): void {
    const { value } = this.parts.key;
    const known = this.parts.world.installationKey;
    if (value === undefined || (known !== undefined && Buffer.compare(known, value) === 0)) return;
    this.parts.world.installationKey = value;
    for (const state of this.parts.world.policyStates.values())
      for (const rule of rulesOf([state])) this.parts.router.enqueueRule(state.ref, rule);
  }

  onSignal(watch: WatchState, signal: WatchSignal): void {
    this.parts.watchLog.note(watch, signal);
    if (signal.type === "failed") this.#onWatchFailed(watch.selection, signal.failure.status);
    if (signal.type === "recovered") this.#touchUsersOf(watch.selection.resource);
    this.parts.router.handle(watch, signal);
  }

  #onWatchFailed(selection: Selection, status: number): void {
    this.#touchUsersOf(selection.resource);
    if (status !== 403) return;
    this.parts.needs.noteRefused(selection, true);
    if (this.parts.readiness.noteForbidden(selection)) this.sweep(); // what waited for them waits no more
  }

  onSystemChange(resource: Resource, changes: readonly ObjectChange[]): void {
    const key = resourceKey(resource);
    if (key === resourceKey(DEFINITIONS)) this.parts.kinds.onDefinitions(changes);
    if (key === resourceKey(API_SERVICES)) this.parts.kinds.onApiServices(changes);
    if (this.parts.world.policyResources().some((policies) => resourceKey(policies) === key))
      for (const change of changes) this.parts.policies.onChange(change);
  }

  onKindsChanged(): void {
    this.parts.policies.recompile();
    this.parts.needs.update();
    this.sweep();
    this.#refresh();
  }

  onStored(policy: ObjectKey, ok: boolean): void {
    if (ok) this.parts.readiness.noteStored(policy);
    this.parts.reports.touch(policy);
    this.#refresh();
  }

  onSynced(selection: Selection): void {
    const { resource } = selection;
    this.parts.needs.noteRefused(selection, false);
    if (resourceKey(resource) === resourceKey(DEFINITIONS)) this.parts.policies.storeAll();
    const wasKnown = this.parts.world.policiesSynced;
    this.parts.world.policiesSynced = [DEFINITIONS, ...this.parts.world.policyResources()].every((system) =>
      this.parts.isSynced({ resource: system }),
    );
    this.#refresh();
    this.#touchUsersOf(resource);
    if (!this.parts.world.policiesSynced) return;
    if (!wasKnown) this.parts.needs.update(); // of which rules nothing is left but what they set
    this.sweep();
  }

  onPlanned(policy: ObjectKey): void {
    this.parts.reports.touch(policy);
    this.#options.metrics.targets.set(this.parts.world.inventory.size);
    if (this.parts.readiness.becamePlanned(policy)) this.sweep();
  }

  sweep(): void {
    sweepInventory(this.parts.world, this.parts.queue);
    sweepMutations(this.parts.world, this.parts.queue);
    this.#search.wake();
    this.parts.kept.note(unclaimedTargets(this.parts.world), "its annotations do not say which policy made it");
  }

  /** At rest, now and then: what is stored about things that are no more goes. */
  tidy(): void {
    const known = this.parts.world.policiesSynced && this.parts.watches.settled && this.parts.queue.depth === 0;
    if (!known) return;
    this.#search.wake();
    this.parts.needs.tidy();
    this.parts.knowledge
      .tidy((kind) => this.#isListed(kind))
      .then(() => this.parts.needs.update())
      .catch((error) => this.#options.log.error({ err: error }, "the inventory could not be tidied"));
  }

  #refresh(): void {
    for (const policy of this.parts.readiness.refresh()) this.onPlanned(policy);
  }

  #touchUsersOf(resource: Resource): void {
    for (const [key, state] of this.parts.world.policyStates) {
      const used = rulesOf([state]).flatMap(selectionsOf);
      if (used.some((selection) => resourceKey(selection.resource) === resourceKey(resource)))
        this.parts.reports.touch(key);
    }
  }

  /** All marked objects of the kind are known; of a kind that is gone there are none. */
  #isListed(kind: GroupKind): boolean {
    const { catalogue } = this.parts.world;
    const resource = catalogue.findKind(kind);
    return resource === undefined ? catalogue.isGone(kind) : this.parts.isSynced(markedObjects(resource));
  }
}

/** Milliseconds between tries of what the operator itself needs. */
const RETRY = 1_000;
