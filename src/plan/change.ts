/**
 * What an edge rule makes of one change: a target that is missing is made; one that is there is written where the rule keeps its
 * targets in step (`synchronize`), and left where it does not. Nothing is deleted, and nothing is wanted afterwards.
 */

import { claimDigest, keyOf, refOf } from "../object/index.ts";
import type { DesiredTarget } from "../rule/index.ts";
import { type ClaimKey, claimRef, findRule, type SeenChange, type World } from "../state/index.ts";
import { chainOf } from "./chain.ts";
import { nothing, type Plan } from "./claim-plan.ts";
import { absenceOf } from "./fate.ts";
import { markedObject } from "./marked.ts";
import { planMutationsFor } from "./mutation-change.ts";
import { RecordedSnapshot } from "./snapshot.ts";
import type { Step } from "./step.ts";
import { planTarget } from "./target.ts";
import type { TargetPlan } from "./wanted.ts";
import { createWishes } from "./wish.ts";

export function planChange(world: World, key: ClaimKey, change: SeenChange): Plan {
  const { policy, rule: name } = claimRef(key);
  const suspended = world.whySuspended(policy);
  if (suspended !== undefined) return nothing(key, "gone", suspended); // the change is somebody else's to act on
  const rule = findRule(world.policies.get(keyOf(policy)), name);
  if (rule?.changes === undefined) return nothing(key, "gone", "its rule is not there any more");
  if (!world.isReady(keyOf(policy), name)) return { ...nothing(key, "held", NOT_KNOWN), again: SOON };
  // that it was asked for is what counts, where that was seen
  const isGone = change.operation === "DELETE" && change.request === undefined;
  const absence = isGone ? absenceOf(world, refOf(change.trigger), LONG_SEEN) : undefined;
  if (absence?.type === "held")
    return { ...nothing(key, absence.again === undefined ? "gone" : "held", absence.because), ...againOf(absence) };
  if (rule.existing !== undefined) return planMutationsFor(world, key, { change, existing: rule.existing });
  const snapshot = new RecordedSnapshot(world, change);
  const desired = rule.desired(change.trigger, snapshot, change);
  const { calls } = snapshot;
  if (snapshot.unknown !== undefined) return { ...nothing(key, "held", NOT_KNOWN), calls, again: SOON };
  const read = { calls, reads: snapshot.dependencies, looks: snapshot.looks };
  if (!desired.ok) {
    const { reason, message } = desired;
    return { ...nothing(key, "desired", message), ...read, failures: [{ reason, message }] };
  }
  const plans = desired.targets.map((target) => planOne(world, { key, change, target, synchronize: rule.synchronize }));
  const again = plans.map((plan) => plan.again).filter((millis) => millis !== undefined);
  return {
    ...nothing(key, "desired", desired.idle ?? `${change.operation} was seen`),
    ...read,
    idle: desired.idle !== undefined,
    steps: plans.map(({ step }) => step),
    failures: [...(desired.failed ?? []), ...desired.unmet],
    // nobody compares it again
    judged: plans.flatMap(({ judged }) => (judged === undefined ? [] : [{ ...judged, checked: true }])),
    ...(again.length === 0 ? {} : { again: Math.min(...again) }),
  };
}

const NOT_KNOWN = "not everything it looks at is known yet";
const SOON = 1_000;
/** It was there until it was seen to go. */
const LONG_SEEN = Number.POSITIVE_INFINITY;

function againOf({ again }: { again?: number }): { again?: number } {
  return again === undefined ? {} : { again };
}

type One = { key: ClaimKey; change: SeenChange; target: DesiredTarget; synchronize: boolean };

function planOne(world: World, { key, change, target, synchronize }: One): TargetPlan {
  const identity = { ...claimRef(key), triggerUid: change.trigger.metadata.uid ?? "" };
  const object = markedObject(world, { identity, trigger: change.trigger }, target, undefined);
  const plan = planTarget(
    world,
    { key, digest: claimDigest(identity), target, object, synchronize, wishes: createWishes(world) },
    chainOf(world, key),
  );
  return { ...plan, step: asChange(plan.step, change) };
}

/** It is what the change calls for, and puts no drift right. */
function asChange(step: Step, { operation, trigger }: SeenChange): Step {
  if (step.verb !== "apply" && step.verb !== "patch") return step;
  const { correction: _correction, ...write } = step;
  return { ...write, because: `${operation} of ${trigger.kind} ${trigger.metadata.name} was seen` };
}
