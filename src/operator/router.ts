/** What a signal of a watch means: which part of the world it changes, and which claims have to be planned. */

import { isClusterWide, type Selection, selectionKey } from "../cluster/index.ts";
import {
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  type ObjectRef,
  type Resource,
  refOf,
  resourceKey,
  TARGET,
} from "../object/index.ts";
import type { Call, CompiledRule } from "../rule/index.ts";
import type { ClaimKey, ObjectChange, TargetRecord } from "../state/index.ts";
import type { WatchSignal } from "../watch/index.ts";
import { ReadRouter, type ReadRouterOptions } from "./read-router.ts";
import type { Repairs } from "./repairs.ts";
import type { SeenChanges } from "./seen-changes.ts";
import { StrangerRouter } from "./stranger-router.ts";
import type { TriggeredRule } from "./trigger-index.ts";
import { TriggerRouter } from "./trigger-router.ts";
import type { WatchState } from "./watches.ts";

export type RouterOptions = ReadRouterOptions & {
  repairs: Repairs;
  changes: SeenChanges;
  /** The rules that an object of the resource may trigger. */
  triggeredBy(resource: Resource, object: KubernetesObject, before?: KubernetesObject): readonly TriggeredRule[];
  /** Kinds of the control plane itself: policies, definitions. */
  onSystemChange(resource: Resource, changes: readonly ObjectChange[]): void;
  /** A list became whole for the first time: rules may have become ready. */
  onSynced(selection: Selection): void;
};

export interface Router {
  handle(watch: WatchState, signal: WatchSignal): void;
  /** There is an answer to what these claims asked. */
  onAnswered(call: Call, claims: Iterable<ClaimKey>): void;
  /** Plans all claims of a rule: its triggers and whatever it made before. */
  enqueueRule(policy: ObjectRef, rule: CompiledRule): ClaimKey[];
}

export function createRouter(options: RouterOptions): Router {
  return new SignalRouter(options);
}

