/** Keeps the watches that run, and the objects that are remembered, as the policies call for. */

import { type Selection, selectionKey } from "../cluster/index.ts";
import { type GroupKind, type KubernetesObject, type ObjectRef, type Resource, resourceKey } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import { kindsOfGoneRules } from "./orphaned-mutations.ts";
import { Strangers, strangersOf } from "./strangers.ts";
import { API_SERVICES, DEFINITIONS, NAMESPACES, QUOTAS } from "./system-resources.ts";
import { TriggerIndex } from "./trigger-index.ts";
import { type RulesByResource, rulesByResource, seenBy, wantedWatches } from "./wanted-watches.ts";
import type { Watches } from "./watches.ts";

export type WatchNeedsOptions = {
  world: ObservedWorld;
  watches: Watches;
  /** Kinds that were ever written. */
  writtenKinds(): readonly GroupKind[];
};

type FoundRules = readonly { policy: ObjectRef; rule: CompiledRule }[];

export class WatchNeeds {
  readonly #options: WatchNeedsOptions;
  #triggered = new TriggerIndex([]);
  #looking: RulesByResource = new Map();
  /** Watches that may not be opened. */
  readonly #refused = new Set<string>();
  #withQuotas = false;
  readonly #strangers = new Strangers();

  constructor(options: WatchNeedsOptions) {
    this.#options = options;
  }

  /** The policies, the kinds that are served or the kinds that were written have changed. */
  update(): void {
    const { world, watches, writtenKinds } = this.#options;
    const policies = [...world.policyStates.values()];
    this.#triggered = new TriggerIndex(policies);
    this.#looking = rulesByResource(policies, (rule) => seenBy(rule).map(({ resource }) => resource));
    const { selections, kept } = wantedWatches({
      system: [
        NAMESPACES,
        DEFINITIONS,
        API_SERVICES,
        ...world.policyResources(),
        ...(this.#withQuotas ? [QUOTAS] : []),
        ...kindsOfGoneRules(world),
      ],
      policies,
      written: writtenKinds(),
      catalogue: world.catalogue,
      read: world.admission.readsOf(policies),
      others: this.#strangers.selections.filter((selection) => !this.#refused.has(selectionKey(selection))),
      isRefused: (selection) => this.#refused.has(selectionKey(selection)),
    });
    world.stores.keep(kept);
    watches.want(selections);
  }

  /** Quotas refused something. */
  watchQuotas(): void {
    if (this.#withQuotas) return;
    this.#withQuotas = true;
    this.update();
  }

  /** Watches what lies unmarked where a target of that name is wanted; true when that is shown, so that nobody need look. */
  watchStrangers(resource: Resource, name: string): boolean {
    if (this.#strangers.add({ resource, name })) this.update();
    return this.#options.watches.stateOf(strangersOf(resource, name))?.synced === true;
  }

  /** Now and then: strangers that are gone, or ours by now, are watched no more. */
  tidy(): void {
    if (this.#strangers.tidy(this.#options.world.inventory.values())) this.update();
  }

  /** What a refused watch would show is watched in parts, as far as that is allowed. */
  noteRefused(selection: Selection, refused: boolean): void {
    const key = selectionKey(selection);
    if (this.#refused.has(key) === refused) return;
    if (refused) this.#refused.add(key);
    else this.#refused.delete(key);
    this.update();
  }

  /** The rules that an object of the resource may trigger, or may have triggered as it was before. */
  triggeredBy(resource: Resource, object: KubernetesObject, before?: KubernetesObject): FoundRules {
    return this.#triggered.rulesFor(resource, object, before);
  }

  /** The rules that its objects may trigger, or that read them besides. */
  lookedAtBy(resource: Resource): FoundRules {
    return this.#looking.get(resourceKey(resource)) ?? [];
  }
}
