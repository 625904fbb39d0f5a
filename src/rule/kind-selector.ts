/** Which kinds a filter's `kinds` mean, ready to be asked. */

import { compileWildcard } from "../expression/index.ts";
import { isStored, type KindSelector, parseKindSelector } from "../policy/index.ts";

export type KindMatcher = {
  text: string;
  /** The kind as written, perhaps with wildcards. */
  kind: string;
  /** As written; "" for the object itself. */
  subresource: string;
  /** True when it names subresources that no watch shows, such as `Pod/exec`: requests to them are seen while they are admitted. */
  isAsked: boolean;
  /** True for the kind itself, whichever subresource is named. */
  names(type: Type): boolean;
  /** True for what a watch shows: never for a subresource whose objects are not stored. */
  selects(type: Type): boolean;
  /** True for a request to an object of the kind (`""`), or to one of its subresources. */
  selectsRequest(type: Type, subresource: string): boolean;
};

type Type = { group: string; version: string; kind: string };

const no = (): boolean => false;
const NOTHING: KindMatcher = {
  ...{ text: "", kind: "", subresource: "", isAsked: false },
  ...{ names: no, selects: no, selectsRequest: no },
};

export function compileKindSelector(text: string): KindMatcher {
  const selector = parseKindSelector(text);
  if (selector === undefined) return { ...NOTHING, text };
  const { kind, subresource } = selector;
  const names = compileNames(selector);
  const isAsked = !isStored(subresource);
  const matchesSubresource = compileWildcard(subresource);
  return {
    text,
    kind,
    subresource,
    isAsked,
    names,
    selects: (type) => !isAsked && names(type),
    // of a subresource, `*` means every one, and not the object itself
    selectsRequest: (type, asked) => names(type) && (asked === "" ? subresource === "" : matchesSubresource(asked)),
  };
}

function compileNames(selector: KindSelector): KindMatcher["names"] {
  const matchesKind = compileWildcard(selector.kind);
  const matchesVersion = compileWildcard(selector.version);
  const matchesGroup = compileWildcard(selector.group);
  return ({ group, version, kind }) => matchesKind(kind) && matchesGroup(group) && matchesVersion(version);
}
