/**
 * Chains: what one rule makes triggers another one. The marks tell how a trigger came about; a chain that comes back to where
 * it was has to come to rest there, and one that goes on and on through the same rule is cut off.
 */

import { asJson, isEqual, type KubernetesObject, keyOf, type ObjectRef, printRef } from "../object/index.ts";
import type { DesiredTarget } from "../rule/index.ts";
import { type ClaimKey, claimRef, findRule, printClaim, type World } from "../state/index.ts";
import { RecordedSnapshot } from "./snapshot.ts";
import type { Failure } from "./step.ts";

/** How often the same rule may follow upon itself in a chain: a tree that a rule unfolds may be so deep. */
const MOST_ROUNDS = 8;

/** The claims that led to the trigger of the first, which is the claim itself; each made the trigger of the one before. */
export type Chain = readonly [ClaimKey, ...ClaimKey[]];

/** Follows the marks back to a trigger that nobody made, or that is met again. */
export function chainOf(world: World, key: ClaimKey): Chain {
  const chain: [ClaimKey, ...ClaimKey[]] = [key];
  for (;;) {
    const { trigger } = claimRef(chain.at(-1) ?? key);
    const maker = world.inventory.get(keyOf(trigger))?.claim;
    if (maker === undefined || chain.includes(maker)) return chain;
    chain.push(maker);
  }
}

/** Why the target must not be made: the chain would never come to rest. */
export function whyEndless(world: World, chain: Chain, target: DesiredTarget): Failure | undefined {
  const round = roundTo(chain, target.ref) ?? repeatedRound(chain);
  if (round === undefined || (isBackAt(round, target.ref) && comesToRest(world, round, target))) return undefined;
  const [key] = chain;
  const links = round.toReversed().map((claim) => `${printRef(claimRef(claim).trigger)} -> ${printClaim(claim)}`);
  const message = `${links.join(" -> ")} -> ${printRef(target.ref)}: each makes the next, and it would not come to rest; narrow what ${printClaim(key)} matches, or set its skipBackgroundRequests to true`;
  return { reason: "Cycle", target: target.ref, message };
}

/** The part of the chain that begins with the object that would be made. */
function roundTo(chain: Chain, target: ObjectRef): Chain | undefined {
  const at = chain.findIndex((key) => isSame(claimRef(key).trigger, target));
  return at === -1 ? undefined : upTo(chain, at);
}

/** The last round of a chain that went through the claim's rule too often, each time for another object. */
function repeatedRound(chain: Chain): Chain | undefined {
  if (chain.length <= MOST_ROUNDS) return undefined;
  const [key] = chain;
  const own = chain.flatMap((claim, at) => (isSameRule(claim, key) ? [at] : []));
  return own.length > MOST_ROUNDS ? upTo(chain, own[1] ?? 0) : undefined;
}

function upTo([key, ...others]: Chain, at: number): Chain {
  return [key, ...others.slice(0, at)];
}

function isBackAt(round: Chain, target: ObjectRef): boolean {
  return isSame(claimRef(round.at(-1) ?? round[0]).trigger, target);
}

/** Round and round, from the object as it would be: some time the same has to come out that went in. */
function comesToRest(world: World, round: Chain, target: DesiredTarget): boolean {
  let before = target;
  for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
    const after = onceAround(world, round, { ...before, version: String(rounds) });
    if (after === undefined) return false;
    if (isEqual(asJson(after.object), asJson(before.object))) return true;
    before = after;
  }
  return false;
}

/** Every write changes the version, so no round has that of another one. */
type Written = DesiredTarget & { version: string };

function onceAround(world: World, round: Chain, { version, ...target }: Written): DesiredTarget | undefined {
  let made: DesiredTarget | undefined = target;
  for (const [i, key] of round.toReversed().entries()) {
    const next = round.at(-2 - i);
    const ref: ObjectRef = next === undefined ? target.ref : claimRef(next).trigger;
    made = made === undefined ? undefined : desiredAfter(world, key, { ...made, version }, ref);
  }
  return made;
}

/** What the claim would want `ref` to be, were its trigger written as desired. */
function desiredAfter(world: World, key: ClaimKey, trigger: Written, ref: ObjectRef): DesiredTarget | undefined {
  const { policy, rule, trigger: at } = claimRef(key);
  const compiled = findRule(world.policies.get(keyOf(policy)), rule);
  const resource = compiled?.triggers.find(({ group, kind }) => group === at.group && kind === at.kind);
  const live = resource === undefined ? undefined : world.objects(resource, compiled)?.get(keyOf(at));
  if (compiled === undefined || live === undefined) return undefined;
  const desired = compiled.desired(asWritten(live, trigger), new RecordedSnapshot(world));
  return desired.ok ? desired.targets.find((made) => isSame(made.ref, ref)) : undefined;
}

function asWritten(live: KubernetesObject, { object, version }: Written): KubernetesObject {
  const { metadata, ...content } = object;
  const { status } = live;
  return {
    ...content,
    ...(status === undefined ? {} : { status }),
    metadata: {
      ...live.metadata,
      resourceVersion: version,
      labels: { ...live.metadata.labels, ...metadata.labels },
      annotations: { ...live.metadata.annotations, ...metadata.annotations },
    },
  };
}

function isSameRule(a: ClaimKey, b: ClaimKey): boolean {
  const [left, right] = [claimRef(a), claimRef(b)];
  return left.rule === right.rule && isSame(left.policy, right.policy);
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.name === b.name && a.kind === b.kind && a.namespace === b.namespace && a.group === b.group;
}
