/** What mutate rules make of an object, one after the other: each sees what those before it made of it. */

import { type JsonObject, type KubernetesObject, keyOf, type ObjectRef, refOf } from "../object/index.ts";
import { type Failure, snapshotOf } from "../plan/index.ts";
import { type Admitted, type CompiledMutation, type CompiledPolicy, requesterOf, userOf } from "../rule/index.ts";
import { namespaceOf } from "../state/index.ts";
import type { OfflineWorld } from "./offline-world.ts";

/** `object`: as it is after the rule. `idle`: why the rule changed nothing. `failure`: what keeps it from doing so. */
export type RuleOutcome = {
  mutation: CompiledMutation;
  before: KubernetesObject;
  object: KubernetesObject;
  /** False: match or exclude leave the object out. */
  selected: boolean;
  idle?: string;
  failure?: Failure;
};

/** An outcome for each rule that was asked. After one that fails no other is, as the request would be refused. */
export function mutateByPolicy(world: OfflineWorld, policy: CompiledPolicy, object: KubernetesObject): RuleOutcome[] {
  const outcomes: RuleOutcome[] = [];
  let current = object;
  for (const mutation of policy.mutations) {
    const outcome = mutateByRule(world, mutation, current);
    outcomes.push(outcome);
    current = outcome.object;
    const applied = outcome.idle === undefined;
    if (outcome.failure !== undefined || (applied && policy.appliesOne)) break;
  }
  return outcomes;
}

function mutateByRule(world: OfflineWorld, mutation: CompiledMutation, object: KubernetesObject): RuleOutcome {
  const { userInfo } = world;
  const surroundings = {
    namespaceLabels: (name: string) => namespaceOf(world, name)?.metadata.labels,
    ...(userInfo === undefined ? {} : { requester: requesterOf(userOf(userInfo), () => snapshotOf(world)) }),
  };
  const reason = mutation.whyNotSelected(object, surroundings);
  const found = { mutation, before: object, object, selected: reason === undefined };
  if (reason !== undefined) return { ...found, idle: reason };
  const mutated = mutation.mutate(
    object,
    snapshotOf(world),
    userInfo === undefined ? undefined : creation(object, userInfo),
  );
  if (!mutated.ok) return { ...found, failure: { reason: mutated.reason, message: mutated.message } };
  return "idle" in mutated ? { ...found, idle: mutated.idle } : { ...found, object: mutated.object };
}

/** As a request of his. */
function creation({ metadata }: KubernetesObject, userInfo: JsonObject): Admitted {
  const { name, namespace = "" } = metadata;
  return { operation: "CREATE", oldObject: undefined, request: { name, namespace, userInfo } };
}

/** What a rule does to an object of the files, or why it fails. */
export type PlannedMutation = { policy: ObjectRef; outcome: RuleOutcome };

/**
 * What the mutate rules of all policies, by name, make of the objects of the files. Changes the world: afterwards it has
 * what comes of them, as generate rules see what is stored.
 */
export function mutateWorld(world: OfflineWorld): PlannedMutation[] {
  const policies = [...world.policies.values()].flatMap((state) =>
    state.phase === "compiled" ? [state.compiled] : [],
  );
  const mutating = policies.filter(({ mutations }) => mutations.length > 0).sort(byName);
  return objectsFor(world, mutating).flatMap((object) => {
    let current = object;
    return mutating.flatMap((policy) => {
      const outcomes = mutateByPolicy(world, policy, current);
      const failed = outcomes.some(({ failure }) => failure !== undefined);
      current = failed ? current : (outcomes.at(-1)?.object ?? current);
      world.put(current);
      return outcomes.filter(({ selected }) => selected).map((outcome) => ({ policy: policy.ref, outcome }));
    });
  });
}

/** What a cluster has was admitted already. */
export function noteMutations(world: OfflineWorld): string[] {
  const states = [...world.policies.values()];
  return states.flatMap((state) => {
    const names = state.phase === "compiled" ? state.compiled.mutations.map(({ writtenAs }) => writtenAs) : [];
    if (names.length === 0) return [];
    const rules = [...new Set(names)].join(", ");
    return [`${state.ref.kind} ${state.ref.name}: ${rules}: mutate rules are looked at in files only, without --live`];
  });
}

function byName({ ref: a }: CompiledPolicy, { ref: b }: CompiledPolicy): number {
  return `${a.name}/${a.namespace}` < `${b.name}/${b.namespace}` ? -1 : 1;
}

function objectsFor(world: OfflineWorld, policies: readonly CompiledPolicy[]): KubernetesObject[] {
  const resources = policies.flatMap(({ mutations }) => mutations.flatMap(({ triggers }) => triggers));
  const objects = resources.flatMap((resource) => [...(world.objects(resource)?.values() ?? [])]);
  return [...new Map(objects.map((object) => [keyOf(refOf(object)), object])).values()];
}
