/** Whose a marked target is, and whether two claims that want it want the same. */

import { asJson, contentDigest, keyOf, printJson } from "../object/index.ts";
import type { DesiredTarget } from "../rule/index.ts";
import { type ClaimKey, claimRef, type TargetRecord, type World } from "../state/index.ts";
import { findDrift } from "./drift.ts";
import { fateOf, lastWrite } from "./fate.ts";
import type { Wishes } from "./wish.ts";

/** The claim that its marks name; without the annotations, a claim that wants it and gives the same digest. */
export function holderOf(world: World, record: TargetRecord): ClaimKey | undefined {
  if (record.claim !== undefined) return record.claim;
  return [...world.claims.wanting(keyOf(record.ref))].find((key) => {
    const fate = fateOf(world, claimRef(key));
    return fate.type === "desired" && fate.digest === record.marks?.claim;
  });
}

/** `as`: how the holder keeps it; undefined when it was made once. */
export type Hold =
  | { type: "wanted"; as: DesiredTarget | undefined }
  | { type: "unknown"; because: string }
  | { type: "given up" };

type Holder = { holder: ClaimKey; wishes: Wishes };

/**
 * Whether the holder of a target still wants it. `unknown`: nobody can say just now what it wants, as when its policy is
 * invalid, so nothing is concluded. Its rule is asked, not what was planned: its first plan may be under way.
 */
export function holdOf(world: World, { ref }: TargetRecord, { holder, wishes }: Holder): Hold {
  const fate = fateOf(world, claimRef(holder));
  if (fate.type === "gone") return { type: "given up" };
  if (fate.type === "held")
    return fate.kept === true ? { type: "given up" } : { type: "unknown", because: fate.because };
  const { rule, trigger } = fate;
  const wish = wishes.of(holder, { rule, trigger, lastSeen: lastWrite(world, fate.identity) });
  if (wish.type === "unknown") return wish;
  const key = keyOf(ref);
  if (wish.wants.has(key)) return { type: "wanted", as: wish.wants.get(key) };
  return wish.mayWant === undefined ? { type: "given up" } : { type: "unknown", because: wish.mayWant };
}

/**
 * Whether the holder keeps the target as another claim wants it. While it cannot say, what it wanted when that was judged last
 * counts, and without that, what is there. What was made once is not kept as anything.
 */
export function isKeptAs({ object }: DesiredTarget, hold: Hold, { judged, pending }: TargetRecord): boolean {
  if (hold.type === "wanted") return hold.as !== undefined && unmarkedDigest(hold.as.object) === unmarkedDigest(object);
  if (judged !== undefined) return judged.content === unmarkedDigest(object);
  if (pending === undefined) return false;
  const { values, extra } = findDrift(object, pending.live);
  return values.length === 0 && extra.length === 0;
}

/** Of a desired object without marks. */
export function unmarkedDigest(object: DesiredTarget["object"]): string {
  return contentDigest(printJson(asJson(object)));
}
