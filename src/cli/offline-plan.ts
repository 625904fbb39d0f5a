/**
 * What the policies would do to the objects of the files, until nothing is left to do: every claim is planned as the
 * operator does, and what it would write is put into the world, so that a second claim for one target sees the first.
 */

import {
  asJson,
  isBeingDeleted,
  type KubernetesObject,
  keyOf,
  MANAGER,
  type ObjectKey,
  RELEASED_ANNOTATIONS,
  RELEASED_LABELS,
  refOf,
} from "../object/index.ts";
import {
  type Failure,
  gatheredBy,
  heldPrunes,
  isWrite,
  type Plan,
  planClaim,
  pruneLimitOf,
  type Step,
} from "../plan/index.ts";
import { type ClaimKey, claimKey, claimRef, createInventory } from "../state/index.ts";
import { differences } from "./differences.ts";
import type { OfflineWorld } from "./offline-world.ts";
import { entryOf, ownedBy, withOwnership } from "./ownership.ts";

/** `before`: the object of the files; `desired`: what should be there, with its marks. */
export type PlannedTarget = {
  claim: ClaimKey;
  step: Step;
  before: KubernetesObject | undefined;
  desired: KubernetesObject | undefined;
  /** Paths of values that hang on the installation key, which only the operator has: they may be as they should be. */
  keyed: ReadonlySet<string>;
};

export type OfflinePlan = {
  targets: readonly PlannedTarget[];
  /** Of claims as a whole, as their targets are not known. */
  failures: readonly { claim: ClaimKey; failure: Failure }[];
  /** False: what is made triggers what is made, without end. */
  atRest: boolean;
};

type Failures = Map<string, { claim: ClaimKey; failure: Failure }>;

/** As many times as rules may feed on what rules make. */
const MOST_ROUNDS = 10;

/** Changes the world: afterwards it is as the policies want it. */
export function planOffline(world: OfflineWorld): OfflinePlan {
  for (const key of claimsIn(world)) noteClaim(world, planClaim(world, key));
  world.planned = true;
  const targets = new Map<string, PlannedTarget>();
  const failures: Failures = new Map();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let isAtRest = true;
    failures.clear();
    for (const key of claimsIn(world)) {
      for (const target of planTargets(world, key, failures)) {
        if (isWrite(target.step)) isAtRest = false;
        noteTarget(targets, target);
      }
    }
    if (decidePrunes(world)) isAtRest = false;
    noteHeld(world, failures);
    if (isAtRest) return { targets: [...targets.values()], failures: [...failures.values()], atRest: true };
  }
  return { targets: [...targets.values()], failures: [...failures.values()], atRest: false };
}

/** Each rule with each object that may trigger it, those of older policies first. */
function claimsIn(world: OfflineWorld): ClaimKey[] {
  const keys = new Set<ClaimKey>();
  const policies = [...world.policies.values()].flatMap((state) => (state.phase === "compiled" ? [state] : []));
  for (const { ref, compiled } of policies.sort((a, b) => (a.compiled.createdAt < b.compiled.createdAt ? -1 : 1))) {
    for (const { name, triggers } of compiled.rules) {
      if (!world.isReady(keyOf(ref), name)) continue; // only known, not planned
      const objects = triggers.flatMap((resource) => [...(world.objects(resource)?.values() ?? [])]);
      for (const object of objects) keys.add(claimKey({ policy: ref, rule: name, trigger: refOf(object) }));
    }
  }
  for (const { claim } of world.inventory.values()) if (claim !== undefined && isKnown(world, claim)) keys.add(claim);
  return [...keys];
}

/** What was made by a policy, or for a trigger, that is not in the files is nobody's business here. A cluster has them all. */
function isKnown(world: OfflineWorld, claim: ClaimKey): boolean {
  const { policy, rule, trigger } = claimRef(claim);
  if (world.policies.get(keyOf(policy)) === undefined || !world.isReady(keyOf(policy), rule)) return false;
  return world.isLive || world.get(keyOf(trigger)) !== undefined;
}

/** True when more may be deleted than before: how many objects each policy would delete is known only after a round. */
function decidePrunes(world: OfflineWorld): boolean {
  const decisions = [...world.policies.values()].map((state) =>
    world.prunes.decide(keyOf(state.ref), pruneLimitOf(state)),
  );
  return decisions.some(({ verdict, claims }) => verdict === "delete" && claims.length > 0);
}

function noteHeld(world: OfflineWorld, failures: Failures): void {
  for (const state of world.policies.values()) {
    const failure = heldPrunes(world, state);
    const [first] = world.prunes.heldOf(keyOf(state.ref));
    const claim = first === undefined ? undefined : world.inventory.get(keyOf(first))?.claim;
    if (failure !== undefined && claim !== undefined) failures.set(`${claim}\n${failure.message}`, { claim, failure });
  }
}

