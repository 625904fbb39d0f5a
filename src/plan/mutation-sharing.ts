/**
 * What several mutate rules, or several triggers of one, make of the same object: in the order of their policies' names, of the
 * rules in them, and of the triggers. What they make together has to be what each of them leaves alone.
 */

import {
  asJson,
  type KubernetesObject,
  keyOf,
  type MergeSchema,
  type Path,
  printPointer,
  refOf,
  resourceKey,
} from "../object/index.ts";
import { type Mutated, type MutationPart, type MutationPlace, neverAtRest } from "../rule/index.ts";
import { type ClaimKey, claimRef, printClaim, type World } from "../state/index.ts";
import { fateOf } from "./fate.ts";
import { mutationDifference } from "./mutation-difference.ts";
import type { MutationWanted } from "./mutation-wanted.ts";
import { snapshotOf } from "./snapshot.ts";

/** What one claim does to the object. */
export type Application = {
  key: ClaimKey;
  part: MutationPart | undefined;
  mutate(object: KubernetesObject): Mutated;
};

/** Those of all claims that are known to change the object, in order. */
export function applicationsOn(world: World, wanted: MutationWanted): Application[] {
  const keys = new Set([...world.claims.mutating(keyOf(refOf(wanted.object))), wanted.key]);
  const ordered = inOrder(world, [...keys]);
  return ordered.flatMap((key) => applicationsOf(key, key === wanted.key ? wanted.own : placesOf(world, key), wanted));
}

/** Those of these claims. */
export function applicationsTo(
  world: World,
  claims: readonly ClaimKey[],
  to: Pick<MutationWanted, "object" | "resource">,
): Application[] {
  return inOrder(world, claims).flatMap((key) => applicationsOf(key, placesOf(world, key), to));
}

function inOrder(world: World, keys: readonly ClaimKey[]): readonly ClaimKey[] {
  return keys.length === 1 ? keys : [...keys].sort((a, b) => compareOrder(world, a, b));
}

function placesOf(world: World, key: ClaimKey): readonly MutationPlace[] {
  const fate = fateOf(world, claimRef(key));
  if (fate.type !== "desired" || fate.rule.existing === undefined) return [];
  const found = fate.rule.existing.for(fate.trigger, snapshotOf(world));
  return found.ok && "places" in found ? found.places : [];
}

/** What these places do to the object, one after the other. */
export function applicationsOf(
  key: ClaimKey,
  places: readonly MutationPlace[],
  { object, resource }: Pick<MutationWanted, "object" | "resource">,
): Application[] {
  return places
    .filter((place) => resourceKey(place.resource) === resourceKey(resource) && place.whyNot(object) === undefined)
    .map(({ mutate, part }) => ({ key, part, mutate }));
}

function compareOrder(world: World, a: ClaimKey, b: ClaimKey): number {
  const [left, right] = [orderOf(world, a), orderOf(world, b)];
  const at = left.findIndex((part, i) => part !== right[i]);
  const [first = "", second = ""] = [left[at], right[at]];
  return first < second ? -1 : 1;
}

function orderOf(world: World, key: ClaimKey): string[] {
  const { policy, rule, trigger } = claimRef(key);
  const state = world.policies.get(keyOf(policy));
  const rules = state?.phase === "compiled" ? state.compiled.rules : [];
  const index = rules.findIndex(({ name }) => name === rule);
  return [policy.name, policy.namespace, policy.group, String(index).padStart(4, "0"), keyOf(trigger)];
}

/** The object as it is when all have acted, one after the other. */
export function mutatedBy(
  object: KubernetesObject,
  applications: readonly Application[],
): { ok: true; object: KubernetesObject } | Extract<Mutated, { ok: false }> {
  let current = object;
  for (const { mutate } of applications) {
    const result = mutate(current);
    if (!result.ok) return result;
    if ("object" in result) current = result.object;
  }
  return { ok: true, object: current };
}

type Together = { key: ClaimKey; all: readonly Application[]; schema: MergeSchema };

/** Why the object would never come to rest; undefined when it does. `own`: what the claim alone makes of it. */
export function whyRestless(object: KubernetesObject, own: KubernetesObject, together: Together): string | undefined {
  const { key, all, schema } = together;
  const isAlone = all.every((application) => application.key === key);
  if (isAlone && own === object) return undefined;
  const result = isAlone ? { ok: true as const, object: own } : mutatedBy(object, all);
  if (!result.ok) return undefined; // told by the claim that fails
  for (const application of all) {
    const reason = whyNotAtRest(result.object, application, { key, all, schema });
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function whyNotAtRest(
  result: KubernetesObject,
  application: Application,
  { key, all, schema }: Together,
): string | undefined {
  const again = mutatedBy(result, [application]);
  if (!again.ok || again.object === result) return undefined;
  const [place] = changedPlaces(result, again.object, schema);
  if (place === undefined) return undefined;
  const isOwn = application.key === key;
  const twice = mutatedBy(again.object, [application]);
  if (twice.ok && changedPlaces(again.object, twice.object, schema).length > 0)
    return isOwn ? neverAtRest(printPointer(place)) : undefined; // told by that claim
  const other = all.find((one) => one !== application && undoes(one, again.object, { place, schema }));
  const [first, second] = isOwn ? [key, other?.key] : [application.key, key];
  if (!isOwn && other?.key !== key) return undefined; // told by those two
  return `${printPointer(place)} is set by ${printClaim(first)} and undone by ${second === undefined ? "another rule" : printClaim(second)}: let one of them leave it alone`;
}

function undoes(
  { mutate }: Application,
  object: KubernetesObject,
  { place, schema }: { place: Path; schema: MergeSchema },
): boolean {
  const result = mutate(object);
  if (!result.ok || "idle" in result) return false;
  const pointer = printPointer(place);
  return changedPlaces(object, result.object, schema).some((changed) => printPointer(changed) === pointer);
}

function changedPlaces(before: KubernetesObject, after: KubernetesObject, schema: MergeSchema): readonly Path[] {
  return mutationDifference(asJson(before), asJson(after), { schema }).paths;
}
