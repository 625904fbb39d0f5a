/** generateExisting: false. Which triggers of such a rule count: a matter of moments, as far as they leave something behind. */

import type { KubernetesObject } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import type { ClaimKey, World } from "../state/index.ts";

/**
 * A trigger counts once it was created or seen to change after the policy was made; that it did is known from then on by what was
 * made for it. Undefined when it counts.
 */
export function whyNotCounted(
  world: World,
  { newSince }: CompiledRule,
  { key, trigger }: { key: ClaimKey; trigger: KubernetesObject },
): string | undefined {
  if (isCreatedSince(trigger, newSince)) return undefined;
  if (world.isMoment(key) || world.inventory.ofClaim(key, undefined).size > 0) return undefined;
  if ((world.claims.get(key)?.wants.size ?? 0) > 0) return undefined;
  return "it was there before the policy, and generateExisting is false";
}

/** Times of the API server compare as texts; they have no fractions of a second, and the same one counts. */
export function isCreatedSince({ metadata }: KubernetesObject, since: string | undefined): boolean {
  return since === undefined || (metadata.creationTimestamp ?? "") >= since;
}
