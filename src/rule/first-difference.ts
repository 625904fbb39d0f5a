/** The first place in which two values differ. */

import { isEqual, isJsonObject, type Json, type Path, type Segment, valueAt } from "../object/index.ts";

/** Undefined where they are equal. Lists of different lengths differ as a whole. */
export function firstDifference(left: Json | undefined, right: Json | undefined): Path | undefined {
  if (left === undefined || right === undefined ? left === right : isEqual(left, right)) return undefined;
  const isList = Array.isArray(left) && Array.isArray(right);
  if (!isList && !(isJsonObject(left) && isJsonObject(right))) return [];
  if (isList && left.length !== right.length) return [];
  const keys: readonly Segment[] = isList ? [...left.keys()] : Object.keys({ ...left, ...right });
  for (const key of keys) {
    const place = firstDifference(valueAt(left, [key]), valueAt(right, [key]));
    if (place !== undefined) return [key, ...place];
  }
  return [];
}
