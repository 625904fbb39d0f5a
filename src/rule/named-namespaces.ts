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
