/** The questions of context entries, asked of what is stored: when they are planned, and again when something changes. */

import { keyOf, type ObjectRef } from "../object/index.ts";
import type { Found, Lookup } from "../rule/index.ts";
import type { Look } from "./claims.ts";
import type { World } from "./world.ts";

/** What a lookup is about, as it is stored now; "unknown" while its list is not whole. */
export function findAsked(
  world: Pick<World, "objectsIn" | "objectsWith">,
  { resource, namespace, name }: Lookup,
): Found | "unknown" {
  if (name === undefined) {
    const store = world.objectsIn(resource, namespace);
    return store?.synced === true ? store.list(namespace) : "unknown";
  }
  const ref: ObjectRef = { group: resource.group, kind: resource.kind, namespace: namespace ?? "", name };
  const store = world.objectsWith(resource, ref);
  return store?.synced === true ? store.get(keyOf(ref)) : "unknown";
}

/** False also while nobody can say: what is not known is planned again when it is. */
export function isAnsweredOtherwise(
  world: Pick<World, "objectsIn" | "objectsWith" | "resultOf">,
  { lookup, digest }: Pick<Look, "lookup" | "digest">,
): boolean {
  if ("call" in lookup) {
    const result = world.resultOf(lookup.call);
    return result !== undefined && lookup.answer(result).digest !== digest;
  }
  const found = findAsked(world, lookup);
  return found !== "unknown" && lookup.answer(found).digest !== digest;
}
