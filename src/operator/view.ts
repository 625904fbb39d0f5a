/** What a server that runs beside the operator may know: it reads, and decides nothing here. */

import { keyOf } from "../object/index.ts";
import { snapshotOf } from "../plan/index.ts";
import type { CompiledPolicy, Labels, ServedKinds, Snapshot } from "../rule/index.ts";
import { namespaceOf } from "../state/index.ts";
import { UNKNOWN } from "./kyverno-presence.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { Parts } from "./parts.ts";

export type OperatorView = {
  served: ServedKinds;
  /** Why nothing can be said about policies yet. */
  whyNotStarted(): string | undefined;
  /** Why the policies of a group are somebody else's; while that is not known, they are judged as our own. */
  whySuspended(group: string): string | undefined;
  /** True while this process holds the Lease. */
  leads(): boolean;
  /** True while it may make things that have to last: it leads, and the installation key is there. */
  mayKeep(): boolean;
  /** The fields of the Secret as it was read before it could be written: what an earlier process kept there. */
  keptFields(): readonly string[];
  /** Of the operator's own namespace, once it is seen. */
  namespaceUid(): string | undefined;
  /** Policies that mutate objects while they are written, by name; undefined while not all policies are known. */
  mutating(): readonly CompiledPolicy[] | undefined;
  /** What a rule may know besides the object, as it is seen at this moment. */
  snapshot(): Snapshot & { readonly unknown: string | undefined };
  namespaceLabels(name: string): Labels | undefined;
  installationKey(): Uint8Array | undefined;
  /** True when all that the policy reads is watched. */
  isWatched(policy: CompiledPolicy): boolean;
  /** For these policies, and no others, the API server is known to ask. */
  noteAsked(policies: ReadonlySet<CompiledPolicy>): void;
};

export type ViewOptions = { namespace: string; whyNotStarted(): string | undefined };

export function createView(
  { world, lease, key, reports }: Pick<Parts, "world" | "lease" | "key" | "reports">,
  { namespace, whyNotStarted }: ViewOptions,
): OperatorView {
  return {
    served: world.catalogue,
    whyNotStarted,
    whySuspended: (group) => {
      const reason = world.whySuspended({ group, kind: "ClusterPolicy", namespace: "", name: "" });
      return reason === UNKNOWN ? undefined : reason;
    },
    leads: () => lease.held,
    mayKeep: () => lease.held && key.isPresent,
    keptFields: () => key.fields,
    namespaceUid: () => namespaceOf(world, namespace)?.metadata.uid,
    mutating: () => (world.policiesSynced ? mutatingPolicies(world) : undefined),
    snapshot: () => snapshotOf(world),
    namespaceLabels: (name) => namespaceOf(world, name)?.metadata.labels,
    installationKey: () => world.installationKey,
    isWatched: ({ mutations }) =>
      mutations.every(({ reads }) => reads.every((selection) => world.objectsOf(selection)?.synced === true)),
    noteAsked: (policies) => {
      const before = world.admission.asked;
      world.admission.asked = policies;
      for (const { ref } of before.symmetricDifference(policies)) reports.touch(keyOf(ref));
    },
  };
}

function mutatingPolicies(world: ObservedWorld): CompiledPolicy[] {
  const compiled = [...world.policyStates.values()].flatMap((state) =>
    state.phase === "compiled" && state.compiled.mutations.length > 0 ? [state.compiled] : [],
  );
  return compiled.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ ref }: CompiledPolicy): string {
  return `${ref.name}/${ref.namespace}`;
}
