/** What mutate rules do to the objects of the files, in the words of a plan. */

import { type KubernetesObject, printRef, refOf } from "../object/index.ts";
import { snapshotOf } from "../plan/index.ts";
import { type Change, changesTo } from "./changes.ts";
import type { Mask } from "./mask.ts";
import type { PlannedMutation, RuleOutcome } from "./mutate-offline.ts";
import type { OfflineWorld } from "./offline-world.ts";
import type { TargetReport } from "./plan-report.ts";

/** One for each rule that selects the object. */
export function reportMutation({ policy, outcome }: PlannedMutation, mask: Mask): TargetReport {
  const { mutation, before, idle, failure } = outcome;
  const { apiVersion, kind, metadata } = before;
  const { name, namespace } = metadata;
  const claim = { policy: printRef({ ...policy, group: "" }), rule: mutation.name, trigger: printRef(refOf(before)) };
  const target = { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
  if (failure !== undefined)
    return { action: "fail", ...claim, target, because: mask.text(failure.message), reason: failure.reason };
  if (idle !== undefined) return { action: "none", ...claim, target, because: mask.text(idle) };
  return {
    action: "change",
    ...claim,
    target,
    because: "the rule changes it",
    changes: mutationChanges(outcome, mask),
  };
}

/** Field by field. */
export function mutationChanges({ before, object }: RuleOutcome, mask: Mask): Change[] {
  return changesTo(before, object).map(({ path, from, to }) => ({
    path,
    ...(from === undefined ? {} : { from: mask.value(object.kind, path, from) }),
    ...(to === undefined ? {} : { to: mask.value(object.kind, path, to) }),
  }));
}

/** A rule that changes its own result again cannot be kept true for what is stored; at admission it acts once. */
export function noteRestless(world: OfflineWorld, planned: readonly PlannedMutation[]): string[] {
  return planned.flatMap(({ policy, outcome: { mutation, object, idle, failure } }) => {
    if (idle !== undefined || failure !== undefined) return [];
    const restless = mutation.whyNotConvergent(object, snapshotOf(world));
    return restless === undefined
      ? []
      : [`${policy.kind} ${policy.name}, rule ${mutation.name}, ${placeOf(object)}: ${restless.message}`];
  });
}

function placeOf(object: KubernetesObject): string {
  return printRef(refOf(object));
}
