/** What rules read besides their triggers: a change of it concerns the claims that looked at it. */

import { groupKindKey, isEqual, keyOf, type ObjectRef, type Resource, refOf } from "../object/index.ts";
import type { Call, CompiledRule } from "../rule/index.ts";
import {
  answersAbout,
  type ClaimKey,
  changesContent,
  changesHolds,
  claimRef,
  dependsOnCall,
  dependsOnList,
  dependsOnObject,
  findRule,
  isAnsweredOtherwise,
  type ObjectChange,
} from "../state/index.ts";
import { AnswerChecks } from "./answer-checks.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { KeyedQueue } from "./queue.ts";
import { readsStatus } from "./reads-status.ts";

export type ReadRouterOptions = {
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  /** A rule and its policy for each resource that it looks at: of its triggers, and of what it reads besides. */
  lookedAtBy(resource: Resource): readonly { policy: ObjectRef; rule: CompiledRule }[];
};

export class ReadRouter {
  readonly #options: ReadRouterOptions;
  readonly #answers: AnswerChecks;

  constructor(options: ReadRouterOptions) {
    this.#options = options;
    this.#answers = new AnswerChecks({ world: options.world, onOtherAnswer: (claim) => this.#onOtherAnswer(claim) });
  }

  /** `list`: it was there before we looked. Nobody is asked to look again at what only the server's bookkeeping shows. */
  onChange(change: ObjectChange, by: "list" | "event"): void {
    const { world, queue } = this.#options;
    const object = change.after ?? change.before;
    if (object === undefined) return;
    const ref = refOf(object);
    for (const answer of answersAbout(ref)) this.#answers.onChange(answer);
    const reads = [dependsOnObject(ref), dependsOnList(ref, ref.namespace), dependsOnList(ref, undefined)];
    const found = reads.flatMap((read) => [...world.claims.dependents(read)]);
    if (found.length === 0) return;
    const dependents = changesContent(change) ? found : this.#mutatorsAmong(found, ref, change);
    const appeared = by === "event" && mayAppear(change);
    for (const claim of dependents) {
      if (appeared && this.#isMadeOnce(claim))
        world.moments.addSource(
          claim,
          keyOf(ref),
          change.before === undefined ? undefined : world.claims.get(claim)?.wants,
        );
      queue.add(claim);
    }
  }

  /** Who keeps objects of the kind may have set what nobody else looks at. */
  #mutatorsAmong(claims: readonly ClaimKey[], ref: ObjectRef, change: ObjectChange): readonly ClaimKey[] {
    const { world } = this.#options;
    if (!world.isMutated(ref)) return [];
    const isHeldOtherwise = changesHolds(change);
    if (!isHeldOtherwise && !world.kindsWithStatus.has(groupKindKey(ref))) return [];
    return claims.filter((claim) => {
      const { policy, rule: name } = claimRef(claim);
      const rule = findRule(world.policyStates.get(keyOf(policy)), name);
      return rule !== undefined && ((isHeldOtherwise && rule.existing !== undefined) || readsStatus(rule));
    });
  }

  /** A call has an answer: only those that had another one, or none, are planned again. */
  onAnswered(call: Call, claims: Iterable<ClaimKey>): void {
    const { world, queue } = this.#options;
    const dependency = dependsOnCall(call);
    for (const claim of claims) {
      const looks = world.claims.looksOf(claim).filter((look) => look.dependency === dependency);
      if (looks.length === 0) queue.add(claim);
      else if (looks.some((look) => isAnsweredOtherwise(world, look))) this.#onOtherAnswer(claim);
    }
  }

  /** What is made once waited for the answer, if there was none before. */
  #onOtherAnswer(claim: ClaimKey): void {
    const { world, queue } = this.#options;
    const failures = world.claims.get(claim)?.failures ?? [];
    const waited = failures.some(({ reason }) => reason === "ContextMissing");
    if (waited && this.#isMadeOnce(claim)) world.moments.add(claim);
    queue.add(claim);
  }

  /** A list is whole for the first time: rules that were ready by another watch are held since it ended. */
  rulesHeldFor(resource: Resource): readonly { policy: ObjectRef; rule: CompiledRule }[] {
    const { world, lookedAtBy } = this.#options;
    return lookedAtBy(resource).filter(({ policy, rule }) => world.isReady(keyOf(policy), rule.name));
  }

  #isMadeOnce(claim: ClaimKey): boolean {
    const { policy, rule } = claimRef(claim);
    return findRule(this.#options.world.policyStates.get(keyOf(policy)), rule)?.synchronize === false;
  }
}

/** What has other labels may be new to who selects by them. */
function mayAppear({ before, after }: ObjectChange): boolean {
  if (before === undefined || after === undefined) return before === undefined;
  return !isEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {});
}
