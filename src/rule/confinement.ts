/** A Policy reaches nothing outside its namespace: what it says of cluster-scoped kinds is a mistake, not a wish. */

import type { Resource } from "../object/index.ts";
import type { Issue, Match } from "../policy/index.ts";
import { compileKindSelector } from "./kind-selector.ts";
import type { ServedKinds } from "./rule.ts";

/** The kind selectors of a Policy's match that find cluster-scoped kinds only. `path`: of match. */
export function clusterScopedMatches(match: Match, path: string, served: ServedKinds): Issue[] {
  return filtersOf(match, path).flatMap(({ kinds, at }) =>
    kinds.flatMap((text, i) => (isClusterScoped(text, served) ? [outside(`${at}.resources.kinds[${i}]`, text)] : [])),
  );
}

/** The cluster-scoped kind that a Policy's rule generates. `path`: of generate. */
export function clusterScopedTarget({ kind }: Resource, path: string): Issue {
  return outside(`${path}.kind`, kind);
}

function outside(path: string, value: string): Issue {
  const message = `${value} is cluster-scoped, and a Policy reaches only its own namespace: name another kind, or make this a ClusterPolicy`;
  return { code: "OutsideNamespace", path, value, message };
}

function filtersOf({ any, all, resources }: Match, path: string): { kinds: readonly string[]; at: string }[] {
  const listed = (filters: Match["any"], form: string) =>
    (filters ?? []).map((filter, i) => ({ kinds: filter.resources.kinds ?? [], at: `${path}.${form}[${i}]` }));
  return [...listed(any, "any"), ...listed(all, "all"), { kinds: resources?.kinds ?? [], at: path }];
}

/** What is not served yet may turn out to live in a namespace. */
function isClusterScoped(text: string, served: ServedKinds): boolean {
  const selector = compileKindSelector(text);
  const found = [...served.all()].filter((resource) => selector.names(resource));
  return found.length > 0 && found.every(({ namespaced }) => !namespaced);
}
