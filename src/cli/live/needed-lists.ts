/** What has to be read of a cluster so that policies can be planned: their triggers, targets, sources and context. */

import { type Selection, selectionKey, widerSelections } from "../../cluster/index.ts";
import { groupKindKey, type Resource } from "../../object/index.ts";
import type { CompiledRule } from "../../rule/index.ts";
import type { PolicyState } from "../../state/index.ts";

/** Those that others show as well are left out. `earlier`: the policies as the cluster has them, whose targets may have to go. */
export function neededLists(policies: readonly PolicyState[], earlier: readonly PolicyState[]): Selection[] {
  const needed = [
    ...policies.flatMap((policy) => rulesOf(policy).flatMap((rule) => ofRule(rule, policy.ref.namespace))),
    ...earlier.flatMap((policy) =>
      rulesOf(policy).flatMap(({ targets }) => targets.map((target) => inside(target, policy.ref.namespace))),
    ),
  ];
  const byKey = new Map(needed.map((selection) => [selectionKey(selection), selection]));
  const isShown = (selection: Selection): boolean =>
    widerSelections(selection).some((wider) => byKey.has(selectionKey(wider)));
  return [...byKey.values()].filter((selection) => !isShown(selection));
}

function rulesOf(policy: PolicyState): readonly CompiledRule[] {
  return policy.phase === "compiled" ? policy.compiled.rules : [];
}

/** `confinedTo`: the namespace of a Policy, "" for a ClusterPolicy. */
function ofRule({ triggers, targets, reads, within }: CompiledRule, confinedTo: string): Selection[] {
  return [
    ...triggers.flatMap((resource) => triggersIn(resource, within)),
    ...targets.map((resource) => inside(resource, confinedTo)),
    ...reads,
  ];
}

function triggersIn(resource: Resource, within: ReadonlySet<string> | undefined): Selection[] {
  if (within === undefined) return [{ resource }];
  if (resource.namespaced) return Array.from(within, (namespace) => ({ resource, namespace }));
  return groupKindKey(resource) === "/Namespace" ? Array.from(within, (name) => ({ resource, name })) : [{ resource }];
}

function inside(resource: Resource, namespace: string): Selection {
  return resource.namespaced && namespace !== "" ? { resource, namespace } : { resource };
}
