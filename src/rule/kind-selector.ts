/** Which kinds a filter's `kinds` mean, ready to be asked. */

import { compileWildcard } from "../expression/index.ts";
import { isStored, parseKindSelector } from "../policy/index.ts";

export type KindMatcher = {
  text: string;
  /** The kind as written, perhaps with wildcards. */
  kind: string;
  /** Never true for a subresource whose objects are not stored. */
  selects(type: { group: string; version: string; kind: string }): boolean;
};

export function compileKindSelector(text: string): KindMatcher {
  const selector = parseKindSelector(text);
  if (selector === undefined || !isStored(selector.subresource))
    return { text, kind: selector?.kind ?? "", selects: () => false };
  const matchesKind = compileWildcard(selector.kind);
  const matchesVersion = compileWildcard(selector.version);
  const matchesGroup = compileWildcard(selector.group);
  return {
    text,
    kind: selector.kind,
    selects: ({ group, version, kind }) => matchesKind(kind) && matchesGroup(group) && matchesVersion(version),
  };
}
