/**
 * What a mutation makes different, and how to say it as server-side apply: what it sets, beside what the rule's field manager
 * owns already, as an apply that leaves that out would take it away. The order of keyed lists does not count.
 */

import {
  type FieldPath,
  fieldNode,
  isEqual,
  isJsonObject,
  isLeaf,
  type Json,
  type JsonObject,
  type MergeKey,
  type MergeSchema,
  ownValue,
  type Path,
  type Segment,
  setOwn,
  stepInto,
} from "../object/index.ts";
import { isNormalised } from "./normalised.ts";

export type MutationDifference = {
  /** Where the object changes. */
  paths: readonly Path[];
  /** The content of the apply; undefined where it cannot be said as one, as for what is removed. */
  applied: JsonObject | undefined;
};

/**
 * `owned`: the ownership set of the rule's field manager. `reverts`: what is applied is to be taken out again, so what
 * replaces somebody's content cannot be; labels and annotations can.
 */
export function mutationDifference(
  before: JsonObject,
  after: JsonObject,
  { schema, owned, reverts = false }: { schema: MergeSchema; owned?: JsonObject | undefined; reverts?: boolean },
): MutationDifference {
  const found: Found = { paths: [], isApply: true, reverts };
  const known = owned === undefined || isLeaf(owned) ? undefined : owned;
  const part = partOf(before, after, { at: [], owned: known, schema, found });
  const applied = found.isApply ? (part ?? {}) : undefined;
  return { paths: found.paths, applied: applied !== undefined && isJsonObject(applied) ? applied : undefined };
}

type Found = { paths: Path[]; isApply: boolean; reverts: boolean };
type Walk = { at: Path; owned: JsonObject | undefined; schema: MergeSchema; found: Found };

/** What has to be said of a value; undefined when nothing has. */
function partOf(before: Json | undefined, after: Json, walk: Walk): Json | undefined {
  const { owned, schema } = walk;
  const isWhole = schema.replaced === true || (owned !== undefined && isLeaf(owned));
  if (!isWhole && isJsonObject(after) && (before === undefined || isJsonObject(before)))
    return partOfMap(before, after, walk);
  if (!isWhole && Array.isArray(after) && schema.keys !== undefined && (before === undefined || Array.isArray(before)))
    return partOfList(before, after, { ...walk, keys: schema.keys });
  // in the server's words: of a value that somebody else wrote the rule would not own the place
  const isKept =
    before !== undefined && (isEqual(before, after) || (owned !== undefined && isNormalised(after, before)));
  const isChanged = !isKept;
  if (isChanged) walk.found.paths.push(walk.at);
  else if (owned === undefined) return undefined;
  const isReplaced = isChanged && before !== undefined && owned === undefined && walk.at[0] !== "metadata";
  if (isReplaced && walk.found.reverts) walk.found.isApply = false;
  return after;
}

function partOfMap(before: JsonObject | undefined, after: JsonObject, walk: Walk): Json | undefined {
  const part: JsonObject = {};
  for (const [key, value] of Object.entries(after)) {
    const child = partOf(
      before === undefined ? undefined : ownValue(before, key),
      value,
      within(walk, key, [`f:${key}`]),
    );
    if (child !== undefined) setOwn(part, key, child);
  }
  for (const key of Object.keys(before ?? {})) if (ownValue(after, key) === undefined) noteRemoval(walk, key);
  if (Object.keys(part).length > 0) return part;
  if (before === undefined) walk.found.paths.push(walk.at);
  const isOwned = walk.owned !== undefined && Object.hasOwn(walk.owned, ".");
  return before === undefined || isOwned ? {} : undefined;
}

type WalkList = Walk & { keys: readonly MergeKey[] };

function partOfList(before: readonly Json[] | undefined, after: readonly Json[], walk: WalkList): Json | undefined {
  const { keys, found } = walk;
  const part: Json[] = [];
  let isAdded = false;
  for (const [i, element] of after.entries()) {
    const known = before?.find((other) => isSame(element, other, keys));
    const node = ownedElement(walk, element);
    const child = partOf(known, element, { ...within(walk, i, []), owned: node });
    isAdded ||= known === undefined;
    if (child !== undefined || node !== undefined) part.push(withKeys(element, child, keys));
  }
  for (const [i, element] of (before ?? []).entries())
    if (!after.some((other) => isSame(other, element, keys))) noteRemoval(walk, i);
  // an apply puts new elements at the end, and here their order is that in which they run
  if (isAdded && before !== undefined && before.length > 0 && walk.at.at(-1) === "initContainers")
    found.isApply = false;
  if (before === undefined && after.length === 0) found.paths.push(walk.at);
  return part.length > 0 || before === undefined ? part : undefined;
}

function within({ at, owned, schema, found }: Walk, segment: Segment, path: FieldPath): Walk {
  const inside: MergeSchema =
    typeof segment === "string" ? schema.field(segment) : { field: (name) => schema.field(name) };
  return { at: [...at, segment], owned: path.length === 0 ? undefined : fieldNode(owned, path), schema: inside, found };
}

function noteRemoval({ at, found }: Walk, segment: Segment): void {
  found.paths.push([...at, segment]);
  found.isApply = false;
}

function isSame(a: Json, b: Json, keys: readonly MergeKey[]): boolean {
  if (keys.length === 0 || !isJsonObject(a) || !isJsonObject(b)) return isEqual(a, b);
  return keys.every((key) => isEqual(keyValue(a, key), keyValue(b, key)));
}

function keyValue(element: JsonObject, key: MergeKey): Json {
  return ownValue(element, key.name) ?? key.default ?? null;
}

function withKeys(element: Json, part: Json | undefined, keys: readonly MergeKey[]): Json {
  if (!isJsonObject(element)) return element;
  const named = keys.map((key) => [key.name, ownValue(element, key.name) ?? key.default] as const);
  const known = named.filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return { ...Object.fromEntries(known), ...(part !== undefined && isJsonObject(part) ? part : {}) };
}

/** The node of the ownership set that stands for the element. */
function ownedElement({ owned = {} }: Walk, element: Json): JsonObject | undefined {
  const name = Object.keys(owned).find((one) => one !== "." && stepInto([element], one, true).length > 0);
  const node = name === undefined ? undefined : owned[name];
  return node !== undefined && isJsonObject(node) ? node : undefined;
}
