/** What has to be planned again although no event asks for it. */

import { keyOf, type ObjectKey, type ObjectRef } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { KeyedQueue } from "./queue.ts";

/** Marked targets that their claim does not want, or others want too: now that all is planned, their fate is known. */
export function sweepInventory(world: ObservedWorld, queue: KeyedQueue<ClaimKey>): void {
  for (const { claim, ref } of world.inventory.values()) {
    const wanting = world.claims.wanting(keyOf(ref));
    if (claim !== undefined && !wanting.has(claim)) queue.add(claim);
    for (const other of wanting) if (other !== claim) queue.add(other);
  }
  for (const claim of world.claims.mutators) queue.add(claim); // what all of them make of an object may be known now
  world.forgetOldDepartures();
}

/** Marked targets that nobody wants and whose annotations do not say any more which claim made them. */
export function unclaimedTargets(world: ObservedWorld): ObjectRef[] {
  return [...world.inventory.values()]
    .filter(({ marks, claim }) => marks !== undefined && claim === undefined)
    .map(({ ref }) => ref)
    .filter((ref) => world.isPlanned(ref) && world.claims.wanting(keyOf(ref)).size === 0);
}

/** The claims of a policy, and whatever carries its marks. */
export function enqueuePolicy(world: ObservedWorld, queue: KeyedQueue<ClaimKey>, policy: ObjectKey): void {
  const prefix = `${policy}\n`;
  for (const { key } of world.claims.values()) if (key.startsWith(prefix)) queue.add(key);
  for (const { claim } of world.inventory.values()) if (claim?.startsWith(prefix)) queue.add(claim);
}
