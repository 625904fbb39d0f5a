/** What a change of an object that rules look at means for their claims: which have to be planned, and how soon. */

import { isBeingDeleted, keyOf, type ObjectRef, type Resource, refOf } from "../object/index.ts";
import { whyNotSelected } from "../plan/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import {
  type ClaimKey,
  changesContent,
  claimKey,
  dependsOnNamespace,
  dependsOnQuota,
  type ObjectChange,
} from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { KeyedQueue } from "./queue.ts";
import type { Repairs } from "./repairs.ts";
import type { SeenChanges } from "./seen-changes.ts";
import type { TriggeredRule } from "./trigger-index.ts";

export type TriggerRouterOptions = {
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  repairs: Repairs;
  changes: SeenChanges;
};

export class TriggerRouter {
  readonly #options: TriggerRouterOptions;

  constructor(options: TriggerRouterOptions) {
    this.#options = options;
  }

  /** `by`: what the first list shows is no change to rules about changes. */
  onChange({ policy, rule }: TriggeredRule, change: ObjectChange, by: "list" | "event"): void {
    const { world, queue, changes } = this.#options;
    const { before, after } = change;
    if (rule.changes !== undefined) {
      if (by === "event") changes.note(policy, rule, change);
      return;
    }
    const object = after ?? before;
    if (object === undefined) return;
    const key = claimKey({ policy, rule: rule.name, trigger: refOf(object) });
    const selected = after !== undefined && !isBeingDeleted(after) && whyNotSelected(world, rule, after) === undefined;
    const known = world.claims.get(key) !== undefined || world.inventory.ofClaim(key, undefined).size > 0;
    if (!selected && !known) return;
    const needsMoment = !rule.synchronize || rule.newSince !== undefined;
    if (by === "event" && needsMoment && changesContent(change)) world.moments.add(key);
    queue.add(key, by === "event" && before === undefined ? "fresh" : "resync");
  }

  /** What lies in a namespace waits for it, and for its quotas. */
  onSurroundings({ group, kind }: Resource, change: ObjectChange): void {
    if (group !== "") return;
    if (kind === "Namespace") this.#onNamespaceChange(change);
    if (kind === "ResourceQuota") this.#onQuotaChange(change);
  }

  /** Targets lie in it, and rules may look at its labels. */
  #onNamespaceChange({ before, after }: ObjectChange): void {
    const { world, queue, repairs } = this.#options;
    const name = (after ?? before)?.metadata.name ?? "";
    const stays = after !== undefined && !isBeingDeleted(after) && before?.metadata.uid === after.metadata.uid;
    if (!stays) repairs.forgetIn(name); // its event may come after those of what lay in it
    for (const claim of world.claims.dependents(dependsOnNamespace(name))) queue.add(claim);
    for (const state of world.policyStates.values()) {
      if (state.phase !== "compiled") continue;
      for (const rule of state.compiled.rules) if (rule.readsNamespace) this.#enqueueTriggersIn(name, state.ref, rule);
    }
  }

  #enqueueTriggersIn(namespace: string, policy: ObjectRef, rule: CompiledRule): void {
    const { world, queue } = this.#options;
    for (const resource of statesOf(rule)) {
      for (const trigger of world.objects(resource, rule)?.inNamespace(namespace) ?? []) {
        queue.add(claimKey({ policy, rule: rule.name, trigger: refOf(trigger) }));
      }
    }
  }

  #onQuotaChange({ before, after }: ObjectChange): void {
    const { world, queue } = this.#options;
    const namespace = (after ?? before)?.metadata.namespace ?? "";
    for (const claim of world.claims.dependents(dependsOnQuota(namespace))) {
      queue.forgive(claim); // the server may refuse once more on what it remembers of the old quota
      queue.add(claim);
    }
  }

  enqueueRule(policy: ObjectRef, rule: CompiledRule): ClaimKey[] {
    const { world, queue } = this.#options;
    const keys = new Set<ClaimKey>(world.claims.ofRule(`${keyOf(policy)}\n${rule.name}`));
    for (const resource of statesOf(rule)) {
      for (const trigger of world.objects(resource, rule)?.values() ?? []) {
        if (whyNotSelected(world, rule, trigger) === undefined)
          keys.add(claimKey({ policy, rule: rule.name, trigger: refOf(trigger) }));
      }
    }
    for (const key of keys) queue.add(key);
    return [...keys];
  }
}

/** Edge rules are about no state of their triggers. */
function statesOf({ changes, triggers }: CompiledRule): readonly Resource[] {
  return changes === undefined ? triggers : [];
}
