/**
 * What mutate rules set on existing objects and nobody wants any more, though no claim remembers: rules, or triggers of theirs, went
 * while nobody was looking. The field manager of a rule tells its objects.
 */

import {
  appliedThrough,
  type GroupKind,
  groupKindKey,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  type ObjectRef,
  type Resource,
  refOf,
} from "../object/index.ts";
import { mutationManager, type Read } from "../rule/index.ts";
import { type ClaimKey, claimKey, findRule } from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { KeyedQueue } from "./queue.ts";

/** `kinds`: of objects that it changes, or changed. `reads`: where they lie by now, where that is known. */
export type MutatingRule = { policy: ObjectRef; rule: string; kinds: readonly GroupKind[]; reads?: readonly Read[] };

export function keyOfRule({ policy, rule }: Pick<MutatingRule, "policy" | "rule">): string {
  return `${keyOf(policy)}\n${rule}`;
}

/** Kinds that are looked at only because rules that are gone may have set something on them. */
export function kindsOfGoneRules(world: ObservedWorld): Resource[] {
  const kinds = goneRules(world).flatMap(({ kinds }) => kinds);
  return kinds.map((kind) => world.catalogue.findKind(kind)).filter((resource) => resource !== undefined);
}

/** Has what nobody wants any more planned by a claim of its own, which takes it back. */
export function sweepMutations(world: ObservedWorld, queue: KeyedQueue<ClaimKey>): void {
  for (const rule of [...goneRules(world), ...servedRules(world)])
    for (const target of orphansOf(world, rule)) queue.add(leave(world, rule, target));
}

/** The claim that takes it back. */
export function leave(world: ObservedWorld, rule: MutatingRule, target: ObjectRef): ClaimKey {
  const key = claimKey({ policy: rule.policy, rule: rule.rule, trigger: target });
  noteLeaving(world, key, { rule, target: keyOf(target) });
  return key;
}

export function isWantedByRule(world: ObservedWorld, rule: MutatingRule, target: ObjectKey): boolean {
  const prefix = `${keyOfRule(rule)}\n`;
  return [...world.claims.mutating(target)].some((claim) => claim.startsWith(prefix));
}

/** Whether something may be left to be taken back of a rule that is gone. */
export function hasOrphans(world: ObservedWorld, rule: MutatingRule): boolean {
  const unknown = rule.kinds.some((kind) => {
    const resource = world.catalogue.findKind(kind);
    return resource !== undefined && world.objects(resource)?.synced !== true;
  });
  return unknown || orphansOf(world, rule).length > 0;
}

function goneRules(world: ObservedWorld): MutatingRule[] {
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

/** That take back, and of which every claim was planned, so that what none of them wants is known. */
export function servedRules(world: ObservedWorld): MutatingRule[] {
  return [...world.policyStates.values()].flatMap((state) => {
    if (state.phase !== "compiled") return [];
    const reverting = state.compiled.rules.filter(({ existing }) => existing?.reverts === true);
    const planned = reverting.filter(({ name }) => isPlanned(world, keyOf(state.ref), name));
    const mutated = world.disposals.get(keyOf(state.ref))?.mutated ?? {};
    return planned.map(({ name, existing, reads }) => {
      const kinds = [...(existing?.resources ?? []), ...(mutated[name] ?? [])];
      const once = new Map(kinds.map((kind) => [groupKindKey(kind), kind]));
      return { policy: state.ref, rule: name, kinds: [...once.values()], reads };
    });
  });
}

function isPlanned(world: ObservedWorld, policy: ObjectKey, rule: string): boolean {
  const progress = world.progress.get(policy)?.get(rule);
  return progress?.ready === true && progress.awaited.size === 0;
}

function orphansOf(world: ObservedWorld, rule: MutatingRule): ObjectRef[] {
  const manager = mutationManager(rule.policy, rule.rule);
  return rule.kinds.flatMap((kind) =>
    objectsOf(world, kind, rule.reads)
      .filter((object) => appliedThrough(object, manager).length > 0)
      .map(refOf)
      .filter((ref) => !isWantedByRule(world, rule, keyOf(ref))),
  );
}

/** All of the kind; where nobody watches all of it, those that the rule looks at. */
function objectsOf(world: ObservedWorld, kind: GroupKind, reads: readonly Read[] = []): KubernetesObject[] {
  const resource = world.catalogue.findKind(kind);
  if (resource === undefined) return [];
  const whole = world.objects(resource);
  if (whole !== undefined) return [...whole.values()];
  const own = reads.filter((read) => groupKindKey(read.resource) === groupKindKey(kind));
  return own.flatMap((read) => [...(world.objectsOf(read)?.values() ?? [])]);
}

function noteLeaving(
  world: ObservedWorld,
  key: ClaimKey,
  { rule, target }: { rule: MutatingRule; target: ObjectKey },
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
