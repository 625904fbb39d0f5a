/** When a rule may be planned: all that it looks at is watched, and what has to survive a restart is stored. */

import { type Selection, selectionKey } from "../cluster/index.ts";
import { keyOf, type ObjectKey } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import { findRule, type PolicyState } from "../state/index.ts";
import type { Lease } from "./lease.ts";
import { isMadeOnce, type Moments } from "./moments.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { Router } from "./router.ts";
import { isServed } from "./served-rules.ts";
import { DEFINITIONS, NAMESPACES } from "./system-resources.ts";
import { rulesOf, seenBy, selectionsOf } from "./wanted-watches.ts";
import type { Watches } from "./watches.ts";

export type ReadinessOptions = { world: ObservedWorld; watches: Watches; router: Router; moments: Moments };

export class Readiness {
  readonly #world: ObservedWorld;
  readonly #watches: Watches;
  readonly #router: Router;
  readonly #stored = new Set<ObjectKey>();
  readonly #moments: Moments;
  readonly #unplanned = new Set<ObjectKey>();

  constructor({ world, watches, router, moments }: ReadinessOptions) {
    this.#world = world;
    this.#watches = watches;
    this.#router = router;
    this.#moments = moments;
  }

  /** Before anything is stored about the policy as it is now. */
  noteNewRules(state: PolicyState): void {
    this.#stored.delete(keyOf(state.ref));
    this.#moments.noteNewRules(state);
  }

  /** The Lease was got, with what the one before had written there: rules that were ready already are looked at again. */
  takeOver({ found, heldByOthers }: Pick<Lease, "found" | "heldByOthers">): void {
    if (!this.#moments.takeOver(found, heldByOthers)) return;
    for (const [key, state] of this.#world.policyStates)
      for (const rule of rulesOf([state]))
        if (isMadeOnce(rule) && this.#world.isReady(key, rule.name))
          this.#moments.noteReady(state, rule, this.#router.enqueueRule(state.ref, rule));
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
        this.#moments.noteReady(state, rule, progress.awaited);
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

  #isWatched(rule: CompiledRule): boolean {
    const kept = seenBy(rule).every((selection) => this.#world.objectsOf(selection)?.synced === true);
    return isServed(rule) && kept && selectionsOf(rule).every((selection) => this.#isSynced(selection));
  }

  #isSynced(selection: Selection): boolean {
    return this.#watches.stateOf(selection)?.synced === true;
  }
}
