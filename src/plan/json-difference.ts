/** The JSON patch that leads from one object to another, for what server-side apply cannot say. */

import { isEqual, isJsonObject, type Json, type JsonObject, type Path, printPointer } from "../object/index.ts";
import type { PatchOperation } from "./step.ts";

/** Maps are patched, lists that differ are replaced. */
export function jsonPatchBetween(before: JsonObject, after: JsonObject, at: Path = []): PatchOperation[] {
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return [
    ...removed.map((key): PatchOperation => ({ op: "remove", path: printPointer([...at, key]) })),
    ...Object.entries(after).flatMap(([key, value]) => operationsAt(before[key], value, [...at, key])),
  ];
}

function operationsAt(before: Json | undefined, after: Json, at: Path): PatchOperation[] {
  if (before !== undefined && isEqual(before, after)) return [];
  if (before !== undefined && isJsonObject(before) && isJsonObject(after)) return jsonPatchBetween(before, after, at);
  return [{ op: before === undefined ? "add" : "replace", path: printPointer(at), value: after }];
}
