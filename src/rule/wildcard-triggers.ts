/** What a kind with wildcards does not mean. */

import type { Resource } from "../object/index.ts";

/** Bookkeeping of the control plane, which changes all the time: a rule that means it names it. */
const CHATTY = new Set(["Event", "Lease", "EndpointSlice", "ReplicaSet"]);

export function isNoTriggerOfWildcards({ kind }: Resource): boolean {
  return CHATTY.has(kind) || kind.endsWith("Review");
}
