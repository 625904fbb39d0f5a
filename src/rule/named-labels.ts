/**
 * The labels that a match writes out, one of which every trigger carries; undefined where it may carry none of them. So that
 * of hundreds of rules for one kind only a few need be asked about an object.
 */

import { hasWildcard } from "../expression/index.ts";
import type { Match, ResourceFilter } from "../policy/index.ts";

/** Without a value: with any value. */
export type NamedLabel = { key: string; value?: string };

export function onlyLabels({ any, all, resources }: Match): readonly NamedLabel[] | undefined {
  if (any !== undefined) {
    const known = any.flatMap((filter) => narrowest([filter.resources]) ?? []);
    return known.length === any.length && known.length > 0 ? known : undefined;
  }
  const filters = [...(all ?? []).map((filter) => filter.resources), ...(resources === undefined ? [] : [resources])];
  const label = narrowest(filters);
  return label === undefined ? undefined : [label];
}

/** Of filters that all have to hold: a label with its value, else one with any value. */
function narrowest(filters: readonly ResourceFilter[]): NamedLabel | undefined {
  const labels = filters.flatMap(({ selector }) => Object.entries(selector?.matchLabels ?? {}));
  const literal = labels.filter(([key]) => !hasWildcard(key));
  const [key, value] = literal.find(([, text]) => !hasWildcard(text)) ?? literal[0] ?? [];
  if (key === undefined || value === undefined) return undefined;
  return hasWildcard(value) ? { key } : { key, value };
}
