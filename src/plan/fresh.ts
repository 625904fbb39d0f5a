/**
 * Where a live object is not what the server would make of a fresh one (reference: exact drift, rules 8 and 12).
 *
 * What desired lacks and a fresh object has otherwise is taken out at its topmost undesired place, so that the server sets
 * its default again. Two answers, asked for under two names, may differ from one another: what depends on the name or on
 * chance tells nothing.
 */

import {
  applyEntryOf,
  contentOf,
  fieldNode,
  isEqual,
  isJsonObject,
  isSameElement,
  type Json,
  type JsonObject,
  type KubernetesObject,
  keyFields,
  MANAGER,
  ownValue,
  type Path,
  stepInto,
} from "../object/index.ts";
import { leaveOut, placesLeftOut } from "./ignored.ts";

export type Difference = {
  /** Undesired places of the live object that a fresh one lacks, or has otherwise. */
  removable: Path[];
  /** Desired places that a fresh object has otherwise, as it has them: only another owner can be why. */
  desired: Change[];
};

export type Change = { path: Path; fresh: Json | undefined };

/** `answers`: contents of fresh objects, at least one. */
export function compareFresh(
  desired: KubernetesObject,
  live: KubernetesObject,
  answers: readonly JsonObject[],
): Difference {
  const places = placesLeftOut(desired);
  const found: Difference = { removable: [], desired: [] };
  compareFields(
    {
      desired: contentOf(desired),
      live: leaveOut(contentOf(live), places),
      fresh: answers.map((answer) => leaveOut(answer, places)),
      owned: applyEntryOf(live, MANAGER)?.fieldsV1,
      path: [],
    },
    found,
  );
  return found;
}

/** True when the live object holds what is desired and nothing else: then no question is needed. */
export function isExactly(desired: KubernetesObject, live: KubernetesObject): boolean {
  return isEqual(contentOf(desired), leaveOut(contentOf(live), placesLeftOut(desired)));
}

type Place<D extends Json, L extends Json> = {
  desired: D;
  live: L;
  fresh: readonly Json[];
  /** The node of our own entry here: it tells how the elements of a list are told apart. */
  owned: JsonObject | undefined;
  path: Path;
};

function compareFields(place: Place<JsonObject, JsonObject>, found: Difference): void {
  for (const key of Object.keys(place.live)) {
    const inner = {
      live: place.live[key] ?? null,
      fresh: place.fresh.map((fresh) => (isJsonObject(fresh) ? ownValue(fresh, key) : undefined)),
      path: [...place.path, key],
    };
    if (isAsFresh(inner)) continue;
    const desired = ownValue(place.desired, key);
    if (desired === undefined) found.removable.push(inner.path);
    else compareDesired({ ...inner, desired, owned: fieldNode(place.owned, [`f:${key}`]) }, found);
  }
}

type Seen = { live: Json; fresh: readonly (Json | undefined)[] };

/** One answer that agrees is enough, and answers that do not agree with one another are none. */
function isAsFresh({ live, fresh: [first, second] }: Seen): boolean {
  if (isEqual(first, live) || (second !== undefined && isEqual(second, live))) return true;
  return second !== undefined && !isEqual(first, second);
}

function compareDesired({ fresh, ...place }: Omit<Place<Json, Json>, "fresh"> & Seen, found: Difference): void {
  const present = fresh.filter((value) => value !== undefined);
  if (present.length < fresh.length) return void found.desired.push({ path: place.path, fresh: undefined });
  compareValues({ ...place, fresh: present }, found);
}

function compareValues(place: Place<Json, Json>, found: Difference): void {
  const { desired, live } = place;
  if (isJsonObject(desired) && isJsonObject(live)) compareFields({ ...place, desired, live }, found);
  else if (Array.isArray(desired) && Array.isArray(live)) compareLists({ ...place, desired, live }, found);
  else found.desired.push({ path: place.path, fresh: place.fresh[0] });
}

function compareLists(place: Place<Json[], Json[]>, found: Difference): void {
  const elements = Object.keys(place.owned ?? {}).filter((element) => element !== ".");
  if (elements.length > 0) return compareElements(place, elements, found);
  const { desired, live, fresh, path } = place;
  const lists = fresh.filter((list) => Array.isArray(list) && list.length === live.length) as Json[][]; // as filtered
  if (desired.length !== live.length || lists.length < fresh.length)
    return void found.desired.push({ path, fresh: fresh[0] });
  live.forEach((item, i) => {
    const inner = { live: item, fresh: lists.map((list) => list[i]), path: [...path, i] };
    if (!isAsFresh(inner)) compareDesired({ ...inner, desired: desired[i] ?? null, owned: undefined }, found);
  });
}

/** A keyed list or a set: what is desired is compared by key; what is not, or is there twice, is to go. */
function compareElements(place: Place<Json[], Json[]>, elements: readonly string[], found: Difference): void {
  const keys = keyFields(elements);
  const wanted = withWholeKeys(place.desired, place.fresh[0], keys);
  const left = [...wanted];
  place.live.forEach((item, i) => {
    const at = left.findIndex(({ element }) => isSameElement(element, item, keys));
    const desired = at === -1 ? undefined : left.splice(at, 1)[0]?.desired;
    const inner = { live: item, fresh: counterparts(place.fresh, item, keys), path: [...place.path, i] };
    const isDuplicate = desired === undefined && wanted.some(({ element }) => isSameElement(element, item, keys));
    if (isDuplicate) found.removable.push(inner.path);
    if (isDuplicate || isAsFresh(inner)) return;
    if (desired === undefined) found.removable.push(inner.path);
    else compareDesired({ ...inner, desired, owned: ownedElement(place.owned, item) }, found);
  });
  if (left.length > 0) found.desired.push({ path: place.path, fresh: place.fresh[0] });
}

/** Key fields that are left out are the server's to fill in: beside the port 80 of another protocol, only they tell which is ours. */
function withWholeKeys(
  desired: readonly Json[],
  fresh: Json | undefined,
  keys: readonly string[],
): { desired: Json; element: Json }[] {
  const left = Array.isArray(fresh) ? [...fresh] : [];
  return desired.map((wanted) => {
    const at = left.findIndex((item) => isSameElement(wanted, item, keys));
    return { desired: wanted, element: (at === -1 ? undefined : left.splice(at, 1)[0]) ?? wanted };
  });
}

function counterparts(lists: readonly Json[], item: Json, keys: readonly string[]): (Json | undefined)[] {
  return lists.map((list) =>
    Array.isArray(list) ? list.find((other) => isSameElement(item, other, keys)) : undefined,
  );
}

function ownedElement(owned: JsonObject | undefined, item: Json): JsonObject | undefined {
  const element = Object.keys(owned ?? {}).find((name) => stepInto([item], name).length > 0);
  return element === undefined ? undefined : fieldNode(owned, [element]);
}
