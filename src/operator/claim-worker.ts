/**
 * Works on one claim: plan, send, fold the answers into what is known, plan again, until there is nothing to send.
 * All that failed is remembered with its reason, and what will make it worth another try.
 */

import { applyStep, explainFailure, neededPermission, type Outcome, type Refusal } from "../apply/index.ts";
import type { ClusterClient } from "../cluster/index.ts";
import { keyOf, type ObjectKey, printRef, type Resource } from "../object/index.ts";
import { type Failure, isWrite, type Plan, planClaim, type Step, type WriteStep } from "../plan/index.ts";
import {
  type ClaimFailure,
  type ClaimKey,
  claimRef,
  type Dependency,
  dependsOnNamespace,
  dependsOnQuota,
} from "../state/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { Permissions } from "./permissions.ts";
import type { KeyedQueue } from "./queue.ts";
import type { Repairs } from "./repairs.ts";

export type ClaimWorkerOptions = {
  client: ClusterClient;
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  permissions: Permissions;
  repairs: Repairs;
  metrics: Metrics;
  log: Log;
  /** True while this process may write. */
  mayWrite(): boolean;
  /** Told when a claim came out, so that its policy's status is computed again. */
  onPlanned(policy: ObjectKey): void;
  /** Told when a quota refused something: quotas have to be watched. */
  onQuota(): void;
};

export interface ClaimWorker {
  work(key: ClaimKey): Promise<void>;
}

export function createClaimWorker(options: ClaimWorkerOptions): ClaimWorker {
  return { work: (key) => new ClaimRun(options, key).run() };
}

/** More rounds than any correction needs; past them the claim waits its turn like a failing one. */
const ROUNDS = 8;
/** While the API server does not answer, everything is tried again soon: it costs it nothing. */
const UNREACHABLE_RETRY = 1_000;

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
      if (steps.length === 0) return this.#finish(plan);
      if (!mayWrite()) return queue.addLater(this.#key, UNREACHABLE_RETRY);
      await Promise.all(steps.map((step) => this.#send(step)));
    }
    this.#finish(this.#plan());
    queue.retry(this.#key);
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
    const since = this.#options.world.inventory.get(keyOf(step.target))?.pending?.since;
    const outcome = await applyStep(client, step);
    metrics.writes.inc({ verb: step.verb, outcome: outcome.type });
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

  /** What the claim came to, and when it is looked at again. */
  #finish(plan: Plan): void {
    const { world, queue, onPlanned, repairs } = this.#options;
    for (const target of this.#deleted) repairs.forget(target);
    const { policy, rule } = claimRef(this.#key);
    const ruleKey = `${keyOf(policy)}\n${rule}`;
    world.progress.get(keyOf(policy))?.get(rule)?.awaited.delete(this.#key);
    for (const heir of plan.heirs) queue.add(heir, "fresh");
    const time = new Date().toISOString();
    const failures = this.#failuresOf(plan).map((failure) => ({ ...failure, time }));
    if (plan.fate === "gone") {
      world.claims.remove(this.#key);
      world.moments.delete(this.#key);
      if (failures.length > 0) this.#keepForRemoval(failures, ruleKey);
    }
    if (plan.fate === "desired") {
      const inSync = plan.steps.filter((step) => step.verb === "skip" && step.inSync).length;
      // what cannot be computed just now is still wanted
      const wants =
        plan.failure === undefined ? new Set(plan.wants) : (world.claims.get(this.#key)?.wants ?? new Set());
      const reads = [...plan.reads, ...this.#dependencies()];
      world.claims.set({ key: this.#key, wants, inSync, failures }, ruleKey, reads);
      if (failures.length === 0) world.moments.delete(this.#key);
    }
    this.#tellSharers();
    this.#schedule(plan);
    onPlanned(keyOf(policy));
  }

  /** Whether others still agree with a target shows when its content is another one. */
  #tellSharers(): void {
    const { world, queue } = this.#options;
    for (const target of this.#written)
      for (const claim of world.claims.wanting(target)) if (claim !== this.#key) queue.add(claim);
  }

  /** It wants nothing any more, but what it made cannot be removed yet: that is told as long as it lasts. */
  #keepForRemoval(failures: readonly ClaimFailure[], ruleKey: string): void {
    const state = { key: this.#key, wants: new Set<ObjectKey>(), inSync: 0, failures, gone: true };
    this.#options.world.claims.set(state, ruleKey, this.#dependencies());
  }

  #failuresOf(plan: Plan): Failure[] {
    const ofSteps = plan.steps.map(failureOf).filter((failure) => failure !== undefined);
    const refused = [...this.#refusals.values()].map(({ reason, message, target }) => ({
      reason,
      message,
      ...(target ? { target } : {}),
    }));
    const shown = refused.filter(({ reason }) => reason !== "NamespaceTerminating"); // it goes by itself
    return [...(plan.failure === undefined ? [] : [plan.failure]), ...ofSteps, ...shown];
  }

  #dependencies(): Dependency[] {
    return [...this.#refusals.values()].flatMap(({ heals, target }) => {
      if (target === undefined || target.namespace === "") return [];
      return [dependsOnNamespace(target.namespace), ...(heals === "quota" ? [dependsOnQuota(target.namespace)] : [])];
    });
  }

  #schedule(plan: Plan): void {
    const { queue, onQuota } = this.#options;
    const refusals = [...this.#refusals.values()];
    if (refusals.some(({ heals }) => heals === "quota")) onQuota();
    const conflicts = plan.steps.some((step) => failureOf(step)?.reason === "Conflict");
    if (plan.again !== undefined) queue.addLater(this.#key, plan.again);
    else if (refusals.some(({ reason }) => reason === "Unreachable")) queue.addLater(this.#key, waitOf(refusals));
    else if (conflicts || refusals.some(({ heals }) => heals === "retry" || heals === "quota")) queue.retry(this.#key);
    else queue.forgive(this.#key);
  }
}

/** As long as the server asked for; spread, so that not all come back at once. */
function waitOf(refusals: readonly Refusal[]): number {
  const asked = Math.max(...refusals.map(({ retryAfter = 0 }) => retryAfter));
  return Math.max(asked, UNREACHABLE_RETRY) * (1 + Math.random() / 2);
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

function failureOf(step: Step): Failure | undefined {
  return step.verb === "skip" ? step.failure : undefined;
}
