/** When a rule may be planned: all that it looks at is watched, and what has to survive a restart is stored. */

import { type Selection, selectionKey } from "../cluster/index.ts";
import { type KubernetesObject, keyOf, type ObjectKey } from "../object/index.ts";
import { objectsReadBy } from "../plan/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import { type ClaimKey, claimRef, findRule, type PolicyState } from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { Router } from "./router.ts";
import { DEFINITIONS, NAMESPACES } from "./system-resources.ts";
import { seenBy, selectionsOf } from "./wanted-watches.ts";
import type { Watches } from "./watches.ts";

export class Readiness {
  readonly #world: ObservedWorld;
  readonly #watches: Watches;
  readonly #router: Router;
  readonly #stored = new Set<ObjectKey>();
  /** Rules that nothing was stored about when they were first seen: for them, every trigger is new. */
  readonly #newRules = new Set<string>();
  readonly #unplanned = new Set<ObjectKey>();
  /** Until when the holder of the Lease before us saw everything. */
  seenUntil: Date | undefined;

  constructor(world: ObservedWorld, watches: Watches, router: Router) {
    this.#world = world;
    this.#watches = watches;
    this.#router = router;
  }

  /** Before anything is stored about the policy as it is now. */
  noteNewRules(state: PolicyState): void {
    const key = keyOf(state.ref);
    this.#stored.delete(key);
    for (const rule of this.#newRules) if (rule.startsWith(`${key}\n`)) this.#newRules.delete(rule);
    const known = this.#world.policies.disposalOf(key)?.rules ?? {};
    if (state.phase !== "compiled") return;
    for (const { name } of state.compiled.rules) if (!Object.hasOwn(known, name)) this.#newRules.add(`${key}\n${name}`);
  }

  noteStored(policy: ObjectKey): void {
    this.#stored.add(policy);
  }

  /** Starts what has become ready; the policies of which something did. */
  refresh(): ObjectKey[] {
    if (![NAMESPACES, DEFINITIONS].every((resource) => this.#isSynced({ resource }))) return [];
    const started: ObjectKey[] = [];
    for (const [key, state] of this.#world.policyStates) {
      if (!this.#stored.has(key)) continue;
      for (const [name, progress] of this.#world.progress.get(key) ?? []) {
        const rule = findRule(state, name);
        if (progress.ready || rule === undefined || !this.#isWatched(rule)) continue;
        progress.ready = true;
        progress.awaited = new Set(this.#router.enqueueRule(state.ref, rule));
        this.#noteMoments(key, rule, progress.awaited);
        this.#unplanned.add(key);
        started.push(key);
      }
    }
    return started;
  }

  /** It may not be watched: nobody waits for the rules that look at it. True when that is new for one of them. */
  noteForbidden(selection: Selection): boolean {
    const key = selectionKey(selection);
    const isIt = (wanted: Selection): boolean => {
      const serving = this.#watches.stateOf(wanted);
      return serving !== undefined && selectionKey(serving.selection) === key;
    };
    let isNew = false;
    for (const [key, state] of this.#world.policyStates) {
      for (const [name, progress] of this.#world.progress.get(key) ?? []) {
        const rule = findRule(state, name);
        if (rule === undefined || progress.stuck || !seenBy(rule).some(isIt)) continue;
        progress.stuck = true;
        isNew = true;
      }
    }
    return isNew;
  }

  /** True once, when the last claim of a policy that had to be planned was planned. */
  becamePlanned(policy: ObjectKey): boolean {
    const rules = [...(this.#world.progress.get(policy)?.values() ?? [])];
    return rules.every(({ awaited }) => awaited.size === 0) && this.#unplanned.delete(policy);
  }

  /** What is made once is made for every trigger of a new rule, and else for triggers and sources that are new as well. */
  #noteMoments(policy: ObjectKey, rule: CompiledRule, claims: ReadonlySet<ClaimKey>): void {
    if (rule.synchronize) return;
    const isNew = this.#newRules.delete(`${policy}\n${rule.name}`);
    for (const claim of claims) {
      const trigger = this.#triggerOf(rule, claim);
      const isMoment =
        trigger !== undefined && (isNew || this.#isUnseen(trigger) || this.#hasUnseenSource(rule, claim));
      if (isMoment) this.#world.moments.add(claim);
    }
  }

  #hasUnseenSource({ reads }: CompiledRule, claim: ClaimKey): boolean {
    return reads.length > 0 && objectsReadBy(this.#world, claim).some((source) => this.#isUnseen(source));
  }

  #isUnseen({ metadata }: KubernetesObject): boolean {
    // a creation time has no fractions of a second: the last second counts as not seen
    const created = new Date(metadata.creationTimestamp ?? 0).getTime() + 1_000;
    return this.seenUntil !== undefined && created > this.seenUntil.getTime();
  }

  #triggerOf(rule: CompiledRule, claim: ClaimKey): KubernetesObject | undefined {
    const { trigger } = claimRef(claim);
    const resource = rule.triggers.find(({ group, kind }) => group === trigger.group && kind === trigger.kind);
    return resource === undefined ? undefined : this.#world.objects(resource)?.get(keyOf(trigger));
  }

  #isWatched(rule: CompiledRule): boolean {
    const known = rule.triggers.length > 0 && rule.targets.length > 0;
    const kept = seenBy(rule).every((selection) => this.#world.objectsOf(selection)?.synced === true);
    return known && kept && selectionsOf(rule).every((selection) => this.#isSynced(selection));
  }

  #isSynced(selection: Selection): boolean {
    return this.#watches.stateOf(selection)?.synced === true;
  }
}
