/** What a mutate rule set and no longer wants: taken back where the rule says so, as long as no claim of the same rule wants it. */

import { keyOf, type ObjectKey, refOfKey } from "../object/index.ts";
import { mutationManager } from "../rule/index.ts";
import { type ClaimKey, claimRef, findRule, type World } from "../state/index.ts";
import type { Gone } from "./fate.ts";
import type { RevertStep } from "./step.ts";

/** Of a claim that is gone: of all that it changed. "unknown": not every claim was planned that may want it. */
export function planReverts(
  world: World,
  key: ClaimKey,
  { because, disposal }: Pick<Gone, "because" | "disposal">,
): RevertStep[] | "unknown" {
  if (world.claims.get(key)?.mutations === undefined) return [];
  const { policy, rule } = claimRef(key);
  const reverts = findRule(world.policies.get(keyOf(policy)), rule)?.existing?.reverts ?? disposal === "delete";
  const steps = reverts ? revertsOf(world, key, { wanted: NONE, because }) : [];
  return steps.some(({ target }) => world.mutationsOf(target) === "unknown") ? "unknown" : steps;
}

const NONE: ReadonlySet<ObjectKey> = new Set();

/** What the claim changed before and does not want now. */
export function revertsOf(
  world: World,
  key: ClaimKey,
  { wanted, because }: { wanted: ReadonlySet<ObjectKey>; because: string },
): RevertStep[] {
  const before = world.claims.get(key)?.mutations;
  if (before === undefined) return [];
  const { policy, rule } = claimRef(key);
  const manager = mutationManager(policy, rule);
  const left = [...new Set([...before.targets, ...before.leaving])].filter(
    (target) => !wanted.has(target) && !isWantedByOthers(world, target, key),
  );
  return left.flatMap((target) => {
    const ref = refOfKey(target);
    const resource = world.catalogue.findKind(ref);
    return resource === undefined ? [] : [{ verb: "revert", target: ref, resource, manager, because }];
  });
}

/** All claims of a rule write under one field manager. */
function isWantedByOthers(world: World, target: ObjectKey, key: ClaimKey): boolean {
  const { policy, rule } = claimRef(key);
  const prefix = `${keyOf(policy)}\n${rule}\n`;
  return [...world.claims.mutating(target)].some((other) => other !== key && other.startsWith(prefix));
}
