/** What a rule is told of, and by whom: watches of its triggers or, where they do not show it, requests. */

import { hasWildcard } from "../expression/index.ts";
import { isWatchable, type ObjectRef, type Resource, resourceKey } from "../object/index.ts";
import type { Listening } from "./edge.ts";
import type { Selection } from "./match.ts";
import type { Need } from "./need.ts";
import { needsOfTriggers } from "./read-needs.ts";
import type { RequestKind } from "./request-kind.ts";
import { needsOfRequests, requestsOf } from "./requests.ts";
import type { ServedKinds } from "./rule.ts";
import { isNoTriggerOfWildcards } from "./wildcard-triggers.ts";

export type SeenScope = { path: string; ref: ObjectRef; served: ServedKinds; unknownKinds: Set<string> };

export type Seen = { triggers: Resource[]; asks?: RequestKind[]; needs: Need[] };

/** And the permissions that this takes. */
export function seenBy(
  selection: Selection,
  { isAsked, operations }: Pick<Listening, "isAsked" | "operations">,
  { within, ...scope }: SeenScope & { within: ReadonlySet<string> | undefined },
): Seen {
  const confinedTo = scope.ref.namespace === "" ? undefined : scope.ref.namespace;
  const place = { path: `${scope.path}.match`, within, confinedTo };
  if (isAsked) {
    const asks = requestsOf(selection.kinds, operations, { ...scope, confinedTo });
    return { triggers: [], asks, needs: needsOfRequests(selection.kinds, asks, place) };
  }
  const triggers = triggerResources(selection, scope);
  const kinds = selection.kinds.map(({ text }) => text);
  return { triggers, needs: needsOfTriggers(kinds, { ...place, triggers }) };
}

/** One resource per kind: the version that a selector names, else the preferred one. */
export function triggerResources(selection: Selection, { served, unknownKinds, path, ref }: SeenScope): Resource[] {
  const chosen = new Map<string, Resource>();
  for (const selector of selection.kinds) {
    const taken = new Set<string>();
    for (const resource of served.all()) {
      const groupKind = `${resource.group}/${resource.kind}`;
      if (taken.has(groupKind) || !selector.selects(resource) || !isWatchable(resource)) continue;
      if (ref.namespace !== "" && !resource.namespaced) continue; // a Policy sees no cluster-scoped kinds
      if (hasWildcard(selector.kind) && isNoTriggerOfWildcards(resource)) continue;
      taken.add(groupKind);
      chosen.set(resourceKey(resource), resource);
    }
    if (taken.size === 0 && !selector.isAsked) unknownKinds.add(`${selector.text} (${path}.match)`);
  }
  return [...chosen.values()];
}
