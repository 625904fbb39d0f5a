/** An offline plan as a value for people and programs: the shape of `-o json`, which only grows. */

import {
  apiVersionOf,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type ObjectRef,
  printRef,
  TARGET,
} from "../object/index.ts";
import { type Failure, isQuestion, isWrite, type Step } from "../plan/index.ts";
import { type ClaimKey, claimRef } from "../state/index.ts";
import { type Change, changesOf, changesTo } from "./changes.ts";
import type { Mask } from "./mask.ts";
import { type OfflinePlan, type PlannedTarget, unmarked } from "./offline-plan.ts";
import type { OfflineWorld } from "./offline-world.ts";

export type Action = "create" | "change" | "delete" | "release" | "none" | "fail";

type Place = { apiVersion: string; kind: string; namespace?: string; name: string };

/** What becomes of one target, and which rule wants it so. */
export type TargetReport = {
  action: Action;
  policy: string;
  rule: string;
  trigger: string;
  target: Place;
  because: string;
  /** Of a failure: a word of the catalogue of reasons. */
  reason?: string;
  /** Of a change: each field. */
  changes?: Change[];
  /** Of a creation: what will be made, without marks. */
  object?: JsonObject;
};

/** A claim of which nobody can say what it wants. */
export type FailureReport = { policy: string; rule: string; trigger: string; reason: string; message: string };

export type Summary = { create: number; change: number; delete: number; release: number; none: number; fail: number };

export type PlanReport = {
  targets: TargetReport[];
  failures: FailureReport[];
  summary: Summary;
  notes: readonly string[];
};

/** `mutations`: what was done to the objects of the files before. */
export function reportPlan(
  world: OfflineWorld,
  plan: OfflinePlan,
  { mask, notes, mutations = [] }: { mask: Mask; notes: readonly string[]; mutations?: readonly TargetReport[] },
): PlanReport {
  const targets = [...mutations, ...plan.targets.map((target) => reportTarget(world, target, mask))];
  const failures = plan.failures.map(({ claim, failure }) => reportFailure(claim, failure, mask));
  return { targets, failures, summary: summarise(targets, failures), notes: plan.atRest ? notes : [...notes, NO_REST] };
}

const NO_REST = "what the rules make triggers rules again without end: the plan stops after ten rounds";

/** 0: nothing to do; 1: something changes; 2: something fails. */
export function exitCodeOf({ summary }: PlanReport): number {
  if (summary.fail > 0) return 2;
  return summary.create + summary.change + summary.delete + summary.release > 0 ? 1 : 0;
}

function reportTarget(world: OfflineWorld, planned: PlannedTarget, mask: Mask): TargetReport {
  const { step, before, desired } = planned;
  const changes = changesIn(planned);
  const isAlike = differsByKeyOnly(planned, changes);
  const action = isAlike ? "none" : actionOf(planned);
  const failure = step.verb === "skip" ? step.failure : undefined;
  return {
    action,
    ...claimOf(planned.claim),
    target: placeOf(world, step.target),
    because: isAlike ? ONLY_KEYED : becauseOf(step, mask),
    ...(failure === undefined ? {} : { reason: failure.reason }),
    ...(action === "change" && before !== undefined && desired !== undefined
      ? { changes: changes.map((change) => masked(change, desired, mask)) }
      : {}),
    ...(action === "create" && step.verb === "apply" ? { object: mask.object(unmarked(step.object)) } : {}),
  };
}

const ONLY_KEYED = "it differs in random values alone, and only the operator knows which those are";

function becauseOf(step: Step, mask: Mask): string {
  return isQuestion(step) ? `only a cluster can tell: ${step.because}` : mask.text(step.because);
}

/** It is ours, and nothing that can be known is to be changed in it. */
function differsByKeyOnly({ step, before, keyed }: PlannedTarget, changes: readonly Change[]): boolean {
  const isCorrection = isWrite(step) && before?.metadata.labels?.[TARGET] !== undefined;
  return isCorrection && step.verb !== "delete" && step.verb !== "release" && keyed.size > 0 && changes.length === 0;
}

function changesIn({ step, before, desired, keyed }: PlannedTarget): Change[] {
  if (before === undefined || desired === undefined) return [];
  const changes = step.verb === "mutate" ? changesTo(before, step.object) : changesOf(before, desired);
  return changes.filter(({ path }) => !keyed.has(path));
}

function actionOf({ step, before }: PlannedTarget): Action {
  switch (step.verb) {
    case "apply":
      return before === undefined ? "create" : "change";
    case "patch":
    case "mutate":
    case "revert":
      return "change";
    case "delete":
    case "release":
      return step.verb;
    case "ask":
    case "read":
      return "none";
    case "skip":
      return step.failure === undefined ? "none" : "fail";
  }
}

function claimOf(key: ClaimKey): { policy: string; rule: string; trigger: string } {
  const { policy, rule, trigger } = claimRef(key);
  return { policy: printRef({ ...policy, group: "" }), rule, trigger: printRef(trigger) };
}

function placeOf(world: OfflineWorld, { group, kind, namespace, name }: ObjectRef): Place {
  const version = world.catalogue.findKind({ group, kind })?.version ?? "";
  return { apiVersion: apiVersionOf(group, version), kind, ...(namespace === "" ? {} : { namespace }), name };
}

function masked({ path, from, to }: Change, { kind }: KubernetesObject, mask: Mask): Change {
  const shown = (value: Json): Json => mask.value(kind, path, value);
  return {
    path,
    ...(from === undefined ? {} : { from: shown(from) }),
    ...(to === undefined ? {} : { to: shown(to) }),
  };
}

function reportFailure(claim: ClaimKey, { reason, message }: Failure, mask: Mask): FailureReport {
  return { ...claimOf(claim), reason, message: mask.text(message) };
}

function summarise(targets: readonly TargetReport[], failures: readonly FailureReport[]): Summary {
  const count = (action: Action): number => targets.filter((target) => target.action === action).length;
  return {
    create: count("create"),
    change: count("change"),
    delete: count("delete"),
    release: count("release"),
    none: count("none"),
    fail: count("fail") + failures.length,
  };
}
