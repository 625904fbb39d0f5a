/**
 * What mutate rules set on existing objects and nobody wants any more, though no claim remembers: rules, or triggers of theirs, went
 * while nobody was looking. The field manager of a rule tells its objects.
 */

import {
  appliedThrough,
  type GroupKind,
  keyOf,
  type ObjectKey,
  type ObjectRef,
  type Resource,
  refOf,
} from "../object/index.ts";
import { mutationManager } from "../rule/index.ts";
import { type ClaimKey, claimKey, findRule } from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { KeyedQueue } from "./queue.ts";

type RuleRef = { policy: ObjectRef; rule: string; kinds: readonly GroupKind[] };

/** Kinds that are looked at only because rules that are gone may have set something on them. */
export function kindsOfGoneRules(world: ObservedWorld): Resource[] {
  const kinds = goneRules(world).flatMap(({ kinds }) => kinds);
  return kinds.map((kind) => world.catalogue.findKind(kind)).filter((resource) => resource !== undefined);
}

/** Has what nobody wants any more planned by a claim of its own, which takes it back. */
export function sweepMutations(world: ObservedWorld, queue: KeyedQueue<ClaimKey>): void {
  for (const rule of [...goneRules(world), ...servedRules(world)])
    for (const target of orphansOf(world, rule)) {
      const key = claimKey({ policy: rule.policy, rule: rule.rule, trigger: target });
      noteLeaving(world, key, { rule, target: keyOf(target) });
      queue.add(key);
    }
}

/** Whether something may be left to be taken back of a rule that is gone. */
export function hasOrphans(world: ObservedWorld, rule: RuleRef): boolean {
  const unknown = rule.kinds.some((kind) => {
    const resource = world.catalogue.findKind(kind);
    return resource !== undefined && world.objects(resource)?.synced !== true;
  });
  return unknown || orphansOf(world, rule).length > 0;
}

function goneRules(world: ObservedWorld): RuleRef[] {
  if (!world.policiesSynced) return [];
  return [...world.disposals].flatMap(([key, { policy, mutated = {} }]) => {
    const state = world.policyStates.get(key);
    if (state?.phase === "invalid") return [];
    const gone = Object.entries(mutated).filter(
      ([rule, kinds]) => kinds.length > 0 && findRule(state, rule) === undefined,
    );
    return gone.map(([rule, kinds]) => ({ policy, rule, kinds }));
  });
}

/** Of which every claim was planned, so that what none of them wants is known. */
function servedRules(world: ObservedWorld): RuleRef[] {
  return [...world.policyStates.values()].flatMap((state) => {
    if (state.phase !== "compiled") return [];
    const reverting = state.compiled.rules.filter(({ existing }) => existing?.reverts === true);
    const planned = reverting.filter(({ name }) => isPlanned(world, keyOf(state.ref), name));
    return planned.map(({ name, existing }) => ({ policy: state.ref, rule: name, kinds: existing?.resources ?? [] }));
  });
}

function isPlanned(world: ObservedWorld, policy: ObjectKey, rule: string): boolean {
  const progress = world.progress.get(policy)?.get(rule);
  return progress?.ready === true && progress.awaited.size === 0;
}

function orphansOf(world: ObservedWorld, { policy, rule, kinds }: RuleRef): ObjectRef[] {
  const manager = mutationManager(policy, rule);
  const prefix = `${keyOf(policy)}\n${rule}\n`;
  return kinds.flatMap((kind) => {
    const resource = world.catalogue.findKind(kind);
    const objects = resource === undefined ? [] : (world.objects(resource)?.values() ?? []);
    return [...objects]
      .filter((object) => appliedThrough(object, manager).length > 0)
      .map(refOf)
      .filter((ref) => ![...world.claims.mutating(keyOf(ref))].some((claim) => claim.startsWith(prefix)));
  });
}

function noteLeaving(
  world: ObservedWorld,
  key: ClaimKey,
  { rule, target }: { rule: RuleRef; target: ObjectKey },
): void {
  const known = world.claims.get(key);
  const before = known?.mutations ?? { rule: undefined, trigger: undefined, ...NOTHING };
  const mutations = { ...before, leaving: new Set([...before.leaving, target]) };
  const state = known ?? { key, wants: new Set<ObjectKey>(), inSync: 0, failures: [], gone: true };
  world.claims.set({ ...state, mutations }, `${keyOf(rule.policy)}\n${rule.rule}`, []);
}

const NOTHING = {
  targets: new Set<ObjectKey>(),
  rest: new Map(),
  leaving: new Set<ObjectKey>(),
  unaccepted: new Map(),
  awaited: new Map(),
};
