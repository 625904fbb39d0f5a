/**
 * What the API server does not do as it is documented is left out of random patches: it loses a map with $patch: replace
 * where there is none, keeps an element with $patch: delete of a list where there is none, and mixes up the order of
 * $setElementOrder when the same list has deletions. Ours takes all of it as it is meant.
 */

import { isJsonObject, type Json, type JsonObject, ownValue } from "../../src/object/index.ts";

const ORDER = "$setElementOrder/";

/** The patch without what depends on those. */
export function settledPatch(patch: JsonObject, live: JsonObject | undefined): JsonObject {
  const settled = Object.entries(patch).flatMap(([field, value]): [string, Json][] => {
    const stored = ownValue(live, field);
    const there = isEmpty(stored) ? undefined : stored; // the server stores nothing empty
    if (field === "$patch" && live === undefined) return [];
    if (isJsonObject(value)) return [[field, settledPatch(value, isJsonObject(there) ? there : undefined)]];
    if (!Array.isArray(value) || field.startsWith("$")) return [[field, value]];
    const isOrdered = ownValue(patch, ORDER + field) !== undefined;
    return [[field, settledList(value, Array.isArray(there) && !isOrdered ? there : undefined, there)]];
  });
  return Object.fromEntries(settled);
}

function isEmpty(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function settledList(patch: Json[], deletable: Json[] | undefined, live: Json | undefined): Json[] {
  return patch.flatMap((item): Json[] => {
    if (!isJsonObject(item)) return [item];
    if (item.$patch !== undefined) return deletable === undefined ? [] : [item];
    return [settledPatch(item, elementLike(item, Array.isArray(live) ? live : []))];
  });
}

function elementLike(item: JsonObject, live: Json[]): JsonObject | undefined {
  const keys = ["name", "ip", "uid"];
  return live
    .filter(isJsonObject)
    .find((element) => keys.some((key) => item[key] !== undefined && item[key] === element[key]));
}
