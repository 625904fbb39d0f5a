/**
 * Works on one claim: plan, send, fold the answers into what is known, plan again, until there is nothing to send.
 * All that failed is remembered with its reason, and what will make it worth another try.
 */

import { applyStep, type Outcome } from "../apply/index.ts";
import { keyOf, type ObjectKey, printRef } from "../object/index.ts";
import {
  type Correction,
  isQuestion,
  isWrite,
  type MutateStep,
  type Plan,
  planClaim,
  type QuestionStep,
  type RevertStep,
  type Step,
  type WriteStep,
} from "../plan/index.ts";
import { type ClaimKey, claimRef, type Meanwhile } from "../state/index.ts";
import { concludeChange } from "./change-outcome.ts";
import type { ClaimWorkerOptions } from "./claim-options.ts";
import { concludeClaim, UNREACHABLE_RETRY } from "./claim-outcome.ts";
import { putQuestion } from "./claim-questions.ts";
import { attemptOf, ClaimRefusals } from "./claim-refusals.ts";
import type { MutationsDone } from "./mutation-outcome.ts";
import type { ObservedWorld } from "./observed-world.ts";

export interface ClaimWorker {
  work(key: ClaimKey): Promise<void>;
}

export function createClaimWorker(options: ClaimWorkerOptions): ClaimWorker {
  return { work: (key) => new ClaimRun(options, key).run() };
}

/** More rounds than any correction needs; past them the claim waits its turn like a failing one. */
const ROUNDS = 12;

class ClaimRun {
  readonly #options: ClaimWorkerOptions;
  readonly #key: ClaimKey;
  readonly #refusals: ClaimRefusals;
  /** What we deleted ourselves is no drift, whenever its event comes. */
  readonly #deleted = new Set<ObjectKey>();
  readonly #written = new Set<ObjectKey>();
  /** Existing objects that were changed or taken back: what is there now the watch will show. */
  readonly #mutated: MutationsDone = { done: new Set(), unaccepted: new Set(), written: new Set(), isOutdated: false };

  constructor(options: ClaimWorkerOptions, key: ClaimKey) {
    this.#options = options;
    this.#key = key;
    this.#refusals = new ClaimRefusals(options, key);
  }

