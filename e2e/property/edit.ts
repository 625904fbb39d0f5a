/** What somebody does to an object that was generated, or stands where one should be. */

import {
  CLAIM,
  type JsonObject,
  type KubernetesObject,
  MANAGED_BY,
  RELEASED_ANNOTATIONS,
  RELEASED_LABELS,
  TARGET,
} from "../../src/object/index.ts";
import { additionTo, changeOf, type TargetKind } from "./kinds.ts";
import type { Lane } from "./lane.ts";
import type { Edit } from "./operation.ts";
import { headOf, type Place, printPlace } from "./place.ts";

/** On objects whose marks the sequence took off: nobody can know any more that they were generated. */
export const UNMARKED = "property.test/unmarked";

export async function editTarget(lane: Lane, { place, how }: { place: Place; how: Edit }): Promise<void> {
  lane.memory.untouched.delete(printPlace(place));
  if (how === "delete") return lane.remove(place);
  if (how === "copy") return copy(lane, place);
  if (how === "apply by another manager") return applyByAnother(lane, place);
  return lane.patch(place, patchFor(place.kind as TargetKind, how)); // only targets are edited
}

function patchFor(kind: TargetKind, how: Exclude<Edit, "delete" | "copy" | "apply by another manager">): JsonObject {
  switch (how) {
    case "change":
      return changeOf(kind);
    case "add":
      return additionTo(kind);
    case "change a label":
      return { metadata: { labels: { reads: "edited" }, annotations: { of: "nobody" } } };
    case "decorate":
      return { metadata: { labels: { "theirs.test/x": "yes" }, annotations: { "theirs.test/y": "yes" } } };
    case "take off labels":
      return withoutMarks([MANAGED_BY, CLAIM, TARGET], []);
    case "take off all marks":
      return withoutMarks(RELEASED_LABELS, RELEASED_ANNOTATIONS);
    case "clear managedFields and change":
      return { ...changeOf(kind), metadata: { managedFields: [{}] } };
  }
}

function withoutMarks(labels: readonly string[], annotations: readonly string[]): JsonObject {
  const absent = (keys: readonly string[]): JsonObject => Object.fromEntries(keys.map((key) => [key, null]));
  return { metadata: { labels: absent(labels), annotations: { ...absent(annotations), [UNMARKED]: "yes" } } };
}

/** Somebody's apply must not create what is not there, and it creates it all the same. */
async function applyByAnother(lane: Lane, place: Place): Promise<void> {
  const live = await lane.get(place);
  if (live === undefined) return;
  const head = headOf(place);
  const metadata = { ...head.metadata, ...(live.metadata.uid === undefined ? {} : { uid: live.metadata.uid }) };
  await lane.apply({ ...head, metadata, ...changeOf(place.kind as TargetKind) }, "mallory"); // only targets are edited
}

/** With all marks, under another name: it is not ours, and stays as it is. */
async function copy(lane: Lane, place: Place): Promise<void> {
  const live = await lane.get(place);
  if (live === undefined) return;
  const { labels = {}, annotations = {}, namespace } = live.metadata;
  const name = `${place.kind === "Beacon" ? "@-" : ""}copy-${place.name.replaceAll("@-", "")}`;
  const metadata = { name, labels, annotations, ...(namespace === undefined ? {} : { namespace }) };
  const { status: _status, ...content } = live;
  const made = await lane.create({ ...content, metadata } as KubernetesObject); // an object without its status is one
  if (made !== undefined) lane.memory.untouched.set(printPlace({ ...place, name }), made);
}
