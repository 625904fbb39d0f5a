/** Which watches the policies and the inventory call for: one per resource, narrowed to marked objects where that is enough. */

import type { Selection } from "../cluster/index.ts";
import {
  type GroupKind,
  groupKindKey,
  isWatchable,
  type ObjectRef,
  type Resource,
  resourceKey,
  TARGET,
} from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import type { Catalogue, PolicyState } from "../state/index.ts";

export type WatchNeeds = {
  /** Always watched, whole. */
  system: readonly Resource[];
  policies: Iterable<PolicyState>;
  /** Kinds that were ever written: their targets must be found, also when no rule names the kind any more. */
  written: readonly GroupKind[];
  catalogue: Catalogue;
};

export type WantedWatches = {
  selections: Selection[];
  /** The resources whose objects are kept, because rules look at them. */
  whole: Map<string, Resource>;
};

export function wantedWatches({ system, policies, written, catalogue }: WatchNeeds): WantedWatches {
  const rules = rulesOf(policies);
  const whole = byKey([...system, ...rules.flatMap(({ triggers }) => triggers)]);
  const targets = rules.flatMap(({ targets }) => targets);
  const kinds = new Set([...whole.values(), ...targets].map(groupKindKey));
  const forgotten = written
    .filter((kind) => !kinds.has(groupKindKey(kind)))
    .map((kind) => catalogue.findKind(kind))
    .filter((resource) => resource !== undefined);
  const marked = byKey(
    [...targets, ...forgotten].filter((resource) => isWatchable(resource) && !whole.has(resourceKey(resource))),
  );
  return {
    whole,
    selections: [
      ...[...whole.values()].map((resource) => ({ resource })),
      ...[...marked.values()].map((resource) => ({ resource, labelSelector: TARGET })),
    ],
  };
}

export function rulesOf(policies: Iterable<PolicyState>): CompiledRule[] {
  return [...policies].flatMap((state) => (state.phase === "compiled" ? state.compiled.rules : []));
}

/** The rules that the objects of a resource trigger, by the key of the resource. */
export type TriggeredRules = Map<string, { policy: ObjectRef; rule: CompiledRule }[]>;

export function triggeredRules(policies: Iterable<PolicyState>): TriggeredRules {
  const rules = [...policies].flatMap((state) => rulesOf([state]).map((rule) => ({ policy: state.ref, rule })));
  const pairs = rules.flatMap((entry) =>
    entry.rule.triggers.map((resource) => ({ key: resourceKey(resource), entry })),
  );
  return new Map(
    [...Map.groupBy(pairs, ({ key }) => key)].map(([key, found]) => [key, found.map(({ entry }) => entry)]),
  );
}

function byKey(resources: readonly Resource[]): Map<string, Resource> {
  return new Map(resources.map((resource) => [resourceKey(resource), resource]));
}
