/** The values: is everything desired there, in the form the server gives it? */

import {
  contentOf,
  fieldNode,
  isEqual,
  isJsonObject,
  isLeaf,
  isSameElement,
  type Json,
  type JsonObject,
  type KubernetesObject,
  keyFields,
  type Path,
  printPointer,
  stepInto,
} from "../object/index.ts";
import { isNormalised } from "./normalised.ts";

export type Comparison = { values: string[]; doubtful: string[]; duplicates: Path[] };

/** What our entry says of the place looked at: the node there, or that an ancestor's leaf owns it whole. */
type Ownership = { node: JsonObject | undefined; whole: boolean };

type Place = { desired: Json; live: Json | undefined; owned: Ownership; path: Path };

export function compareContent(desired: KubernetesObject, live: KubernetesObject, owned: JsonObject): Comparison {
  const found: Comparison = { values: [], doubtful: [], duplicates: [] };
  const root = isLeaf(owned) ? undefined : owned; // an empty set owns nothing, unlike a leaf within one
  compareFields(contentOf(desired), contentOf(live), { node: root, whole: false }, [], found);
  for (const section of ["labels", "annotations"] as const) {
    const wanted = desired.metadata[section];
    if (wanted === undefined) continue;
    const node = fieldNode(owned, ["f:metadata", `f:${section}`]);
    compareFields(wanted, live.metadata[section] ?? {}, { node, whole: false }, ["metadata", section], found);
  }
  if (!hasOwners(desired, live)) found.values.push(printPointer(["metadata", "ownerReferences"]));
  return found;
}

/** Each desired owner is there as it is desired; further ones are somebody else's affair, like further labels. */
export function hasOwners({ metadata: { ownerReferences = [] } }: KubernetesObject, live: KubernetesObject): boolean {
  const present = live.metadata.ownerReferences ?? [];
  return ownerReferences.every((owner) => present.some((other) => isEqual(owner as Json, other as Json))); // plain JSON
}

function compareFields(desired: JsonObject, live: JsonObject, owned: Ownership, path: Path, found: Comparison): void {
  for (const key of Object.keys(desired)) {
    const place = {
      desired: desired[key] ?? null,
      live: Object.hasOwn(live, key) ? live[key] : undefined,
      owned: child(owned, `f:${key}`),
      path: [...path, key],
    };
    comparePlace(place, found);
  }
}

function comparePlace(place: Place, found: Comparison): void {
  if (isJsonObject(place.desired)) compareObject(place, place.desired, found);
  else if (Array.isArray(place.desired)) compareList(place, place.desired, found);
  else compareScalar(place, found);
}

function compareObject(place: Place, desired: JsonObject, found: Comparison): void {
  if (Object.keys(desired).length === 0) return compareEmptyObject(place, found);
  if (!isJsonObject(place.live)) return report(found.values, place);
  compareFields(desired, place.live, place.owned, place.path, found);
}

/** An empty object that we own may be stored as nothing at all. */
function compareEmptyObject(place: Place, found: Comparison): void {
  if (place.live === undefined && isOurs(place.owned)) return;
  if (!isJsonObject(place.live)) return report(found.values, place);
  if (place.owned.whole && Object.keys(place.live).length > 0) return report(found.values, place);
  if (!isOurs(place.owned) && place.path[0] !== "metadata") report(found.doubtful, place);
}

function compareList(place: Place, desired: Json[], found: Comparison): void {
  const { live, owned } = place;
  if (desired.length === 0) return compareEmptyList(place, found);
  if (!Array.isArray(live)) return report(found.values, place);
  if (owned.node !== undefined && !ownsWhole(owned)) return compareKeyed(place, desired, live, owned.node, found);
  if (!isOurs(owned)) report(found.doubtful, place);
  if (live.length !== desired.length) return report(found.values, place);
  desired.forEach((item, i) => {
    comparePlace(
      { desired: item, live: live[i], owned: { node: undefined, whole: true }, path: [...place.path, i] },
      found,
    );
  });
}

function compareEmptyList(place: Place, found: Comparison): void {
  if (place.live === undefined || place.live === null) {
    if (!isOurs(place.owned)) report(found.doubtful, place);
    return;
  }
  if (Array.isArray(place.live) && place.live.length === 0) return;
  if (ownsWhole(place.owned) || place.owned.node === undefined) report(found.values, place);
}

/** A keyed list or a set: our own entry names its elements, and their order counts. */
function compareKeyed(place: Place, desired: Json[], live: Json[], node: JsonObject, found: Comparison): void {
  const elementOf = elementsByIndex(desired, node);
  const keys = keysOf(node);
  let last = -1;
  let ordered = true;
  desired.forEach((item, i) => {
    const element = elementOf.get(i);
    if (element === undefined) return compareUnowned(place, live, { item, keys, path: [...place.path, i] }, found);
    const [first, ...duplicates] = stepInto(live, element);
    if (first === undefined) return report(found.values, { ...place, path: [...place.path, element] });
    for (const duplicate of duplicates) found.duplicates.push([...place.path, duplicate.segment]);
    const at = Number(first.segment);
    ordered &&= at > last;
    last = Math.max(last, at);
    if (!element.startsWith("k:")) return;
    comparePlace(
      { desired: item, live: first.value, owned: child(place.owned, element), path: [...place.path, at] },
      found,
    );
  });
  if (!ordered) report(found.values, place);
}

/** It is not ours (any more): gone, there more than once, or taken from us, which only the server can judge. */
function compareUnowned(
  place: Place,
  live: Json[],
  { item, keys, path }: { item: Json; keys: readonly string[] | undefined; path: Path },
  found: Comparison,
): void {
  const same = keys === undefined ? 1 : live.filter((other) => isSameElement(item, other, keys)).length;
  report(same === 1 ? found.doubtful : found.values, { ...place, path });
}

/** Undefined when no element is left that would tell how they are told apart. */
function keysOf(node: JsonObject): readonly string[] | undefined {
  const elements = Object.keys(node).filter((element) => element !== ".");
  return elements.length === 0 ? undefined : keyFields(elements);
}

function elementsByIndex(desired: Json[], node: JsonObject): Map<number, string> {
  const elementOf = new Map<number, string>();
  for (const element of Object.keys(node)) {
    if (element === ".") continue;
    for (const { segment } of stepInto(desired, element, true)) {
      if (!elementOf.has(Number(segment))) elementOf.set(Number(segment), element);
    }
  }
  return elementOf;
}

/** A quantity or duration that the server rewrote is the same only while the path is still ours. */
function compareScalar(place: Place, found: Comparison): void {
  const { desired, live } = place;
  if (isEqual(desired, live)) return;
  const normalised = live !== undefined && isNormalised(desired, live);
  if (!normalised) report(found.values, place);
  else if (!isOurs(place.owned)) report(found.doubtful, place);
}

function child(owned: Ownership, element: string): Ownership {
  if (ownsWhole(owned)) return { node: undefined, whole: true };
  return { node: fieldNode(owned.node, [element]), whole: false };
}

function ownsWhole(owned: Ownership): boolean {
  return owned.whole || (owned.node !== undefined && isLeaf(owned.node));
}

function isOurs(owned: Ownership): boolean {
  return owned.whole || owned.node !== undefined;
}

function report(places: string[], place: Pick<Place, "path">): void {
  places.push(printPointer(place.path));
}
