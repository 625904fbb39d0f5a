/** A plan as text: by policy, what is made, changed and deleted, and why. */

import { dump } from "js-yaml";
import type { Json } from "../object/index.ts";
import type { Change } from "./changes.ts";
import type { Action, FailureReport, PlanReport, Summary, TargetReport } from "./plan-report.ts";

const SIGNS: { readonly [action in Action]: string } = {
  create: "+ create",
  change: "~ change",
  delete: "- delete",
  release: "- release",
  none: "  keep",
  fail: "! fail",
};

/** Ends in a line break. What needs no word is left out, but counted. */
export function printPlan({ targets, failures, summary, notes }: PlanReport): string {
  const shown = targets.filter(({ action }) => action !== "none");
  const policies = [...new Set([...shown, ...failures].map(({ policy }) => policy))];
  const blocks = policies.map((policy) => {
    const isMine = (wish: { policy: string }): boolean => wish.policy === policy;
    return [policy, printTargets(shown.filter(isMine), failures.filter(isMine))].join("\n");
  });
  return `${[...blocks, ...notes.map((note) => `note: ${note}`), printSummary(summary)].join("\n\n")}\n`;
}

export function printTargets(targets: readonly TargetReport[], failures: readonly FailureReport[]): string {
  const ofClaims = failures.map(
    ({ rule, trigger, reason, message }) => `  ! fail   rule ${rule}, for ${trigger}: ${reason}: ${message}`,
  );
  return [...targets.map(printTarget), ...ofClaims].join("\n");
}

function printTarget({ action, target, rule, trigger, because, reason, changes, object }: TargetReport): string {
  const { kind, namespace, name } = target;
  const told = reason === undefined ? because : `${reason}: ${because}`;
  const head = `  ${SIGNS[action].padEnd(9)}${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  const lines = [head, `      rule ${rule}, for ${trigger}: ${told}`];
  if (object !== undefined) lines.push(indent(dump(object, { noRefs: true, lineWidth: 120 }), 6));
  return [...lines, ...(changes ?? []).map(printChange)].join("\n");
}

export function printChange({ path, from, to }: Change): string {
  if (from === undefined) return `      + ${path}: ${printValue(to)}`;
  if (to === undefined) return `      - ${path}: ${printValue(from)}`;
  return `      ~ ${path}: ${printValue(from)} -> ${printValue(to)}`;
}

function printValue(value: Json | undefined): string {
  return JSON.stringify(value);
}

function indent(text: string, by: number): string {
  const margin = " ".repeat(by);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => margin + line)
    .join("\n");
}

function printSummary({ create, change, delete: deleted, release, none, fail }: Summary): string {
  const parts = [
    `${create} to create`,
    `${change} to change`,
    `${deleted} to delete`,
    ...(release === 0 ? [] : [`${release} to release`]),
    `${none} to keep as they are`,
    ...(fail === 0 ? [] : [`${fail} failed`]),
  ];
  const isDone = create + change + deleted + release + fail === 0;
  return isDone ? `Nothing to do: ${none} as they should be.` : `Plan: ${parts.join(", ")}.`;
}
