/**
 * Works on one claim: plan, send, fold the answers into what is known, plan again, until there is nothing to send.
 * All that failed is remembered with its reason, and what will make it worth another try.
 */

import { applyStep, explainFailure, neededPermission, type Outcome, type Refusal } from "../apply/index.ts";
import { keyOf, type ObjectKey, printRef, type Resource } from "../object/index.ts";
import { isWrite, type Plan, planClaim, type Step, type WriteStep } from "../plan/index.ts";
import { type ClaimKey, claimRef } from "../state/index.ts";
import type { ClaimWorkerOptions } from "./claim-options.ts";
import { concludeClaim, UNREACHABLE_RETRY } from "./claim-outcome.ts";

export interface ClaimWorker {
  work(key: ClaimKey): Promise<void>;
}

export function createClaimWorker(options: ClaimWorkerOptions): ClaimWorker {
  return { work: (key) => new ClaimRun(options, key).run() };
}

/** More rounds than any correction needs; past them the claim waits its turn like a failing one. */
const ROUNDS = 8;

class ClaimRun {
  readonly #options: ClaimWorkerOptions;
  readonly #key: ClaimKey;
  readonly #refusals = new Map<ObjectKey, Refusal>();
  /** What we deleted ourselves is no drift, whenever its event comes. */
  readonly #deleted = new Set<ObjectKey>();
  readonly #written = new Set<ObjectKey>();

  constructor(options: ClaimWorkerOptions, key: ClaimKey) {
    this.#options = options;
    this.#key = key;
  }

  async run(): Promise<void> {
    const { mayWrite, queue } = this.#options;
    this.#forgetStrangers();
    for (let round = 0; round < ROUNDS; round++) {
      const plan = this.#plan();
      const steps = plan.steps.filter(isWrite).filter((step) => !this.#refusals.has(keyOf(step.target)));
      if (steps.length === 0) return this.#conclude(plan);
      if (!mayWrite()) return queue.addLater(this.#key, UNREACHABLE_RETRY);
      await Promise.all(steps.map((step) => this.#send(step)));
    }
    this.#conclude(this.#plan(), true);
  }

  /**
   * Objects of others are not watched where only marked ones are: what was read of them counts for one run, and is read
   * again in the next, so that a conflict ends when the other object does.
   */
  #forgetStrangers(): void {
    const { world } = this.#options;
    for (const target of world.claims.get(this.#key)?.wants ?? []) {
      const record = world.inventory.get(target);
      if (record !== undefined && record.marks === undefined) world.inventory.forget(target);
    }
  }

  #plan(): Plan {
    const { world, metrics, repairs } = this.#options;
    const end = metrics.plans.startTimer();
    const plan = planClaim(world, this.#key);
    end();
    const { policy, rule } = claimRef(this.#key);
    for (const { target, ...judgement } of plan.judged) {
      world.inventory.judge(keyOf(target), judgement);
      if (judgement.inSync) repairs.settled(keyOf(target), { policy: keyOf(policy), rule, target }, world.now);
    }
    return plan;
  }

  async #send(step: WriteStep): Promise<void> {
    const { client, permissions, metrics } = this.#options;
    const verb = step.verb === "delete" ? "delete" : "patch";
    if (permissions.isKnownMissing(permissionOf(step.resource, step, verb), this.#key)) {
      this.#refuse(step, explainFailure(step, FORBIDDEN, false));
      return;
    }
    const { inventory } = this.#options.world;
    const since = inventory.get(keyOf(step.target))?.pending?.since;
    const deletedMeanwhile = inventory.expectAnswer(keyOf(step.target), this.#key);
    const outcome = await applyStep(client, step);
    metrics.writes.inc({ verb: step.verb, outcome: outcome.type });
    const isOutdated = deletedMeanwhile();
    // an answer older than the deletion that a watch has shown since: planned again, from what is known
    if ("object" in outcome && isOutdated.has(outcome.object.metadata.uid ?? "")) return;
    await this.#absorb(outcome, since);
  }

  /** Each answer is an observation like any event of a watch. */
  async #absorb(outcome: Outcome, since: number | undefined): Promise<void> {
    const { world, log } = this.#options;
    const { step } = outcome;
    const target = keyOf(step.target);
    log.debug(
      {
        claim: this.#key,
        verb: step.verb,
        target: printRef(step.target),
        because: step.because,
        outcome: outcome.type,
      },
      "step",
    );
    switch (outcome.type) {
      case "gone":
        if (step.verb === "delete") this.#deleted.add(target);
        world.inventory.forget(target);
        return;
      case "outdated":
        world.inventory.observe(outcome.object, { resource: step.resource, by: "write", now: world.now });
        return;
      case "written":
        this.#noteWritten(outcome, since);
        return;
      case "failed":
        return this.#noteFailed(step, outcome.failure);
    }
  }

  #noteWritten({ step, object, created }: Extract<Outcome, { type: "written" }>, since: number | undefined): void {
    const { world, repairs } = this.#options;
    const target = keyOf(step.target);
    const before = world.inventory.get(target)?.resourceVersion;
    if (step.verb === "release") {
      world.inventory.forget(target);
      return;
    }
    world.inventory.observe(object, { resource: step.resource, by: "write", now: since ?? world.now });
    this.#written.add(target);
    if (created) repairs.recreated(target);
    const correction = step.verb === "apply" || step.verb === "patch" ? step.correction : undefined;
    if (correction === undefined) return;
    repairs.corrected(target, since ?? world.now, correction);
    // moving ownership is a means, once; another strategy counts as tried when it changed nothing
    const unchanged = before === object.metadata.resourceVersion;
    if (unchanged || correction.strategy === "move" || correction.strategy === "patch-stale") {
      world.inventory.noteTried(target, correction.strategy);
    }
  }

  async #noteFailed(step: WriteStep, failure: Parameters<typeof explainFailure>[1]): Promise<void> {
    const correction = step.verb === "apply" || step.verb === "patch" ? step.correction : undefined;
    if (failure.status === 422 && correction !== undefined && correction.strategy !== "apply") {
      this.#options.world.inventory.noteTried(keyOf(step.target), correction.strategy); // the next one may fit
      return;
    }
    const first = explainFailure(step, failure, undefined);
    const asks = failure.status === 403 && first.reason !== "NamespaceTerminating";
    const missing = asks && (await this.#options.permissions.isMissing(neededPermission(step, failure), this.#key));
    this.#refuse(step, missing ? explainFailure(step, failure, false) : first);
  }

  #refuse(step: WriteStep, refusal: Refusal): void {
    this.#refusals.set(keyOf(step.target), refusal);
  }

  #conclude(plan: Plan, exhausted = false): void {
    concludeClaim(this.#options, {
      key: this.#key,
      plan,
      refusals: this.#refusals,
      written: this.#written,
      deleted: this.#deleted,
      exhausted,
    });
  }
}

/** What stands for the server's answer when a permission is known to be missing and nothing was sent. */
const FORBIDDEN = { status: 403, reason: "Forbidden", message: "", causes: [] };

function permissionOf(
  resource: Resource,
  step: Step,
  verb: string,
): { verb: string; resource: Resource; namespace: string } {
  return { verb, resource, namespace: step.target.namespace };
}
