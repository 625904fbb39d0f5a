/** When a claim was first applied: remembered while the process lives, and told by its targets for the time after. */

import { type ClaimIdentity, claimDigest } from "../object/index.ts";
import { claimKey, type World } from "../state/index.ts";

/** RFC 3339; undefined before the first apply, and when every target that told it is gone. */
export function firstApplied(world: World, claim: ClaimIdentity): string | undefined {
  const key = claimKey(claim);
  const digest = claimDigest(claim);
  const remembered = world.claims.get(key)?.firstApplied;
  if (remembered?.claim === digest) return remembered.time;
  const own = [...world.inventory.ofClaim(key, digest)].filter(({ marks }) => marks?.claim === digest);
  const [first] = own.flatMap(({ firstApplied: time }) => time ?? []).sort();
  return first;
}

/** As `perennial.dev/first-applied` tells it. */
export function printFirstApplied(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
