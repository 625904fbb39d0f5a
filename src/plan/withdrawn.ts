/**
 * What a mutate rule had set on an object and does not set any more: its field manager still owns it, and what the rule makes of the
 * object without it does not bring it back. Nothing is concluded where the rule cannot say what it makes of that.
 */

import {
  asJson,
  type FieldPath,
  fieldMembers,
  fieldNode,
  isLeaf,
  type Json,
  type JsonObject,
  type KubernetesObject,
  resolveField,
  setOwn,
} from "../object/index.ts";
import { type Application, mutatedBy } from "./mutation-sharing.ts";
import { withoutFields } from "./without-fields.ts";

/** `owned`: the ownership set of the rule's field manager; `applications`: those of all claims of the rule. */
export function withdrawnFields(
  object: KubernetesObject,
  owned: JsonObject,
  applications: readonly Application[],
): readonly FieldPath[] {
  const members = fieldMembers(owned);
  const elements = members.filter(isElement);
  const ends = members.filter((path) => !isElement(path) && isLeaf(fieldNode(owned, path) ?? {}));
  const leaves = ends.filter((path) => !isKeyOf(path, elements));
  // an element may be somebody else's too: then the rule finds it there
  const kept = madeWithout(object, leaves, applications);
  const gone = madeWithout(object, [...leaves, ...elements], applications);
  if (kept === undefined || gone === undefined) return [];
  const wanted = leaves.filter((path) => isThere(kept, path) || isThere(gone, path));
  const leavesLeft = leaves.filter((path) => !wanted.includes(path));
  const elementsLeft = elements.filter((path) => !isThere(gone, path) && !wanted.some((other) => liesIn(other, path)));
  const left = [...leavesLeft, ...elementsLeft];
  const isAtRest = [leavesLeft, left].every((paths) => {
    const made = madeWithout(object, paths, applications);
    return made !== undefined && !paths.some((path) => isThere(made, path));
  });
  return isAtRest ? left : [];
}

function madeWithout(
  object: KubernetesObject,
  paths: readonly FieldPath[],
  applications: readonly Application[],
): Json | undefined {
  const without = withoutFields(asJson(object), paths) as KubernetesObject; // nobody owns what makes it one
  const made = mutatedBy(without, applications);
  return made.ok ? asJson(made.object) : undefined;
}

function isThere(root: Json, path: FieldPath): boolean {
  return resolveField(root, path, true).length > 0;
}

function isElement(path: FieldPath): boolean {
  return /^[kv]:/.test(path.at(-1) ?? "");
}

/** What tells an element apart goes with the element. */
function isKeyOf(path: FieldPath, elements: readonly FieldPath[]): boolean {
  return elements.some((element) => {
    const last = element.at(-1) ?? "";
    const key = path.at(-1)?.slice(2) ?? "";
    return path.length === element.length + 1 && liesIn(path, element) && last.includes(`${JSON.stringify(key)}:`);
  });
}

function liesIn(path: FieldPath, element: FieldPath): boolean {
  return element.every((part, i) => path[i] === part);
}

/** The ownership set without these members, and all that lies in them. */
export function ownedWithout(owned: JsonObject, paths: readonly FieldPath[], at: FieldPath = []): JsonObject {
  const left: JsonObject = {};
  for (const [part, node] of Object.entries(owned)) {
    const path = [...at, part];
    if (paths.some((other) => other.length === path.length && liesIn(other, path))) continue;
    const isNode = node !== null && typeof node === "object" && !Array.isArray(node);
    const inside = isNode ? ownedWithout(node, paths, path) : node;
    // a map of which nothing is left was no member itself; a leaf is one
    if (isNode && Object.keys(node).length > 0 && Object.keys(inside as JsonObject).length === 0) continue;
    setOwn(left, part, inside);
  }
  return left;
}
