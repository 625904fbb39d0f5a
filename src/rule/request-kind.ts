/** Requests of one kind, which the API server can be told to ask about. */

import type { Resource } from "../object/index.ts";
import type { Operation } from "./change.ts";
import type { AskedKind } from "./filter.ts";

/** `subresource`: "" for the objects themselves; `*` for all that there are, where nobody knows which. */
export type RequestKind = { resource: Resource; subresource: string; operations: ReadonlySet<Operation> };

/** What the path of a request says. */
export type RequestedResource = { group: string; version: string; plural: string; subresource: string };

/** What a request is about; undefined where a rule that asks for these requests did not ask for it. */
export function askedIn(requests: readonly RequestKind[], requested: RequestedResource): AskedKind | undefined {
  const { group, version, plural, subresource } = requested;
  const found = requests.find(
    ({ resource, subresource: wanted }) =>
      resource.plural === plural &&
      resource.group === group &&
      (wanted === subresource || (wanted === "*" && subresource !== "")),
  );
  return found === undefined ? undefined : { group, version, kind: found.resource.kind, subresource };
}

/** Of whichever operation. */
export function requestKey({ resource, subresource }: Pick<RequestKind, "resource" | "subresource">): string {
  return `${resource.group}/${resource.version}/${resource.plural}/${subresource}`;
}
