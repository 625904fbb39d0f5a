/** What a server that runs beside the operator may know: it reads, and decides nothing here. */

import { keyOf, type ObjectRef, type Resource, resourceKey } from "../object/index.ts";
import { type Asked, snapshotOf } from "../plan/index.ts";
import type { CompiledPolicy } from "../rule/index.ts";
import { namespaceOf } from "../state/index.ts";
import type { RequestedChange } from "../webhook/index.ts";
import { type Asking, isAskedFor } from "./admission-state.ts";
import { UNKNOWN } from "./kyverno-presence.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { Parts } from "./parts.ts";
import { askingPolicies, noteRequest } from "./seen-requests.ts";

export type OperatorView = ReturnType<typeof createView>;

export type ViewOptions = { namespace: string; whyNotStarted(): string | undefined };

export function createView(
  {
    world,
    lease,
    key,
    reports,
    changes,
    users,
    askedCalls,
  }: Pick<Parts, "world" | "lease" | "key" | "reports" | "changes" | "users" | "askedCalls">,
  { namespace, whyNotStarted }: ViewOptions,
) {
  return {
    served: world.catalogue,
    whyNotStarted,
    /** While it is not known whether they are somebody else's, policies are judged as our own. */
    whySuspended: (group: string) => {
      const reason = world.whySuspended({ group, kind: "ClusterPolicy", namespace: "", name: "" });
      return reason === UNKNOWN ? undefined : reason;
    },
    leads: () => lease.held,
    mayKeep: () => lease.held && key.isPresent,
    keptFields: () => key.fields,
    namespaceUid: () => namespaceOf(world, namespace)?.metadata.uid,
    mutating: () => {
      const isKnown = world.policiesSynced && world.admission.servesForeign !== undefined;
      return isKnown ? mutatingPolicies(world) : undefined;
    },
    acts: (policy: CompiledPolicy) => world.admission.acts(policy),
    written: () => writtenResources(world),
    snapshot: (asked?: Asked) => snapshotOf(world, asked),
    calls: askedCalls,
    namespaceLabels: (name: string) => namespaceOf(world, name)?.metadata.labels,
    installationKey: () => world.installationKey,
    isWatched: ({ mutations }: CompiledPolicy) =>
      mutations.every(({ reads }) => reads.every((selection) => world.objectsOf(selection)?.synced === true)),
    generated: () => generatedResources(world),
    noteUser: (target: ObjectRef, user: string) => users.note(keyOf(target), user, world.now),
    noteRefused: (refused: ReadonlyMap<CompiledPolicy, string>) => {
      const before = new Set(world.admission.refused.keys());
      world.admission.refused = refused;
      for (const { ref } of before.symmetricDifference(new Set(refused.keys()))) reports.touch(keyOf(ref));
    },
    noteAsked: (about: Asking, policies: ReadonlySet<CompiledPolicy>) => {
      const before = world.admission.asked[about];
      world.admission.asked[about] = policies;
      for (const { ref } of before.symmetricDifference(policies)) reports.touch(keyOf(ref));
    },
    asking: () => {
      const isKnown = world.policiesSynced && world.admission.servesForeign !== undefined;
      return isKnown ? askingPolicies(world) : undefined;
    },
    noteRequest: (change: RequestedChange) => noteRequest(world, changes, change),
  };
}

function mutatingPolicies(world: ObservedWorld): CompiledPolicy[] {
  const compiled = [...world.policyStates.values()].flatMap((state) =>
    state.phase === "compiled" && isAskedFor(state.compiled) ? [state.compiled] : [],
  );
  return compiled.filter((policy) => world.admission.acts(policy)).sort((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1));
}

/** By name; of one name, that of kyverno.io first. A line break sorts before whatever a longer name goes on with. */
function rankOf({ ref }: CompiledPolicy): string {
  return [ref.name, ref.namespace, ref.group].join("\n");
}

/** Kinds of what rules make, each once. */
function generatedResources(world: ObservedWorld): Resource[] {
  const rules = [...world.policyStates.values()].flatMap((state) =>
    state.phase === "compiled" ? state.compiled.rules : [],
  );
  return [...new Map(rules.flatMap(({ targets }) => targets).map((found) => [resourceKey(found), found])).values()];
}

const EVENTS = "/v1/events";

/** Kinds of what rules make and change, and Events. */
function writtenResources(world: ObservedWorld): Set<string> {
  const rules = [...world.policyStates.values()].flatMap((state) =>
    state.phase === "compiled" ? state.compiled.rules : [],
  );
  const resources = rules.flatMap(({ targets, existing }) => [...targets, ...(existing?.resources ?? [])]);
  return new Set([EVENTS, ...resources.map(resourceKey)]);
}
