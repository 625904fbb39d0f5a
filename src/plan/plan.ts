/** The plan of one claim: from what was seen to the writes that make it so, as a value. Pure, and cheap to make again. */

import { type ClaimDigest, type KubernetesObject, keyOf, type ObjectKey, type ObjectRef } from "../object/index.ts";
import type { DesiredTarget, Unmet } from "../rule/index.ts";
import {
  type ClaimKey,
  claimRef,
  type Dependency,
  dependsOnNamespace,
  findRule,
  type TargetRecord,
  type World,
} from "../state/index.ts";
import { chainOf } from "./chain.ts";
import { planChange } from "./change.ts";
import { nothing, type Plan } from "./claim-plan.ts";
import { whyNotCounted } from "./counted.ts";
import { type DesiredFate, type Fate, fateOf, type Gone, lastWrite } from "./fate.ts";
import { printFirstApplied } from "./first-applied.ts";
import { withMutations } from "./generated-mutation.ts";
import { markedObject } from "./marked.ts";
import { planMutations } from "./mutations.ts";
import { heirsOf, planPrune } from "./prune.ts";
import { planReverts } from "./revert.ts";
import { RecordedSnapshot } from "./snapshot.ts";
import type { Failure, Step } from "./step.ts";
import { leftAlone, planTarget } from "./target.ts";
import type { TargetPlan } from "./wanted.ts";
import { createWishes } from "./wish.ts";

export function planClaim(world: World, key: ClaimKey): Plan {
  const change = world.changeOf(key);
  if (change !== undefined) return planChange(world, key, change);
  const fate = fateOf(world, claimRef(key));
  switch (fate.type) {
    case "desired":
      return planDesired(world, key, fate);
    case "gone":
      return planGone(world, key, fate);
    case "held":
      return planHeld(world, key, fate);
  }
}

/** The stored objects that a claim reads besides its trigger; none while nobody can say. */
export function objectsReadBy(world: World, key: ClaimKey): KubernetesObject[] {
  const fate = fateOf(world, claimRef(key));
  if (fate.type !== "desired") return [];
  const snapshot = new RecordedSnapshot(world);
  fate.rule.desired(fate.trigger, snapshot);
  return snapshot.found;
}

function planHeld(world: World, key: ClaimKey, { because, again, kept }: Extract<Fate, { type: "held" }>): Plan {
  const targets = kept ? [...world.inventory.ofClaim(key, undefined)].map(({ ref }) => ref) : [];
  const { policy, rule } = claimRef(key);
  const isServed = findRule(world.policies.get(keyOf(policy)), rule) !== undefined;
  const calls = isServed ? undefined : []; // nobody reads the answers any more
  return { ...nothing(key, "held", because), calls, kept: targets, ...(again === undefined ? {} : { again }) };
}

function planGone(world: World, key: ClaimKey, { because, disposal, digest, limited }: Gone): Plan {
  const reverts = planReverts(world, key, { because, disposal });
  if (reverts === "unknown")
    return { ...nothing(key, "held", `${because}; whether others want it is not known yet`), again: SOON };
  const records = [...world.inventory.ofClaim(key, digest)];
  return {
    ...nothing(key, "gone", because),
    calls: [],
    steps: [...records.map((record) => planPrune(world, record, { key, because, disposal, limited })), ...reverts],
    // what is left needs no look: the object need not be kept
    judged: disposal === "leave" ? records.flatMap((record) => leftAlone(record).judged ?? []) : [],
    heirs: records.flatMap((record) => heirsOf(world, record, key)),
  };
}

function planDesired(world: World, key: ClaimKey, fate: DesiredFate): Plan {
  const { existing } = fate.rule;
  if (existing !== undefined) return planMutations(world, key, { ...fate, existing });
  const older = whyNotCounted(world, fate.rule, { key, trigger: fate.trigger });
  if (older !== undefined) return { ...nothing(key, "desired", older), idle: true };
  const snapshot = new RecordedSnapshot(world);
  const desired = fate.rule.desired(fate.trigger, snapshot);
  const { calls, unknown } = snapshot;
  if (unknown !== undefined) return { ...nothing(key, "held", `${unknown} is not known yet`), calls };
  if (desired.ok) return planWanted(world, key, { fate, snapshot, ...desired });
  const { reason, message } = desired;
  const firstApplied = world.claims.get(key)?.firstApplied;
  return {
    ...nothing(key, "desired", message),
    isTimed: fate.rule.decidesByClock,
    ...(firstApplied === undefined ? {} : { firstApplied }),
    wants: wantedBefore(world, key),
    reads: snapshot.dependencies,
    looks: snapshot.looks,
    calls: snapshot.calls,
    failures: [{ reason, message }],
  };
}

type WantedTargets = {
  fate: DesiredFate;
  snapshot: RecordedSnapshot;
  targets: readonly DesiredTarget[];
  unmet: readonly Unmet[];
  idle?: string;
  failed?: readonly Failure[];
};

