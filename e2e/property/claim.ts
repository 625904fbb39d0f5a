/** Whose a generated object is, as its marks say, and what that means for the object. */

import type { Stored } from "./model.ts";
import { wantsOf } from "./model.ts";
import { printPlace, printReference } from "./place.ts";
import { isOnce } from "./rule.ts";
import type { Seen } from "./snapshot.ts";
import { storedOf } from "./stored.ts";

/** As the model prints a claim. */
export function claimOf({ object }: Seen): string {
  const { annotations = {} } = object.metadata;
  const [policy, rule, trigger = ""] = ["policy-ref", "rule", "trigger"].map(
    (key) => annotations[`perennial.dev/${key}`],
  );
  const beforeUid = trigger.lastIndexOf(" ");
  return [policy, rule, trigger.slice(0, beforeUid), trigger.slice(beforeUid + 1)].join(" | ");
}

/** Whether the rule that an object is marked for is there, and does not synchronize. */
export function isMadeOnce(seen: Seen, { policies }: Pick<Stored, "policies">): boolean {
  const claim = claimOf(seen);
  return policies.some(({ place, rules }) =>
    rules.some((rule) => isOnce(rule) && claim.startsWith(`${printReference(place)} | ${rule.name} | `)),
  );
}

/**
 * What an operator that finds none of it makes again: what is kept for a claim. Not what was made once, also if it was made
 * for a rule that is no more and stays for one that makes its objects once; and not what was only adopted.
 */
export function generatedIn(seen: readonly Seen[]): Seen[] {
  const kept = wantsOf(storedOf(seen)).filter(({ rule }) => !isOnce(rule));
  const claims = new Set(kept.map(({ place, claim }) => `${printPlace(place)} for ${claim}`));
  return seen.filter(
    (each) => each.marks?.adopted === false && claims.has(`${printPlace(each.place)} for ${claimOf(each)}`),
  );
}

/** Objects that several claims want, and the policies of these claims: who holds the object is left open. */
export function contestedIn(seen: readonly Seen[]): Set<string> {
  const wanted = Map.groupBy(wantsOf(storedOf(seen)), ({ place }) => printPlace(place));
  const contested = [...wanted.values()].filter((wants) => wants.length > 1).flat();
  return new Set(contested.flatMap(({ place, policy }) => [printPlace(place), printPlace(policy)]));
}
