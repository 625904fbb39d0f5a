/** What turns one JSON value into another, as a JSON patch. */

import { isEqual } from "./equality.ts";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { type Path, printPointer } from "./pointer.ts";

export type Difference = { op: "add" | "replace"; path: string; value: Json } | { op: "remove"; path: string };

/** Field by field; a list whose length changed is replaced as a whole. */
export function jsonDifference(before: Json, after: Json, at: Path = []): Difference[] {
  if (isEqual(before, after)) return [];
  if (isJsonObject(before) && isJsonObject(after)) return mapDifference(before, after, at);
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, i) => jsonDifference(item, after[i] ?? null, [...at, i]));
  return [{ op: "replace", path: printPointer(at), value: after }];
}

function mapDifference(before: JsonObject, after: JsonObject, at: Path): Difference[] {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const removed = gone.map((key): Difference => ({ op: "remove", path: printPointer([...at, key]) }));
  const set = Object.entries(after).flatMap(([key, value]): Difference[] => {
    const path = [...at, key];
    const known = Object.hasOwn(before, key) ? before[key] : undefined;
    return known === undefined ? [{ op: "add", path: printPointer(path), value }] : jsonDifference(known, value, path);
  });
  return [...removed, ...set];
}
