/** What a server that runs beside the operator may know: it reads, and decides nothing here. */

import type { ServedKinds } from "../rule/index.ts";
import { namespaceOf } from "../state/index.ts";
import type { Parts } from "./parts.ts";

export type OperatorView = {
  served: ServedKinds;
  /** Why nothing can be said about policies yet. */
  whyNotStarted(): string | undefined;
  /** Why the policies of a group are left alone. */
  whySuspended(group: string): string | undefined;
  /** True while this process holds the Lease. */
  leads(): boolean;
  /** True while it may make things that have to last: it leads, and the installation key is there. */
  mayKeep(): boolean;
  /** The fields of the Secret as it was read before it could be written: what an earlier process kept there. */
  keptFields(): readonly string[];
  /** Of the operator's own namespace, once it is seen. */
  namespaceUid(): string | undefined;
};

export type ViewOptions = { namespace: string; whyNotStarted(): string | undefined };

export function createView(
  { world, lease, key }: Pick<Parts, "world" | "lease" | "key">,
  { namespace, whyNotStarted }: ViewOptions,
): OperatorView {
  return {
    served: world.catalogue,
    whyNotStarted,
    whySuspended: (group) => world.whySuspended({ group, kind: "ClusterPolicy", namespace: "", name: "" }),
    leads: () => lease.held,
    mayKeep: () => lease.held && key.isPresent,
    keptFields: () => key.fields,
    namespaceUid: () => namespaceOf(world, namespace)?.metadata.uid,
  };
}
