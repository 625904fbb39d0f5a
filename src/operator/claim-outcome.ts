/** What a claim came to: what is remembered of it, who is told, and when it is looked at again. */

import type { Refusal } from "../apply/index.ts";
import { isEqual, type Json, keyOf, type ObjectKey } from "../object/index.ts";
import { type Failure, gatheredBy, type Plan, type Step } from "../plan/index.ts";
import {
  type ClaimFailure,
  type ClaimKey,
  type ClaimState,
  claimRef,
  type Dependency,
  dependsOnNamespace,
  dependsOnQuota,
  type TargetRecord,
} from "../state/index.ts";
import type { ClaimWorkerOptions } from "./claim-options.ts";
import { concludeMutations, leftToRevert, type MutationsDone, mutationsAfter } from "./mutation-outcome.ts";

export type ClaimOutcome = {
  key: ClaimKey;
  /** The last plan: with nothing left to send, unless the rounds are used up. */
  plan: Plan;
  refusals: ReadonlyMap<ObjectKey, Refusal>;
  written: ReadonlySet<ObjectKey>;
  deleted: ReadonlySet<ObjectKey>;
  mutated: MutationsDone;
  /** Something was still to be sent after the last round: somebody or something undoes what is written. */
  exhausted: boolean;
};

/** While the API server does not answer, everything is tried again soon: it costs it nothing. */
export const UNREACHABLE_RETRY = 1_000;

/** Mostly an event comes before: not for what was not accepted, or where only finalizers or owners were changed. */
const AFTER_MUTATIONS = 500;

/** The watch is about to show what had changed; nobody is told of what only the server's bookkeeping shows. */
export const OUTDATED_RETRY = 100;

/** An object that cannot be made ours may change or go without an event that would show it. */
const FOREIGN_RETRY = 300_000;

const NOTHING: ReadonlySet<ObjectKey> = new Set();

export function concludeClaim(options: ClaimWorkerOptions, outcome: ClaimOutcome): void {
  const { world, queue, onPlanned, repairs, permissions, polls } = options;
  const { key, plan } = outcome;
  const { policy, rule } = claimRef(key);
  const before = world.claims.get(key);
  const wanted = before?.wants ?? NOTHING;
  for (const target of outcome.deleted) repairs.forget(target);
  if (plan.calls !== undefined) polls.need(key, plan.calls);
  if (!isUnanswered(plan)) world.progress.get(keyOf(policy))?.get(rule)?.awaited.delete(key);
  options.deepCheck.ended(key);
  for (const heir of plan.heirs) queue.add(heir, "fresh");
  const refusals = [...outcome.refusals.values()];
  if (!refusals.some(({ reason }) => reason === "PermissionMissing")) permissions.forget(key);
  remember(options, outcome, `${keyOf(policy)}\n${rule}`);
  options.pruneGate.note(key, gatheredBy(plan));
  if (plan.kept.length > 0) options.onKept(plan.kept, plan.because);
  tellSharers(options, outcome);
  if (plan.mutations !== undefined || before?.mutations !== undefined) concludeMutations(options, outcome, before);
  giveUp(options, outcome, wanted);
  schedule(options, outcome, refusals);
  onPlanned(keyOf(policy));
}

/** It is planned when what it asked is answered, which takes half a minute at the most. */
function isUnanswered({ fate, calls }: Plan): boolean {
  return fate === "held" && calls !== undefined && calls.length > 0;
}

function remember({ world }: ClaimWorkerOptions, outcome: ClaimOutcome, ruleKey: string): void {
  const { key, plan } = outcome;
  const before = world.claims.get(key);
  const failures = timed(failuresOf(outcome), before);
  const dependencies = dependenciesOf(outcome);
  if (plan.fate === "gone") {
    world.claims.remove(key);
    world.moments.delete(key);
    // it wants nothing any more, but what it made cannot be removed yet: that is told as long as it lasts
    const mutations = before?.mutations === undefined ? undefined : leftToRevert(before.mutations, outcome);
    if (failures.length > 0 || mutations !== undefined) {
      const left = mutations === undefined ? {} : { mutations };
      world.claims.set({ key, wants: new Set(), inSync: 0, failures, gone: true, ...left }, ruleKey, dependencies);
    }
  }
  if (plan.fate !== "desired") return;
  const inSync = plan.steps.filter((step) => step.verb === "skip" && step.inSync).length;
  const idle = plan.idle ? { idle: true } : {};
  const { firstApplied } = plan;
  const time = firstApplied === undefined ? {} : { firstApplied };
  const mutations = plan.mutations === undefined ? {} : { mutations: mutationsAfter(plan.mutations, outcome, before) };
  const state = { key, wants: new Set(plan.wants), inSync, failures, ...idle, ...time, ...mutations };
  world.claims.set(state, ruleKey, [...plan.reads, ...dependencies], plan.looks);
  if (failures.length === 0 && !isWaiting(plan)) world.moments.delete(key);
  else if (world.moments.has(key)) world.moments.settle(key, thereAre(plan));
}

function thereAre({ steps }: Plan): ReadonlySet<ObjectKey> {
  return new Set(steps.flatMap((step) => (step.verb === "skip" && step.inSync ? [keyOf(step.target)] : [])));
}