function noteClaim(world: OfflineWorld, { key, wants, reads, idle, mutations }: Plan): void {
  const { policy, rule } = claimRef(key);
  const changes =
    mutations === undefined
      ? {}
      : { mutations: { ...mutations, leaving: NOTHING, unaccepted: UNKNOWN, awaited: UNKNOWN } };
  const state = { key, wants: new Set(wants), inSync: 0, failures: [], idle, ...changes };
  world.claims.set(state, `${keyOf(policy)}\n${rule}`, reads);
}

const NOTHING: ReadonlySet<ObjectKey> = new Set();
const UNKNOWN: ReadonlyMap<ObjectKey, KubernetesObject> = new Map();

function planTargets(world: OfflineWorld, key: ClaimKey, failures: Failures): PlannedTarget[] {
  const desired = desiredObjects(world, key);
  for (const [target, object] of desired) assumeOwner(world, target, object);
  const plan = planClaim(world, key);
  noteClaim(world, plan);
  world.prunes.note(key, gatheredBy(plan));
  for (const failure of plan.failures) failures.set(`${key}\n${failure.message}`, { claim: key, failure });
  return plan.steps.map((step) => {
    const target = keyOf(step.target);
    const before = world.get(target);
    const wish = step.verb === "mutate" ? step.object : desired.get(target);
    const keyed = isWrite(step) && before !== undefined && wish !== undefined ? keyedPaths(world, key, wish) : NONE;
    const planned = { claim: key, step, before, desired: wish, keyed };
    carryOut(world, planned);
    return planned;
  });
}

/** What a claim would make if nothing were there. */
export function desiredObjects(world: OfflineWorld, key: ClaimKey): Map<ObjectKey, KubernetesObject> {
  const { steps } = planClaim({ ...world, inventory: createInventory(world.installation) }, key);
  return new Map(steps.flatMap((step) => (step.verb === "apply" ? [[keyOf(step.target), step.object] as const] : [])));
}

const NONE: ReadonlySet<string> = new Set();

/** Where another key gives another value. */
function keyedPaths(world: OfflineWorld, key: ClaimKey, desired: KubernetesObject): ReadonlySet<string> {
  const other = desiredObjects({ ...world, installationKey: new TextEncoder().encode("another") }, key);
  const found = differences(asJson(other.get(keyOf(refOf(desired))) ?? desired), asJson(desired));
  return new Set(found.map(({ path }) => path));
}

function assumeOwner(world: OfflineWorld, target: ObjectKey, desired: KubernetesObject): void {
  const live = world.get(target);
  if (live === undefined || isBeingDeleted(live)) return;
  const owned = withOwnership(desired, live);
  const resource = world.catalogue.findKind(refOf(desired));
  if (owned !== live && resource !== undefined) world.inventory.observe(owned, { resource, by: "write", now: 0 });
}

function carryOut(world: OfflineWorld, { step, before, desired }: PlannedTarget): void {
  const target = keyOf(step.target);
  switch (step.verb) {
    case "apply":
      return world.put(stored(step.object, before));
    case "patch":
      return world.put(stored(desired ?? before ?? EMPTY, before));
    case "mutate":
      return world.put(withVersion(step.object));
    case "revert": // what an object had before is not in the files
      return;
    case "delete":
      return world.remove(target);
    case "release":
      return before === undefined ? undefined : world.put(unmarked(before));
    case "ask":
    case "read":
    case "skip":
      return;
  }
}

function withVersion(object: KubernetesObject): KubernetesObject {
  const { uid = "stored", resourceVersion = "1" } = object.metadata;
  return { ...object, metadata: { ...object.metadata, uid, resourceVersion } };
}

const EMPTY: KubernetesObject = { apiVersion: "", kind: "", metadata: { name: "" } };

function stored(object: KubernetesObject, before: KubernetesObject | undefined): KubernetesObject {
  const managedFields = [entryOf(MANAGER, "Apply", object, ownedBy(object))];
  const { uid = "made", resourceVersion = "1" } = before?.metadata ?? {};
  return { ...object, metadata: { ...object.metadata, uid, resourceVersion, managedFields } };
}

/** The object without the marks by which it is known to be ours. */
export function unmarked(object: KubernetesObject): KubernetesObject {
  const { labels, annotations, ...metadata } = object.metadata;
  const keptLabels = without(labels, RELEASED_LABELS);
  const keptAnnotations = without(annotations, RELEASED_ANNOTATIONS);
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(keptLabels === undefined ? {} : { labels: keptLabels }),
      ...(keptAnnotations === undefined ? {} : { annotations: keptAnnotations }),
    },
  };
}

type Texts = { [key: string]: string };

function without(values: Texts | undefined, keys: readonly string[]): Texts | undefined {
  const kept = Object.entries(values ?? {}).filter(([key]) => !keys.includes(key));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** The first write tells what happens to the object of the files; a later look only that it is done. */
function noteTarget(targets: Map<string, PlannedTarget>, planned: PlannedTarget): void {
  const key = `${planned.claim}\n${keyOf(planned.step.target)}`;
  const known = targets.get(key);
  if (known === undefined || !isWrite(known.step)) targets.set(key, planned);
}
