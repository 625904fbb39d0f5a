/** What rules read besides their triggers: a change of it concerns the claims that looked at it. */

import { keyOf, type ObjectRef, type Resource, refOf } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import {
  type ClaimKey,
  changesContent,
  claimRef,
  dependsOnObject,
  findRule,
  type ObjectChange,
} from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { KeyedQueue } from "./queue.ts";

export type ReadRouterOptions = {
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  /** A rule and its policy for each resource that it reads besides its triggers. */
  readBy(resource: Resource): readonly { policy: ObjectRef; rule: CompiledRule }[];
};

export class ReadRouter {
  readonly #options: ReadRouterOptions;

  constructor(options: ReadRouterOptions) {
    this.#options = options;
  }

  /** `list`: it was there before we looked. Nobody is asked to look again at what only the server's bookkeeping shows. */
  onChange(change: ObjectChange, by: "list" | "event"): void {
    const { world, queue } = this.#options;
    const object = change.after ?? change.before;
    if (object === undefined) return;
    const dependents = world.claims.dependents(dependsOnObject(refOf(object)));
    if (dependents.size === 0 || !changesContent(change)) return;
    const appeared = by === "event" && change.before === undefined;
    for (const claim of dependents) {
      if (appeared && this.#isMadeOnce(claim)) world.moments.add(claim);
      queue.add(claim);
    }
  }

  /** A list is whole for the first time: rules that were ready by another watch are held since it ended. */
  rulesHeldFor(resource: Resource): readonly { policy: ObjectRef; rule: CompiledRule }[] {
    const { world, readBy } = this.#options;
    return readBy(resource).filter(({ policy, rule }) => world.isReady(keyOf(policy), rule.name));
  }

  #isMadeOnce(claim: ClaimKey): boolean {
    const { policy, rule } = claimRef(claim);
    return findRule(this.#options.world.policyStates.get(keyOf(policy)), rule)?.synchronize === false;
  }
}
