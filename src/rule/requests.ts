/** Which requests the API server has to ask about, for a rule that acts on what no watch shows. */

import { hasWildcard } from "../expression/index.ts";
import { isWatchable, type Resource } from "../object/index.ts";
import { parseKindSelector } from "../policy/index.ts";
import type { Operation } from "./change.ts";
import type { KindMatcher } from "./kind-selector.ts";
import type { Need } from "./need.ts";
import { needsOfTriggers, type TriggerScope } from "./read-needs.ts";
import { type RequestKind, requestKey } from "./request-kind.ts";
import type { ServedKinds } from "./rule.ts";
import { isNoTriggerOfWildcards } from "./wildcard-triggers.ts";

export type RequestScope = {
  path: string;
  served: ServedKinds;
  unknownKinds: Set<string>;
  /** The namespace of a Policy; undefined for a ClusterPolicy. */
  confinedTo: string | undefined;
};

/** One resource for each kind, in the preferred version: requests for others are put into that by the API server. */
export function requestsOf(
  kinds: readonly KindMatcher[],
  operations: ReadonlySet<Operation>,
  scope: RequestScope,
): RequestKind[] {
  const found = new Map<string, RequestKind>();
  for (const matcher of kinds) {
    const meant = resourcesOf(matcher, scope).flatMap((resource) =>
      subresourcesOf(resource, matcher).map((subresource) => ({ resource, subresource, operations })),
    );
    if (meant.length === 0) scope.unknownKinds.add(`${matcher.text} (${scope.path}.match)`);
    for (const request of meant) found.set(requestKey(request), request);
  }
  return [...found.values()];
}

function resourcesOf(matcher: KindMatcher, { served, confinedTo }: RequestScope): Resource[] {
  const first = new Map<string, Resource>();
  for (const resource of served.all()) {
    const groupKind = `${resource.group}/${resource.kind}`;
    if (first.has(groupKind) || !matcher.names(resource)) continue;
    if (confinedTo !== undefined && !resource.namespaced) continue; // a Policy sees no cluster-scoped kinds
    if (matcher.subresource === "" && !isWatchable(resource)) continue;
    if (hasWildcard(matcher.kind) && isNoTriggerOfWildcards(resource)) continue;
    first.set(groupKind, resource);
  }
  return [...first.values()];
}

function subresourcesOf(resource: Resource, matcher: KindMatcher): string[] {
  if (matcher.subresource === "" || resource.subresources === undefined) return [matcher.subresource];
  const names = resource.subresources.map(({ name }) => name);
  return names.filter((name) => matcher.selectsRequest(resource, name));
}

/**
 * Who has a rule see requests has to be allowed to see the objects, and to do what can be seen there. `does`: what the rule has others
 * do there besides.
 */
export function needsOfRequests(
  kinds: readonly KindMatcher[],
  requests: readonly RequestKind[],
  scope: Omit<TriggerScope, "triggers">,
): Need[] {
  const { path, within, confinedTo, does = [] } = scope;
  const parents = requests.map(({ resource }) => resource);
  const open = [...new Set(["get", "create", ...does])];
  const seen = needsOfTriggers(kinds.map(parentOf), { ...scope, triggers: parents, does: open });
  const places = within === undefined ? [confinedTo ?? ""] : [...within];
  const sent = requests.flatMap(({ resource, subresource }): Need[] => {
    if (subresource === "") return [];
    const verbs = verbsOf(resource, subresource, does);
    const what = { path, verbs, group: resource.group, resource: `${resource.plural}/${subresource}` };
    return resource.namespaced ? places.map((namespace) => ({ ...what, namespace })) : [what];
  });
  return [...seen, ...sent].map((need) => ({ ...need, byOthers: true }));
}

/** What is stored there may be read; what is only sent (`create`), and told to nobody, may be sent. */
function verbsOf({ subresources = [] }: Resource, subresource: string, does: readonly string[]): string[] {
  const found = subresources.find(({ name }) => name === subresource);
  const seen = found === undefined || found.verbs.includes("create") ? "create" : "get";
  return [...new Set([seen, ...does.filter((verb) => found?.verbs.includes(verb) === true)])];
}

function parentOf({ text }: KindMatcher): string {
  const { group = "*", version = "*", kind = text } = parseKindSelector(text) ?? {};
  return `${group}/${version}/${kind}`;
}
