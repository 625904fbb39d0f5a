/**
 * Which watches the policies and the inventory call for: one per resource, narrowed to marked objects where that is enough;
 * what rules read besides is watched as narrowly as it is named, unless a wider watch shows it anyway. Of triggers of which
 * nothing but metadata is read, and that nobody needs for anything else, no more is watched than that.
 */

import { type Selection, selectionKey, widerSelections } from "../cluster/index.ts";
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

export type WatchInputs = {
  /** Always watched, whole. */
  system: readonly Resource[];
  policies: Iterable<PolicyState>;
  /** Kinds that were ever written: their targets must be found, also when no rule names the kind any more. */
  written: readonly GroupKind[];
  catalogue: Catalogue;
  /** What else rules read. */
  read: readonly Selection[];
  /** Further watches, of nothing that is kept. */
  others: readonly Selection[];
  /** True for a watch that may not be opened: what somebody may see of it is watched beside it. */
  isRefused(selection: Selection): boolean;
};

export type WantedWatches = {
  selections: Selection[];
  /** Those whose objects are kept, because rules look at them. */
  kept: Selection[];
};

export function wantedWatches(inputs: WatchInputs): WantedWatches {
  const { system, policies, written, catalogue, others, isRefused } = inputs;
  const rules = rulesOf(policies);
  const reads = [...rules.flatMap((rule) => rule.reads), ...inputs.read];
  const targets = rules.flatMap((rule) => rule.targets);
  const besides = [...system, ...targets, ...written, ...[...reads, ...others].map(({ resource }) => resource)];
  const triggers = atOneLevel(rules.flatMap(triggersOf), new Set(besides.map(groupKindKey)));
  const whole = [...system.map((resource) => ({ resource })), ...triggers];
  const kinds = new Set([...whole.map(({ resource }) => resource), ...targets].map(groupKindKey));
  const forgotten = written
    .filter((kind) => !kinds.has(groupKindKey(kind)))
    .map((kind) => catalogue.findKind(kind))
    .filter((resource) => resource !== undefined);
  const kept = widest([...whole, ...reads], isRefused);
  const marked = [...targets, ...forgotten].filter(isWatchable).map(markedObjects);
  return { kept, selections: widest([...kept, ...marked, ...others], isRefused) };
}

/** Each kind whole where one of them wants it so, or where it is needed for something else; never both. */
function atOneLevel(triggers: readonly Selection[], besides: ReadonlySet<string>): Selection[] {
  const whole = triggers.filter(({ metadataOnly }) => !metadataOnly).map(({ resource }) => groupKindKey(resource));
  const needed = new Set([...besides, ...whole]);
  return triggers.map((selection) => {
    const { resource } = selection;
    return needed.has(groupKindKey(resource)) ? { resource } : selection;
  });
}

/** All that has to be watched for a rule. */
export function selectionsOf(rule: CompiledRule): Selection[] {
  return [...seenBy(rule), ...rule.targets.filter(isWatchable).map(markedObjects)];
}

/** What a rule looks at, so that it cannot be planned without. */
export function seenBy(rule: CompiledRule): Selection[] {
  return [...triggersOf(rule), ...rule.reads];
}

/** As much of its triggers as it reads. */
export function triggersOf({ triggers, readsContent }: Pick<CompiledRule, "triggers" | "readsContent">): Selection[] {
  return triggers.map((resource) => (readsContent ? { resource } : { resource, metadataOnly: true }));
}

export function markedObjects(resource: Resource): Selection {
  return { resource, labelSelector: TARGET };
}

/** Each once, and none that another one shows too. */
function widest(selections: readonly Selection[], isRefused: WatchInputs["isRefused"]): Selection[] {
  const byKey = new Map(selections.map((selection) => [selectionKey(selection), selection]));
  const isShown = (wider: Selection): boolean => byKey.has(selectionKey(wider)) && !isRefused(wider);
  return [...byKey.values()].filter((selection) => !widerSelections(selection).some(isShown));
}

export function rulesOf(policies: Iterable<PolicyState>): CompiledRule[] {
  return [...policies].flatMap((state) => (state.phase === "compiled" ? state.compiled.rules : []));
}

/** Rules with their policies, by the key of a resource. */
export type RulesByResource = Map<string, { policy: ObjectRef; rule: CompiledRule }[]>;

/** `resourcesOf`: under which resources a rule is to be found. */
export function rulesByResource(
  policies: Iterable<PolicyState>,
  resourcesOf: (rule: CompiledRule) => readonly Resource[],
): RulesByResource {
  const rules = [...policies].flatMap((state) => rulesOf([state]).map((rule) => ({ policy: state.ref, rule })));
  const pairs = rules.flatMap((entry) =>
    [...new Set(resourcesOf(entry.rule).map(resourceKey))].map((key) => ({ key, entry })),
  );
  return new Map(
    [...Map.groupBy(pairs, ({ key }) => key)].map(([key, found]) => [key, found.map(({ entry }) => entry)]),
  );
}
