/** What a write changes in an object, field by field. The planner says where; this says from what to what. */

import {
  asJson,
  type Json,
  type KubernetesObject,
  type Path,
  parsePointer,
  printPointer,
  RELEASED_ANNOTATIONS,
  RELEASED_LABELS,
  resolveField,
  valueAt,
} from "../object/index.ts";
import { driftPaths, findDrift } from "../plan/index.ts";
import { differences } from "./differences.ts";
import { withOwnership } from "./ownership.ts";

/** `from` is absent for what is added, `to` for what is taken out. */
export type Change = { path: string; from?: Json; to?: Json };

/** All of it, status too: of an object that is patched. */
export function changesTo(before: KubernetesObject, after: KubernetesObject): Change[] {
  return differences(asJson(before), asJson(after)).map(({ path, found, wanted }) => ({
    path,
    ...(found === undefined ? {} : { from: found }),
    ...(wanted === undefined ? {} : { to: wanted }),
  }));
}

/** Marks are left out: that an object becomes ours is told in words. */
export function changesOf(before: KubernetesObject, desired: KubernetesObject): Change[] {
  const live = withOwnership(desired, before);
  const drift = findDrift(desired, live);
  const stale = drift.stale.flatMap((field) => resolveField(asJson(live), field).map(({ path }) => path));
  const paths = [...driftPaths(drift).map(readPlace), ...stale].filter((path) => !isMark(path));
  const unique = new Map(paths.map((path) => [printPointer(path), path]));
  return [...unique].flatMap(([path, at]) => changeAt(path, valueAt(asJson(live), at), valueAt(asJson(desired), at)));
}

function changeAt(path: string, from: Json | undefined, to: Json | undefined): Change[] {
  if (from === undefined && to === undefined) return [];
  return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
}

/** An element of a keyed list is shown by its list. */
function readPlace(pointer: string): Path {
  const path = parsePointer(pointer);
  const element = path.findIndex((segment) => /^[kv]:/.test(String(segment)));
  return element === -1 ? path : path.slice(0, element);
}

function isMark(path: Path): boolean {
  const [metadata, section, key] = path;
  if (metadata !== "metadata") return false;
  const marks: readonly string[] = section === "labels" ? RELEASED_LABELS : RELEASED_ANNOTATIONS;
  return key === undefined || marks.includes(String(key));
}
