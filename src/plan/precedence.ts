/**
 * Several claims may want one target: which of them makes it, and which one takes it over when its holder is gone. Who holds
 * the marks goes first; then the older policy; then the names of policy, rule and trigger decide.
 */

import { isBeingDeleted, keyOf, type ObjectRef } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import { type ClaimKey, claimKey, claimRef, findRule, type PolicyState, type World } from "../state/index.ts";
import { whyNotCounted } from "./counted.ts";
import { whyNotSelected } from "./fate.ts";
import type { Wanted } from "./wanted.ts";
import type { Wishes } from "./wish.ts";

/** Who takes over a target whose holder is gone. Claims that cannot, or would leave it alone, do not count. */
export function firstHeir(world: World, wanted: Wanted): ClaimKey {
  return firstOf(world, [wanted.key, ...rivals(world, wanted).filter((key) => willWrite(world, key, wanted, "there"))]);
}

/**
 * Who makes a target that is not there. Rules about the same trigger that were not planned for it yet count as well, so that
 * it is not left to chance which of them is first.
 */
export function firstMaker(world: World, wanted: Wanted): ClaimKey {
  const known = rivals(world, wanted).filter((key) => willWrite(world, key, wanted, "absent"));
  const first = firstOf(world, [wanted.key, ...known]);
  return firstOf(world, [first, ...unplannedRivals(world, wanted, first)]);
}

/** The others that want its target. */
function rivals(world: World, { key: asking, target }: Wanted): ClaimKey[] {
  return [...world.claims.wanting(keyOf(target.ref))].filter((key) => key !== asking);
}

function firstOf(world: World, [first, ...others]: readonly [ClaimKey, ...ClaimKey[]]): ClaimKey {
  return others.reduce((best, key) => (isBefore(world, key, best) ? key : best), first);
}

/** What is made once is never taken over, and made only at its moment. Its rule is asked: what it wanted last may be out of date. */
function willWrite(world: World, key: ClaimKey, { target, wishes }: Wanted, state: "absent" | "there"): boolean {
  const { policy, rule, trigger } = claimRef(key);
  const compiled = findRule(world.policies.get(keyOf(policy)), rule);
  if (compiled === undefined || compiled.changes !== undefined) return false;
  if (!world.isReady(keyOf(policy), rule) && !world.isExpected(keyOf(policy), rule)) return false;
  if (!compiled.synchronize && !(state === "absent" && world.isMoment(key))) return false;
  return desires(world, compiled, { key, trigger, target: target.ref, wishes });
}

/** Claims of the trigger that come before `first`, were not planned yet, and will want the target. */
function unplannedRivals(world: World, wanted: Wanted, first: ClaimKey): ClaimKey[] {
  const { key: asking, target } = wanted;
  const { trigger } = claimRef(asking);
  return [...world.policies.values()].flatMap((policy) =>
    rulesFor(policy, target.ref)
      .map((rule) => claimKey({ policy: policy.ref, rule: rule.name, trigger }))
      .filter((key) => key !== asking && world.claims.get(key) === undefined && isBefore(world, key, first))
      .filter((key) => willWrite(world, key, wanted, "absent")),
  );
}

function rulesFor(policy: PolicyState, { group, kind }: ObjectRef): CompiledRule[] {
  if (policy.phase !== "compiled") return [];
  return policy.compiled.rules.filter(({ targets }) =>
    targets.some((resource) => resource.group === group && resource.kind === kind),
  );
}

type Rival = { key: ClaimKey; trigger: ObjectRef; target: ObjectRef; wishes: Wishes };

function desires(world: World, rule: CompiledRule, { key, trigger, target, wishes }: Rival): boolean {
  const resource = rule.triggers.find(({ group, kind }) => group === trigger.group && kind === trigger.kind);
  const live = resource === undefined ? undefined : world.objects(resource, rule)?.get(keyOf(trigger));
  if (live === undefined || isBeingDeleted(live) || whyNotSelected(world, rule, live) !== undefined) return false;
  if (whyNotCounted(world, rule, { key, trigger: live }) !== undefined) return false;
  const wish = wishes.of(key, { rule, trigger: live, lastSeen: Number.POSITIVE_INFINITY });
  return wish.type === "known" && wish.wants.has(keyOf(target));
}

function isBefore(world: World, a: ClaimKey, b: ClaimKey): boolean {
  const [left, right] = [orderOf(world, a), orderOf(world, b)];
  const i = left.findIndex((part, at) => part !== right[at]);
  return i !== -1 && (left[i] ?? "") < (right[i] ?? "");
}

/** Compared part by part; the whole key tells apart what has the same names. */
function orderOf(world: World, key: ClaimKey): string[] {
  const { policy, rule, trigger } = claimRef(key);
  const state = world.policies.get(keyOf(policy));
  const createdAt = state?.phase === "compiled" ? state.compiled.createdAt : "";
  return [createdAt, policy.name, rule, trigger.name, key];
}