  async run(): Promise<void> {
    const { mayWrite } = this.#options;
    this.#forgetStrangers();
    for (let round = 0; round < ROUNDS; round++) {
      const plan = this.#plan();
      const steps = plan.steps.filter(isRequest).filter((step) => !this.#isAnswered(step));
      if (steps.length === 0) return this.#conclude(plan);
      if (!mayWrite()) return this.#wait();
      await Promise.all(steps.map((step) => (isQuestion(step) ? this.#ask(step) : this.#send(step))));
      if (steps.every(isMutation)) return this.#conclude(plan); // what came of it the watches show
    }
    this.#conclude(this.#plan(), true);
  }

  #isAnswered({ target }: Step): boolean {
    const key = keyOf(target);
    return this.#refusals.all.has(key) || this.#mutated.done.has(key);
  }

  #wait(): void {
    const { queue, deepCheck } = this.#options;
    deepCheck.ended(this.#key); // it is for who holds the Lease
    queue.addLater(this.#key, UNREACHABLE_RETRY);
  }

  /** What no watch shows was read for one run, and is read again in the next, so that a conflict ends by itself. */
  #forgetStrangers(): void {
    const { world, isShown } = this.#options;
    for (const target of world.claims.get(this.#key)?.wants ?? []) {
      const record = world.inventory.get(target);
      if (record === undefined || record.marks !== undefined) continue;
      const known = record.pending !== undefined && isShown(record.resource, record.ref.name);
      if (!known) world.inventory.forget(target);
    }
  }

  #plan(): Plan {
    const { metrics, world } = this.#options;
    const end = metrics.plans.startTimer();
    const plan = planClaim(world, this.#key);
    end();
    for (const judged of plan.judged) this.#judge(judged);
    return plan;
  }

  #judge({ target, ...judgement }: Plan["judged"][number]): void {
    const { world, repairs, deepCheck } = this.#options;
    const key = keyOf(target);
    if (!judgement.inSync && this.#refusals.hasSetback(key)) return; // told in the server's words, which may be others next time
    world.inventory.judge(key, judgement);
    const { policy: ref, rule } = claimRef(this.#key);
    const policy = keyOf(ref);
    if (judgement.inSync) repairs.settled(key, { policy, rule, target }, world.now);
    deepCheck.note({ policy, claim: this.#key, target: key }, judgement.checked);
  }

  async #ask(step: QuestionStep): Promise<void> {
    this.#logStep(step);
    const refusal = await putQuestion(this.#options, this.#key, step);
    if (refusal !== undefined) this.#refusals.add(step, refusal);
  }

  async #send(step: WriteStep): Promise<void> {
    const { client, metrics, world } = this.#options;
    const { inventory } = world;
    if (this.#refusals.isForbidden(step)) return;
    const known = inventory.get(keyOf(step.target));
    const before = { since: known?.pending?.since, resourceVersion: known?.resourceVersion };
    const answered = inventory.expectAnswer(keyOf(step.target), this.#key);
    if (step.verb === "mutate") this.#noteDrift(step);
    const outcome = await applyStep(client, step);
    metrics.writes.inc({ verb: step.verb, outcome: outcome.type });
    const meanwhile = answered();
    if (step.verb === "mutate" || step.verb === "revert") return this.#noteMutated(step, outcome);
    // an answer older than the deletion that a watch has shown since: planned again, from what is known
    if ("object" in outcome && meanwhile.deleted.has(outcome.object.metadata.uid ?? "")) return;
    await this.#absorb(outcome, before);
    if (isChangedByOthers(outcome, meanwhile)) inventory.startAnew(keyOf(step.target));
  }

  /** Nothing is concluded from the answer but that there is one: the next plan sees the object as a watch shows it. */
  async #noteMutated(step: MutateStep | RevertStep, outcome: Outcome): Promise<void> {
    const target = keyOf(step.target);
    this.#logStep(step, outcome.type);
    if (outcome.type === "failed") return this.#refusals.noteFailed(step, outcome.failure);
    this.#mutated.done.add(target);
    if (outcome.type === "written") this.#options.changes.noteMutated(this.#key, target);
    if (outcome.type === "outdated") this.#mutated.isOutdated = true;
    if (outcome.type !== "written" || step.verb !== "mutate") return;
    const { world, repairs } = this.#options;
    if (outcome.object.metadata.resourceVersion === step.precondition.resourceVersion)
      return void this.#mutated.unaccepted.add(target);
    this.#mutated.written.add(target);
    const correction = correctionOf(world, step);
    if (correction !== undefined) repairs.corrected(target, world.now, correction);
  }

  /** It counts from when it was first seen, though the write may come too late, and be made again. */
  #noteDrift(step: MutateStep): void {
    const { world, repairs } = this.#options;
    const correction = correctionOf(world, step);
    if (correction === undefined) return;
    repairs.noticed(keyOf(step.target), world.driftSightings.sinceOf(step) ?? world.now, correction);
  }

  /** Each answer is an observation like any event of a watch. */
  async #absorb(outcome: Outcome, before: Before): Promise<void> {
    const { world } = this.#options;
    const { step } = outcome;
    const target = keyOf(step.target);
    this.#logStep(step, outcome.type);
    switch (outcome.type) {
      case "gone":
        if (step.verb === "delete") this.#deleted.add(target);
        world.inventory.forget(target);
        return;
      case "outdated":
        world.inventory.observe(outcome.object, { resource: step.resource, by: "write", now: world.now });
        return;
      case "written":
        this.#noteWritten(outcome, before);
        return;
      case "failed":
        return this.#refusals.noteFailed(step, outcome.failure);
    }
  }

  #noteWritten({ step, object, created }: Extract<Outcome, { type: "written" }>, before: Before): void {
    const { world, repairs } = this.#options;
    const target = keyOf(step.target);
    const since = before.since ?? world.now;
    if (step.verb === "release") {
      world.inventory.forget(target);
      return;
    }
    const by = created ? "creation" : "write";
    world.inventory.observe(object, { resource: step.resource, by, now: since });
    this.#written.add(target);
    if (created) repairs.recreated(target);
    const unchanged = before.resourceVersion === object.metadata.resourceVersion;
    const attempt = attemptOf(step);
    if (attempt !== undefined && (attempt.once || unchanged)) world.inventory.noteTried(target, attempt.strategy);
    if ("correction" in step) repairs.corrected(target, since, step.correction);
  }

  #logStep(step: Step, outcome?: Outcome["type"]): void {
    const { verb, because } = step;
    this.#options.log.debug({ claim: this.#key, verb, target: printRef(step.target), because, outcome }, "step");
  }

  #conclude(plan: Plan, exhausted = false): void {
    for (const step of plan.steps)
      if (step.verb === "skip" && step.failure !== undefined) this.#refusals.tellSetback(step);
    const { world } = this.#options;
    const conclude = world.changeOf(this.#key) === undefined ? concludeClaim : concludeChange;
    conclude(this.#options, {
      key: this.#key,
      plan,
      refusals: this.#refusals.all,
      written: this.#written,
      deleted: this.#deleted,
      mutated: this.#mutated,
      exhausted,
    });
  }
}

/** What was known of a target when its request was sent. */
type Before = { since: number | undefined; resourceVersion: string | undefined };

/** The change that is our own write is in its answer. */
function isChangedByOthers(outcome: Outcome, { changed }: Meanwhile): boolean {
  const own = outcome.type === "written" ? outcome.object.metadata.resourceVersion : undefined;
  return [...changed].some((resourceVersion) => resourceVersion !== own);
}

function isRequest(step: Step): step is WriteStep | QuestionStep {
  return isWrite(step) || isQuestion(step);
}

/** What a mutation puts right, with who says to have written it: the object as it is kept does not tell that. */
function correctionOf({ driftSightings }: ObservedWorld, step: MutateStep): Correction | undefined {
  if (step.correction === undefined) return undefined;
  const manager = driftSightings.writerOf(step);
  return { ...step.correction, ...(manager === undefined ? {} : { manager }) };
}

function isMutation({ verb }: Step): boolean {
  return verb === "mutate" || verb === "revert";
}