function planWanted(world: World, key: ClaimKey, wanted: WantedTargets): Plan {
  const { fate, snapshot, targets, unmet, idle, failed = [] } = wanted;
  const { rule, trigger, identity, digest } = fate;
  const time = rule.usesClock ? printFirstApplied(snapshot.firstApplied(identity)) : undefined;
  const chain = chainOf(world, key);
  const left = rule.synchronize ? [] : recordsOf(world, digest, unmet);
  const wishes = createWishes(world);
  const plans = [
    ...targets.map((made) => {
      const target = withMutations(world, made);
      if (target === "unknown" || target === "held") return unknownMutations(made, target);
      const object = markedObject(world, fate, target, time);
      return planTarget(world, { key, digest, target, object, synchronize: rule.synchronize, wishes }, chain);
    }),
    ...left.map((record) => leftAlone(record)),
  ];
  const wants = plans.map(({ step }) => keyOf(step.target));
  const held = snapshot.whyHeld(lastWrite(world, identity));
  const isKnown = held === undefined && failed.length === 0;
  const unwanted = isKnown ? unwantedBy(world, fate, { key, wants, snapshot }) : [];
  const failures: Failure[] = [
    ...failed.map(({ reason, message }) => ({ reason, message })),
    ...unmet.filter(({ target }) => !wants.includes(keyOf(target))),
  ];
  const disposal = rule.synchronize ? "delete" : "leave";
  const because = failures[0]?.message ?? idle ?? `rule ${identity.rule} no longer generates it`;
  const later = [...plans.map((plan) => plan.again), held?.again];
  const again = later.filter((millis) => millis !== undefined);
  return {
    ...nothing(key, "desired", idle ?? "its rule applies"),
    idle: idle !== undefined,
    isTimed: rule.decidesByClock,
    steps: [
      ...plans.map(({ step }) => step),
      ...unwanted.map((record) => planPrune(world, record, { key, because, disposal, limited: true })),
    ],
    wants: isKnown ? wants : [...new Set([...wants, ...wantedBefore(world, key)])],
    reads: [...namespacesOf(targets, trigger, rule.readsNamespace), ...snapshot.dependencies],
    looks: snapshot.looks,
    calls: snapshot.calls,
    failures,
    judged: plans.map(({ judged }) => judged).filter((judged) => judged !== undefined),
    heirs: unwanted.flatMap((record) => heirsOf(world, record, key)),
    ...(time === undefined || targets.length === 0 ? {} : { firstApplied: { claim: digest, time } }),
    ...(again.length === 0 ? {} : { again: Math.min(...again) }),
  };
}

function unknownMutations({ ref }: DesiredTarget, state: "unknown" | "held"): TargetPlan {
  const because = "what mutate rules make of it is not known yet";
  return { step: { verb: "skip", target: ref, because, inSync: false }, again: state === "unknown" ? SOON : LATER };
}

const SOON = 50;
const LATER = 5_000;

/** What cannot be computed just now is still wanted; after a start only the marks tell what that was. */
function wantedBefore(world: World, key: ClaimKey): ObjectKey[] {
  const known = world.claims.get(key)?.wants;
  return known === undefined ? [...world.inventory.ofClaim(key, undefined)].map(({ ref }) => keyOf(ref)) : [...known];
}

/** What was made once needs its source no more. */
function recordsOf(world: World, digest: ClaimDigest, unmet: readonly Unmet[]): TargetRecord[] {
  return unmet
    .map(({ target }) => world.inventory.get(keyOf(target)))
    .filter((record) => record?.marks?.claim === digest)
    .filter((record) => record !== undefined);
}

/** What it made and desires no more. What it reads is never written, whoever made it. */
function unwantedBy(
  world: World,
  { digest }: DesiredFate,
  { key, wants, snapshot }: { key: ClaimKey; wants: readonly ObjectKey[]; snapshot: RecordedSnapshot },
): TargetRecord[] {
  const desired = new Set(wants);
  const records = [...world.inventory.ofClaim(key, digest)];
  return records.filter(({ ref }) => !desired.has(keyOf(ref)) && !snapshot.isInput(ref));
}

function namespacesOf(
  targets: readonly DesiredTarget[],
  trigger: KubernetesObject,
  readsNamespace: boolean,
): Dependency[] {
  const namespaces = targets.map(({ ref }) => ref.namespace).filter((name) => name !== "");
  if (readsNamespace && trigger.metadata.namespace !== undefined) namespaces.push(trigger.metadata.namespace);
  return [...new Set(namespaces)].map(dependsOnNamespace);
}

const NO_TARGETS: readonly ObjectRef[] = [];

/** What would be deleted if its policy may delete that many. */
export function gatheredBy({ steps }: Plan): readonly ObjectRef[] {
  const isGathered = (step: Step): boolean => step.verb === "skip" && step.gathered === true;
  return steps.some(isGathered) ? steps.filter(isGathered).map(({ target }) => target) : NO_TARGETS;
}
