/** Where in a policy something stands, as people write it: `spec.rules[2].generate.name`. */

import type { Path, Segment } from "../object/index.ts";

/** Keys that are no plain words stand in brackets: `matchLabels["app.kubernetes.io/name"]`. */
export function printFieldPath(path: Path): string {
  return path.map(printSegment).join("").replace(/^\./, "");
}

/** Which field it is, wherever in its lists: `spec.rules[].generate.name`. */
export function printFieldName(path: Path): string {
  return printFieldPath(path).replaceAll(/\[\d+\]/g, "[]");
}

/** In the order of a reader: by field name, and list positions as numbers. */
export function compareFieldPaths(left: Path, right: Path): number {
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = compareSegments(left[at] ?? "", right[at] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function printSegment(segment: Segment): string {
  if (typeof segment === "number") return `[${segment}]`;
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
}

function compareSegments(left: Segment, right: Segment): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  const [a, b] = [String(left), String(right)];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
