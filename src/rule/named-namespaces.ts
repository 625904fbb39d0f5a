/** The namespaces that a match names: those that triggers lie in, and Namespaces that are triggers themselves. */

import { hasWildcard } from "../expression/index.ts";
import type { Match, ResourceFilter } from "../policy/index.ts";
import { compileKindSelector } from "./kind-selector.ts";

export function namedNamespaces({ any, all, resources }: Match): string[] {
  const filters = [...(any ?? []), ...(all ?? [])].map((filter) => filter.resources);
  const named = [...filters, ...(resources === undefined ? [] : [resources])].flatMap(namesOf);
  return [...new Set(named)].filter((name) => !hasWildcard(name));
}

function namesOf({ kinds, name, names, namespaces }: ResourceFilter): string[] {
  const own = name === undefined ? (names ?? []) : [name];
  return [...(namespaces ?? []), ...((kinds ?? []).some(meansNamespaces) ? own : [])];
}

function meansNamespaces(selector: string): boolean {
  return compileKindSelector(selector).selects({ group: "", version: "v1", kind: "Namespace" });
}

/**
 * The only namespaces that triggers may lie in (of a Namespace: be), where match writes them out; undefined where it may
 * be any. So that a change elsewhere need not be asked about.
 */
export function onlyNamespaces({ any, all, resources }: Match): ReadonlySet<string> | undefined {
  if (any !== undefined) {
    const known = any.map((filter) => writtenOut(filter.resources));
    return known.every((names) => names !== undefined) ? new Set(known.flat()) : undefined;
  }
  const filters = [...(all ?? []).map((filter) => filter.resources), ...(resources === undefined ? [] : [resources])];
  const known = filters.map(writtenOut).find((names) => names !== undefined);
  return known === undefined ? undefined : new Set(known);
}

/** Namespaces may be named as what they are: objects with a name. */
function writtenOut({ kinds = [], name, names, namespaces }: ResourceFilter): readonly string[] | undefined {
  const own = name === undefined ? names : [name];
  const meansOnlyNamespaces =
    kinds.length > 0 && kinds.every((kind) => kind === "Namespace" || kind === "v1/Namespace");
  return [namespaces, meansOnlyNamespaces ? own : undefined].find(
    (found) => found !== undefined && !found.some(hasWildcard),
  );
}