/** Nothing is wrong, and something is still to come: what is made for a moment is made when that is over. */
function isWaiting({ steps }: Plan): boolean {
  return steps.some((step) => step.verb === "skip" && !step.inSync);
}

/** A failure that goes on keeps its time, so that trying again is nothing new to tell. */
export function timed(failures: readonly Failure[], before: ClaimState | undefined): ClaimFailure[] {
  if (failures.length === 0) return [];
  const now = new Date().toISOString();
  return failures.map((failure) => {
    const known = before?.failures.find(({ time: _time, ...told }) => isEqual(told as Json, failure as Json)); // plain data
    return { ...failure, time: known?.time ?? now };
  });
}

export function failuresOf({ plan, refusals }: ClaimOutcome): Failure[] {
  const ofSteps = plan.steps
    .filter(({ target }) => !refusals.has(keyOf(target))) // told in the server's own words
    .map(failureOf)
    .filter((failure) => failure !== undefined);
  const refused = [...refusals.values()].map(({ reason, message, target }) => ({
    reason,
    message,
    ...(target ? { target } : {}),
  }));
  const shown = refused.filter(({ reason }) => reason !== "NamespaceTerminating"); // it goes by itself
  return [...plan.failures, ...ofSteps, ...shown];
}

/** What may end the refusals. */
export function dependenciesOf({ refusals }: ClaimOutcome): Dependency[] {
  return [...refusals.values()].flatMap(({ heals, target }) => {
    if (target === undefined || target.namespace === "") return [];
    return [dependsOnNamespace(target.namespace), ...(heals === "quota" ? [dependsOnQuota(target.namespace)] : [])];
  });
}

/** Whether others agree with a target shows when its content is another one; and what one could not write they wait for. */
function tellSharers({ world, queue }: ClaimWorkerOptions, { key, written, refusals }: ClaimOutcome): void {
  for (const target of [...written, ...refusals.keys()])
    for (const claim of world.claims.wanting(target)) if (claim !== key) queue.add(claim);
}

/** What it wanted before and does not want now is for others to make, to take over, or to remove. */
function giveUp(
  { world, queue, repairs }: ClaimWorkerOptions,
  { key }: ClaimOutcome,
  wanted: ReadonlySet<ObjectKey>,
): void {
  const wants = world.claims.get(key)?.wants;
  for (const target of wanted) {
    if (wants?.has(target) === true) continue;
    const others = world.claims.wanting(target);
    for (const claim of others) queue.add(claim);
    if (others.size > 0) continue;
    repairs.forget(target); // nobody misses it
    const holder = world.inventory.get(target)?.claim;
    if (holder !== undefined && holder !== key) queue.add(holder);
  }
}

function schedule(options: ClaimWorkerOptions, outcome: ClaimOutcome, refusals: readonly Refusal[]): void {
  const { queue, onQuota } = options;
  const { key, plan, exhausted } = outcome;
  if (refusals.some(({ heals }) => heals === "quota")) onQuota();
  const refused = refusals.some(({ heals }) => heals === "retry" || heals === "quota");
  const strangers = Map.groupBy(strangersOf(options, plan), ({ resource, ref }) => options.isShown(resource, ref.name));
  const [seen = [], unseen = []] = [strangers.get(true), strangers.get(false)];
  const told = new Set(seen.map(({ ref }) => keyOf(ref)));
  const conflicts = plan.steps.some((step) => failureOf(step)?.reason === "Conflict" && !told.has(keyOf(step.target)));
  const failing = exhausted || conflicts || refused || unseen.some(({ deleting }) => deleting);
  if (plan.again !== undefined) queue.addLater(key, plan.again);
  else if (refusals.some(({ reason }) => reason === "Unreachable")) queue.addLater(key, waitOf(refusals));
  else if (outcome.mutated.isOutdated) queue.addLater(key, OUTDATED_RETRY);
  else if (failing) queue.retry(key);
  else if (unseen.length > 0) queue.addLater(key, FOREIGN_RETRY);
  else if (outcome.mutated.done.size > 0) queue.addLater(key, AFTER_MUTATIONS);
  else {
    queue.forgive(key);
    if (plan.isTimed) queue.addLater(key, options.apiCallInterval * (0.9 + Math.random() / 5));
  }
}

/** Objects without our marks that keep a target from being made: they are in the way, or going. */
function strangersOf({ world }: ClaimWorkerOptions, { steps }: Plan): TargetRecord[] {
  return steps.flatMap((step) => {
    const record = world.inventory.get(keyOf(step.target));
    const strange = record !== undefined && record.marks === undefined;
    return strange && (record.deleting || failureOf(step) !== undefined) ? [record] : [];
  });
}

/** As long as the server asked for; spread, so that not all come back at once. */
export function waitOf(refusals: readonly Refusal[]): number {
  const asked = Math.max(...refusals.map(({ retryAfter = 0 }) => retryAfter));
  return Math.max(asked, UNREACHABLE_RETRY) * (1 + Math.random() / 2);
}

function failureOf(step: Step): Failure | undefined {
  return step.verb === "skip" ? step.failure : undefined;
}
