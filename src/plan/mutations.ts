/** The plan of a claim whose rule changes existing objects: which ones there are, and what each of them needs. */

import { isBeingDeleted, type KubernetesObject, keyOf, type ObjectKey, printRef, refOf } from "../object/index.ts";
import type { MutationPlace } from "../rule/index.ts";
import { type ClaimKey, namespaceOf, type World } from "../state/index.ts";
import { nothing, type Plan } from "./claim-plan.ts";
import { planMutation } from "./mutation.ts";
import type { MutatingFate, Placed } from "./mutation-wanted.ts";
import { revertsOf } from "./revert.ts";
import { RecordedSnapshot } from "./snapshot.ts";
import type { Failure } from "./step.ts";

export function planMutations(world: World, key: ClaimKey, fate: MutatingFate): Plan {
  const { rule, trigger, existing } = fate;
  const snapshot = new RecordedSnapshot(world);
  const found = existing.for(trigger, snapshot);
  const { places, failures } =
    found.ok && "places" in found ? placesOf(world, found.places, snapshot) : { places: NO_PLACES, failures: [] };
  if (snapshot.unknown !== undefined)
    return { ...nothing(key, "held", `${snapshot.unknown} is not known yet`), calls: snapshot.calls };
  const read = { reads: snapshot.dependencies, looks: snapshot.looks, calls: snapshot.calls };
  const shared = { ...read, isTimed: rule.decidesByClock };
  const before = world.claims.get(key)?.mutations;
  if (!found.ok) {
    const { reason, message } = found;
    const kept = before === undefined ? {} : { mutations: before };
    return { ...nothing(key, "desired", message), ...shared, ...kept, failures: [{ reason, message }] };
  }
  const idle = "idle" in found ? found.idle : undefined;
  const own = "places" in found ? found.places : [];
  const plans = [...places].map(([target, place]) => ({
    target,
    ...planMutation(world, { key, fate, own, ...place }),
  }));
  const targets: ReadonlySet<ObjectKey> = new Set(places.keys());
  const rest = new Map(
    plans.flatMap(({ target, atRest }) => (atRest === undefined ? [] : [[target, atRest] as const])),
  );
  const because = idle ?? `rule ${rule.name} no longer changes it`;
  const reverts = existing.reverts ? revertsOf(world, key, { wanted: targets, because }) : [];
  return {
    ...nothing(key, "desired", idle ?? "its rule applies"),
    ...shared,
    idle: idle !== undefined,
    steps: [...plans.map(({ step }) => step), ...reverts],
    failures,
    mutations: { rule, trigger, targets, rest },
  };
}

export const NO_PLACES: ReadonlyMap<ObjectKey, Placed> = new Map();

/** Each object once, however many entries of targets mean it. */
export function placesOf(
  world: World,
  places: readonly MutationPlace[],
  snapshot: RecordedSnapshot,
): { places: ReadonlyMap<ObjectKey, Placed>; failures: Failure[] } {
  const found = new Map<ObjectKey, Placed>();
  const failures: Failure[] = [];
  for (const place of places) {
    const missing = isNamed(place) ? whyMissing(world, place, snapshot) : undefined;
    if (missing !== undefined) failures.push(missing);
    const { resource, part } = place;
    const placed = { resource, ...(part === undefined ? {} : { part }) };
    for (const object of objectsAt(place, snapshot))
      if (isServed(world, object)) found.set(keyOf(refOf(object)), { ...placed, object });
  }
  return { places: found, failures };
}

function isNamed({ resource, namespace, name }: MutationPlace): boolean {
  return name !== undefined && (namespace !== undefined || !resource.namespaced);
}

function refAt({ resource: { group, kind }, namespace = "", name = "" }: MutationPlace) {
  return { group, kind, namespace, name };
}

/** What is named and not there, or not to be served, is missed by somebody; what a pattern does not find is not. */
function whyMissing(world: World, place: MutationPlace, snapshot: RecordedSnapshot): Failure | undefined {
  const ref = refAt(place);
  const namespace = ref.group === "" && ref.kind === "Namespace" ? ref.name : ref.namespace;
  if (world.isSystemNamespace(namespace)) {
    const message = `${namespace} is a system namespace, which is served only when --system-namespaces names it`;
    return { reason: "SystemNamespace", message, target: ref };
  }
  if (snapshot.read(place.resource, ref) !== undefined) return undefined;
  return {
    reason: "ContextMissing",
    message: `${printRef(ref)}, which the rule is to change, is not there`,
    target: ref,
  };
}

function objectsAt(place: MutationPlace, snapshot: RecordedSnapshot): readonly KubernetesObject[] {
  if (!isNamed(place)) {
    const listed = snapshot.list(place.resource, place.namespace);
    return listed.filter((object) => place.whyNot(object) === undefined);
  }
  const object = snapshot.read(place.resource, refAt(place));
  return object === undefined ? [] : [object];
}

function isServed(world: World, object: KubernetesObject): boolean {
  const { group, kind, namespace, name } = refOf(object);
  const place = group === "" && kind === "Namespace" ? name : namespace;
  if (place === "") return true;
  if (world.isSystemNamespace(place)) return false;
  const live = namespaceOf(world, place);
  return live !== undefined && !isBeingDeleted(live);
}