class SignalRouter implements Router {
  readonly #options: RouterOptions;
  readonly #reads: ReadRouter;
  readonly #strangers: StrangerRouter;
  readonly #triggers: TriggerRouter;
  /** Targets that a list has shown so far; what is missing when it is whole is gone. */
  readonly #listed = new Map<string, Set<ObjectKey>>();

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#reads = new ReadRouter(options);
    this.#triggers = new TriggerRouter(options);
    this.#strangers = new StrangerRouter({
      inventory: options.world.inventory,
      onChanged: (selection, object) => this.#observe(selection, object),
      onGone: (record) => this.#onTargetGone(record),
    });
  }

  handle({ selection }: WatchState, signal: WatchSignal): void {
    switch (signal.type) {
      case "listing":
        return this.#onListing(selection);
      case "page":
        return this.#onPage(selection, signal.objects);
      case "synced":
        return this.#onSynced(selection, signal.resourceVersion);
      case "changed":
        return this.#onChanged(selection, signal.object);
      case "deleted":
        return this.#onDeleted(selection, signal.object);
    }
  }

  onAnswered(call: Call, claims: Iterable<ClaimKey>): void {
    this.#reads.onAnswered(call, claims);
  }

  #onListing(selection: Selection): void {
    this.#options.world.stores.of(selection)?.clearBuffer();
    this.#listed.delete(selectionKey(selection));
    this.#strangers.onListing(selection);
  }

  #onPage(selection: Selection, objects: readonly KubernetesObject[]): void {
    this.#options.world.stores.of(selection)?.buffer(objects);
    if (!isClusterWide(selection)) return this.#strangers.onPage(selection, objects);
    const listed = this.#listed.get(selectionKey(selection)) ?? new Set();
    this.#listed.set(selectionKey(selection), listed);
    for (const object of objects) {
      listed.add(keyOf(refOf(object)));
      this.#observe(selection, object);
    }
  }

  #onSynced(selection: Selection, asOf: string): void {
    const { world, onSynced } = this.#options;
    const store = world.stores.of(selection);
    const first = store?.synced === false;
    const changes = store?.swap() ?? [];
    world.stores.forgetReplaced(selection);
    this.#onObjectChanges(selection, changes, first ? "list" : "event");
    const held = first ? this.#reads.rulesHeldFor(selection.resource) : [];
    for (const { policy, rule } of held) this.enqueueRule(policy, rule);
    if (isClusterWide(selection)) this.#onTargetsListed(selection, asOf);
    else this.#strangers.onSynced(selection);
    onSynced(selection);
  }

  /** What we wrote after the list was taken is not in it, and of that the watch will tell. */
  #onTargetsListed(selection: Selection, asOf: string): void {
    const { world } = this.#options;
    const listed = this.#listed.get(selectionKey(selection)) ?? new Set();
    this.#listed.delete(selectionKey(selection));
    const key = resourceKey(selection.resource);
    const gone = world.inventory.retain(({ resource, ref, resourceVersion }) => {
      const isLater = Number(resourceVersion) > Number(asOf);
      return resourceKey(resource) === key && !listed.has(keyOf(ref)) && !isLater;
    });
    for (const record of gone) this.#onTargetGone(record);
  }

  #onChanged(selection: Selection, object: KubernetesObject): void {
    const { world } = this.#options;
    const change = world.stores.of(selection)?.set(object);
    if (change?.after !== undefined && world.isMutated(selection.resource))
      world.driftSightings.note(change.after, object, world.now);
    if (change !== undefined) this.#onObjectChanges(selection, [change], "event");
    if (isClusterWide(selection)) this.#observe(selection, object);
    else this.#strangers.onChanged(selection, object);
  }

  #onDeleted(selection: Selection, object: KubernetesObject): void {
    const { world } = this.#options;
    const change = world.stores.of(selection)?.remove(object);
    if (change !== undefined) this.#onObjectChanges(selection, [change], "event");
    if (isClusterWide(selection)) this.#onTargetDeleted(object);
    else this.#strangers.onDeleted(object);
  }

  #onTargetDeleted(object: KubernetesObject): void {
    const { world } = this.#options;
    world.inventory.noteDeleted(keyOf(refOf(object)), object.metadata.uid ?? "");
    const known = world.inventory.get(keyOf(refOf(object)));
    if (known === undefined || known.uid !== object.metadata.uid) return; // another one of that name is there already
    const record = world.inventory.forget(keyOf(refOf(object)));
    if (record !== undefined) this.#onTargetGone(record);
  }

  /** Only what carries marks, or what we already know of, is a target; kinds of targets are watched whole. */
  #observe({ resource, metadataOnly }: Selection, object: KubernetesObject): void {
    const { world } = this.#options;
    if (metadataOnly) return;
    const key = keyOf(refOf(object));
    if (object.metadata.labels?.[TARGET] === undefined && world.inventory.get(key) === undefined) return;
    const before = world.inventory.get(key);
    const record = world.inventory.observe(object, { resource, by: "watch", now: world.now });
    if (record === undefined) return;
    if (record.marks === undefined && !this.#isWanted(key)) world.inventory.forget(key); // a copy, or a forgery
    this.#enqueueTarget(key, [before?.claim, record.claim]);
  }

  /** What is just being made is, though its claim was not planned to the end: the answer may be older than the event. */
  #isWanted(key: ObjectKey): boolean {
    const { claims, inventory } = this.#options.world;
    return claims.wanting(key).size > 0 || inventory.isAnswerExpected(key);
  }

  #onTargetGone(record: TargetRecord): void {
    const key = keyOf(record.ref);
    const { world, repairs } = this.#options;
    const missed = record.marks !== undefined && world.claims.wanting(key).size > 0;
    // what goes with its namespace is no drift
    if (missed && world.hasPlace(record.ref)) repairs.deleted(key, world.now);
    this.#enqueueTarget(key, [record.claim]);
  }

  #enqueueTarget(key: ObjectKey, claims: readonly (ClaimKey | undefined)[]): void {
    const { world, queue } = this.#options;
    for (const claim of new Set([...world.claims.wanting(key), ...claims])) {
      if (claim !== undefined && !world.inventory.isAnswerExpected(key, claim)) queue.add(claim);
    }
  }

  /** Narrow watches tell of what rules read, and of nothing else: all else has a watch of its own. */
  #onObjectChanges(selection: Selection, changes: readonly ObjectChange[], by: "list" | "event"): void {
    const { resource } = selection;
    for (const change of changes) {
      this.#options.world.noteDeparture(change);
      this.#reads.onChange(change, by);
    }
    if (!isClusterWide(selection)) return;
    this.#options.onSystemChange(resource, changes);
    for (const change of changes) {
      const object = change.after ?? change.before;
      const rules = object === undefined ? [] : this.#options.triggeredBy(resource, object, change.before);
      for (const triggered of rules) this.#triggers.onChange(triggered, change, by);
      this.#triggers.onSurroundings(resource, change);
    }
  }

  enqueueRule(policy: ObjectRef, rule: CompiledRule): ClaimKey[] {
    return this.#triggers.enqueueRule(policy, rule);
  }
}
