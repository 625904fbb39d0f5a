/**
 * A generated object that mutate rules change too: what they set is part of what is desired, and who generates it writes it, so
 * that nobody undoes anybody.
 */

import { canonicalObject, type KubernetesObject, keyOf, type ObjectKey, refOf } from "../object/index.ts";
import type { DesiredTarget, MutationPart } from "../rule/index.ts";
import { claimRef, findRule, type World } from "../state/index.ts";
import { fateOf } from "./fate.ts";
import { applicationsTo, mutatedBy } from "./mutation-sharing.ts";

/**
 * Without marks, as the rule that generates it does not know of them. "unknown": nobody can say yet what the rules make of it;
 * "held": nobody can say before a person has done something, such as correcting a policy.
 */
export function withMutations(world: World, target: DesiredTarget): DesiredTarget | "unknown" | "held" {
  const key = keyOf(target.ref);
  const mutating = world.claims.mutating(key);
  const state = world.mutationsOf(target.resource);
  if (state === "unknown") return state;
  if (mutating.size === 0) return target;
  const claims = [...mutating].filter((claim) => !isFailing(world, claim, key));
  if (claims.some((claim) => fateOf(world, claimRef(claim)).type === "held")) return "held";
  if (claims.length === 0) return target;
  const live = world.objectsWith(target.resource, target.ref)?.get(key);
  const { resource } = target;
  const all = applicationsTo(world, claims, { object: live ?? target.object, resource });
  const result = mutatedBy(
    target.object,
    all.filter(({ part }) => !isStatus(part)),
  );
  return result.ok ? { ...target, object: canonicalObject(result.object) } : target; // told by the claim that mutates
}

function isFailing(world: World, claim: Parameters<typeof claimRef>[0], target: ObjectKey): boolean {
  const failures = world.claims.get(claim)?.failures ?? [];
  return failures.some((failure) => failure.target !== undefined && keyOf(failure.target) === target);
}

/** It is no content: who generates an object leaves it to whoever writes it. */
function isStatus(part: MutationPart | undefined): boolean {
  return part?.subresource === "status";
}

/** True when a claim that generates the object keeps it as it is desired, mutations of that part included. */
export function isKeptByMaker(
  world: World,
  { object, part }: { object: KubernetesObject; part?: MutationPart | undefined },
): boolean {
  if (isStatus(part)) return false;
  const key = keyOf(refOf(object));
  const record = world.inventory.get(key);
  if (record?.marks === undefined || record.claim === undefined || record.uid !== object.metadata.uid) return false;
  const { policy, rule } = claimRef(record.claim);
  const isWanted = world.claims.wanting(key).has(record.claim);
  return isWanted && findRule(world.policies.get(keyOf(policy)), rule)?.synchronize === true;
}
