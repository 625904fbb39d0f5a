/** Where something lies that a rule reads, as far as its author wrote that out. */

import type { Resource } from "../object/index.ts";
import type { Read } from "./rule.ts";

/** What has to be watched: one object, the kind in one namespace, or the whole kind, as far as it is written out. */
export function readOf(
  { namespace, name }: { namespace?: string | undefined; name?: string | undefined },
  resource: Resource,
  confinedTo: string | undefined,
): Read {
  const place = literal(namespace) ?? (resource.namespaced ? confinedTo : undefined);
  const isKnown = place !== undefined || !resource.namespaced;
  const known = isKnown ? literal(name) : undefined; // a name alone is no place
  return {
    resource,
    ...(place === undefined ? {} : { namespace: place }),
    ...(known === undefined ? {} : { name: known }),
  };
}

/** Undefined where it holds variables. */
export function literal(text: string | undefined): string | undefined {
  return text === undefined || text.includes("{{") || text.includes("$(") ? undefined : text;
}
