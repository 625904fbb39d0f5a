/** The status of a policy from figures: pure, so that "nothing changed, nothing written" is a comparison. */

import { apiVersionOf, isEqual, type Json, type ObjectRef } from "../object/index.ts";
import {
  type Condition,
  type ConditionType,
  type Issue,
  type PolicyStatus,
  printIssue,
  type Reason,
} from "../policy/index.ts";

export type RuleFigures = {
  name: string;
  type: string;
  triggers: number;
  desired: number;
  inSync: number;
  failed: number;
};

export type PolicyFigures = {
  generation: number;
  issues: readonly Issue[];
  /** What keeps it from being served at all, such as a watch that is refused. */
  blocked: readonly { reason: Reason; message: string }[];
  /** Kinds of match that nobody serves, while others are. */
  notes: readonly string[];
  /** Claims that were not planned since the policy appeared or changed. */
  awaited: number;
  ready: boolean;
  /** What it waits for besides, in words. */
  waiting?: string | undefined;
  /** Objects that at least one rule applies to: one that five rules apply to counts once. */
  triggers: number;
  rules: readonly RuleFigures[];
  failures: NonNullable<PolicyStatus["failures"]>;
  drifts: NonNullable<PolicyStatus["drifts"]>;
  corrected: number;
  /** Targets that were not compared with a fresh object since the start. */
  deepCheckPending: number;
};

const EXAMPLES = 10;

/** `before` is the stored status: a condition that did not turn keeps its time. */
export function statusOf(figures: PolicyFigures, before: PolicyStatus | undefined, now: string): PolicyStatus {
  const { triggers, corrected, deepCheckPending } = figures;
  const desired = sum(figures.rules, "desired");
  const inSync = sum(figures.rules, "inSync");
  const conditions = [
    readyCondition(figures),
    inSyncCondition(figures),
    reconciling(figures),
    stalled(figures),
    permissions(figures),
  ];
  return {
    mode: "Correct",
    observedGeneration: figures.generation,
    conditions: conditions.map((condition) =>
      withTime({ ...condition, observedGeneration: figures.generation }, before, now),
    ),
    summary: {
      ...{ triggers, desired, inSync, corrected, ratio: `${inSync}/${desired}` },
      ...(deepCheckPending === 0 ? {} : { deepCheckPending }),
    },
    rules: figures.rules.map((rule) => ({ ...rule })),
    failures: figures.failures
      .slice(0, EXAMPLES)
      .map((failure) => ({ ...failure, message: shortened(failure.message) })),
    drifts: figures.drifts.slice(0, EXAMPLES),
  };
}

/** Whether a status says anything new; the times of failures alone are nothing new, nor is how far the deep check has come. */
export function isSameStatus(a: PolicyStatus | undefined, b: PolicyStatus): boolean {
  return a !== undefined && isEqual(withoutTimes(a), withoutTimes(b));
}

function withoutTimes(status: PolicyStatus): Json {
  const failures = (status.failures ?? []).map(({ time: _time, ...failure }) => failure);
  const { deepCheckPending, ...summary } = status.summary ?? {};
  const told = { ...status, failures, summary: { ...summary, deepCheckPending: deepCheckPending !== undefined } };
  return JSON.parse(JSON.stringify(told)) as Json; // plain JSON, without undefined
}

export function objectReference({ group, kind, namespace, name }: ObjectRef, version: string) {
  return { apiVersion: apiVersionOf(group, version), kind, name, ...(namespace === "" ? {} : { namespace }) };
}

type Told = Pick<Condition, "type" | "status" | "reason" | "message">;

function readyCondition(figures: PolicyFigures): Told {
  const { issues, blocked, ready, waiting, awaited, notes } = figures;
  const [issue] = issues;
  if (issue !== undefined) {
    const reason = issue.code === "UnsupportedField" ? "UnsupportedField" : "InvalidPolicy";
    return told("Ready", "False", reason, issues.map(printIssue).join("; "));
  }
  const [first] = blocked;
  if (first !== undefined)
    return told("Ready", "False", first.reason, blocked.map(({ message }) => message).join("; "));
  if (!ready) return told("Ready", "False", "Planning", "its watches are being started");
  if (waiting !== undefined) return told("Ready", "False", "Planning", waiting);
  if (awaited > 0) return told("Ready", "False", "Planning", `${awaited} triggers are still to be planned`);
  return told("Ready", "True", "Planned", [summaryOf(figures), ...notes].join("; "));
}

function summaryOf({ rules, failures, triggers }: PolicyFigures): string {
  const desired = sum(rules, "desired");
  const inSync = sum(rules, "inSync");
  const failing = failures.length === 0 ? "" : `; ${failures[0]?.reason}: ${failures[0]?.message}`;
  return `${inSync} of ${desired} objects in sync for ${triggers} ${triggers === 1 ? "trigger" : "triggers"}${failing}`;
}

function inSyncCondition({ issues, rules, failures, awaited, ready }: PolicyFigures): Told {
  const [failure] = failures;
  if (failure !== undefined) return told("InSync", "False", failure.reason, failure.message);
  if (issues.length > 0 || !ready || awaited > 0)
    return told("InSync", "Unknown", "Planning", "not every trigger was planned yet");
  const drifting = sum(rules, "desired") - sum(rules, "inSync");
  if (drifting > 0) return told("InSync", "False", "Correcting", `${drifting} objects are being put right`);
  return told("InSync", "True", "AllInSync", "every object is as desired");
}

function reconciling({ issues, blocked, ready, awaited }: PolicyFigures): Told {
  const busy = issues.length === 0 && blocked.length === 0 && (!ready || awaited > 0);
  return busy
    ? told("Reconciling", "True", "Planning", "the current generation is being planned")
    : told("Reconciling", "False", "Planned", "the current generation was planned");
}

function stalled({ issues }: PolicyFigures): Told {
  const [issue] = issues;
  if (issue === undefined) return told("Stalled", "False", "Progressing", "nothing holds it up");
  return told("Stalled", "True", "InvalidPolicy", printIssue(issue));
}

function permissions({ failures, blocked }: PolicyFigures): Told {
  const missing = [...blocked, ...failures].find(({ reason }) => reason === "PermissionMissing");
  return missing === undefined
    ? told("PermissionsGranted", "True", "Granted", "nothing was refused for want of a permission")
    : told("PermissionsGranted", "False", "PermissionMissing", missing.message);
}

function told(type: ConditionType, status: Told["status"], reason: Reason, message: string): Told {
  return { type, status, reason, message: shortened(message) };
}

/** Many issues, or a server's long words, must not make a status of unbounded size. */
const LONGEST = 2_048;

function shortened(message: string): string {
  return message.length > LONGEST ? `${message.slice(0, LONGEST - 3)}...` : message;
}

function withTime(
  condition: Omit<Condition, "lastTransitionTime">,
  before: PolicyStatus | undefined,
  now: string,
): Condition {
  const known = before?.conditions?.find(({ type }) => type === condition.type);
  const lastTransitionTime = known?.status === condition.status ? known.lastTransitionTime : now;
  return { ...condition, lastTransitionTime };
}

function sum(rules: readonly RuleFigures[], field: "desired" | "inSync"): number {
  return rules.reduce((total, rule) => total + rule[field], 0);
}
