/** What each operation does to the cluster. What it is about may be gone, or going: then it does nothing. */

import { isBeingDeleted, type JsonObject, type KubernetesObject } from "../../src/object/index.ts";
import { waitUntil } from "../harness/index.ts";
import { editTarget } from "./edit.ts";
import { GOING } from "./going.ts";
import { contentFor, type TargetKind } from "./kinds.ts";
import type { Lane } from "./lane.ts";
import { sourceMetadata } from "./model.ts";
import type { Operation, Source, Trigger } from "./operation.ts";
import { HOME, headOf, type Place, printPlace } from "./place.ts";
import { LANE, policyObject } from "./rule.ts";

/** On objects that the sequence itself made where something may be generated. */
export const FOREIGN = "property.test/foreign";

/** `settle`: until the lane is as it should be, or for a while. */
export async function execute(lane: Lane, operation: Operation, settle: () => Promise<void>): Promise<void> {
  switch (operation.do) {
    case "put trigger":
      return lane.apply(triggerObject(operation.trigger));
    case "delete trigger":
    case "delete policy":
      return lane.remove(operation.place);
    case "replace trigger":
      return replace(lane, operation.trigger.place, triggerObject(operation.trigger));
    case "put policy":
      return lane.apply(policyObject(operation.place, operation.rules));
    case "replace policy":
      return replace(lane, operation.place, policyObject(operation.place, operation.rules));
    case "put source":
      return lane.apply(sourceObject(operation.source));
    case "delete source":
      return lane.remove(sourcePlace(operation.source));
    case "edit target":
      return editTarget(lane, operation);
    case "put foreign":
      return putForeign(lane, operation);
    case "settle":
      return settle();
  }
}

function triggerObject({ place, tier, color }: Trigger): KubernetesObject {
  const head = headOf(place);
  const labels = { [LANE]: "@", ...(tier === "none" ? {} : { tier }) };
  const content = { Namespace: {}, ConfigMap: { data: { color } }, Widget: { spec: { color } } }[place.kind];
  const annotations = place.kind === "Namespace" ? { annotations: { color } } : {};
  return { ...head, metadata: { ...head.metadata, labels, ...annotations }, ...content };
}

/** Gone and back again. A Namespace takes its time to go. */
async function replace(lane: Lane, place: Place, object: KubernetesObject): Promise<void> {
  await lane.remove(place);
  if (place.kind === "Namespace") await waitUntilGone(lane, place);
  await lane.apply(object);
}

async function waitUntilGone(lane: Lane, place: Place): Promise<void> {
  const isGone = async (): Promise<boolean> => {
    const object = await lane.get(place);
    return object === undefined || !isBeingDeleted(object);
  };
  await waitUntil(`${lane.name}: ${printPlace(place)} is gone`, isGone, { deadline: GOING, interval: 100 });
}

function sourcePlace({ kind, name }: Source): Place {
  return { kind, namespace: HOME, name };
}

function sourceObject(source: Source): KubernetesObject {
  const head = headOf(sourcePlace(source));
  const metadata = { ...head.metadata, ...sourceMetadata(source.name, source.value) };
  return { ...head, metadata, ...contentFor(source.kind, source.value) };
}

async function putForeign(lane: Lane, { place, owner }: { place: Place; owner: "nobody" | "Helm" }): Promise<void> {
  const made = await lane.create(foreignObject(place, owner));
  if (made === undefined) return;
  lane.forget(place);
  lane.memory.persisting.set(printPlace(place), made.metadata.uid ?? "");
  if (owner === "Helm") lane.memory.untouched.set(printPlace(place), made);
}

function foreignObject(place: Place, owner: "nobody" | "Helm"): KubernetesObject {
  const head = headOf(place);
  const labels: JsonObject = owner === "Helm" ? { "app.kubernetes.io/managed-by": "Helm" } : { theirs: "yes" };
  const metadata = { ...head.metadata, labels: labels as { [key: string]: string }, annotations: { [FOREIGN]: "yes" } };
  return { ...head, metadata, ...contentFor(place.kind as TargetKind, 50) }; // foreign objects stand where targets may
}
