/** Several claims may want one target whose holder is gone: which of them takes it over. */

import { keyOf, type ObjectRef } from "../object/index.ts";
import { type ClaimKey, claimRef, type World } from "../state/index.ts";

/** The older policy's; then by name of policy, rule and trigger. Claims that cannot be planned just now do not count. */
export function firstHeir(world: World, target: ObjectRef, asking: ClaimKey): ClaimKey {
  const heirs = [...world.claims.wanting(keyOf(target))].filter((key) => key !== asking && canTakeOver(world, key));
  return [asking, ...heirs].reduce((first, key) => (isBefore(world, key, first) ? key : first));
}

function canTakeOver(world: World, key: ClaimKey): boolean {
  const { policy, rule } = claimRef(key);
  return world.isReady(keyOf(policy), rule);
}

function isBefore(world: World, a: ClaimKey, b: ClaimKey): boolean {
  const [left, right] = [createdAt(world, a), createdAt(world, b)];
  return left === right ? a < b : left < right;
}

function createdAt(world: World, key: ClaimKey): string {
  const policy = world.policies.get(keyOf(claimRef(key).policy));
  return policy?.phase === "compiled" ? policy.compiled.createdAt : "";
}
