/** JSON patch operations that take paths out of an object, in an order in which each still fits. */

import { type Json, type Path, printPointer, type Segment, valueAt } from "../object/index.ts";

/**
 * Nested paths are dropped, later list elements go first, and a container that becomes empty goes as a whole,
 * unless it is desired (`isDesired`).
 */
export function removePaths(
  live: Json,
  paths: readonly Path[],
  isDesired: (path: Path) => boolean,
): { op: "remove"; path: string }[] {
  const removed = new Map(paths.filter((path) => path.length > 0).map((path) => [printPointer(path), path]));
  while (addEmptied(live, removed, isDesired));
  return [...removed.values()]
    .filter((path) => !hasRemovedAncestor(path, removed))
    .sort(laterFirst)
    .map((path) => ({ op: "remove", path: printPointer(path) }));
}

/** Adds the parents that lose their last child; true when there was one. */
function addEmptied(live: Json, removed: Map<string, Path>, isDesired: (path: Path) => boolean): boolean {
  const before = removed.size;
  for (const path of [...removed.values()]) {
    const parent = path.slice(0, -1);
    if (parent.length === 0 || removed.has(printPointer(parent)) || isDesired(parent)) continue;
    const children = childrenOf(valueAt(live, parent));
    if (children.every((child) => removed.has(printPointer([...parent, child]))))
      removed.set(printPointer(parent), parent);
  }
  return removed.size > before;
}

function childrenOf(value: Json | undefined): Segment[] {
  if (Array.isArray(value)) return value.map((_, i) => i);
  return value !== null && typeof value === "object" ? Object.keys(value) : [];
}

function hasRemovedAncestor(path: Path, removed: Map<string, Path>): boolean {
  return path.some((_, length) => length > 0 && removed.has(printPointer(path.slice(0, length))));
}

function laterFirst(a: Path, b: Path): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const left = a[i];
    const right = b[i];
    if (left === right) continue;
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    if (typeof left === "number" && typeof right === "number") return right - left;
    return String(left) < String(right) ? 1 : -1;
  }
  return 0;
}
