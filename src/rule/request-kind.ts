/** Requests of one kind, which the API server can be told to ask about. */

import type { Resource } from "../object/index.ts";
import type { Operation } from "./change.ts";

/** `subresource`: "" for the objects themselves; `*` for all that there are, where nobody knows which. */
export type RequestKind = { resource: Resource; subresource: string; operations: ReadonlySet<Operation> };

/** Of whichever operation. */
export function requestKey({ resource, subresource }: Pick<RequestKind, "resource" | "subresource">): string {
  return `${resource.group}/${resource.version}/${resource.plural}/${subresource}`;
}
