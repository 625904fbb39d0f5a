/** The unit of work: one rule and one trigger, whichever uid the trigger has just now. */

import { type ClaimIdentity, keyOf, type ObjectKey, refOfKey } from "../object/index.ts";

/** The uid is left out, so that a trigger deleted and created again is the same work, and never two at once. */
export type ClaimKey = string & { readonly __brand: "ClaimKey" };

export type ClaimRef = Omit<ClaimIdentity, "triggerUid">;

/** No name of an object or a rule holds a line break. */
const SEPARATOR = "\n";

export function claimKey({ policy, rule, trigger }: ClaimRef): ClaimKey {
  return [keyOf(policy), rule, keyOf(trigger)].join(SEPARATOR) as ClaimKey; // the only place that makes them
}

export function claimRef(key: ClaimKey): ClaimRef {
  const known = parsed.get(key);
  if (known !== undefined) return known;
  if (parsed.size === REMEMBERED) parsed.clear();
  const ref = parseClaimKey(key);
  parsed.set(key, ref);
  return ref;
}

/** For people: whose claim it is. */
export function printClaim(key: ClaimKey): string {
  const { policy, rule } = claimRef(key);
  const { kind, namespace, name } = policy;
  return `rule ${rule} of ${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}

/** The claims at work are asked for their parts again and again, the others hardly ever. */
const REMEMBERED = 1024;
const parsed = new Map<ClaimKey, ClaimRef>();

function parseClaimKey(key: ClaimKey): ClaimRef {
  const [policy = "", rule = "", trigger = ""] = key.split(SEPARATOR);
  return { policy: refOfKey(policy as ObjectKey), rule, trigger: refOfKey(trigger as ObjectKey) }; // made by claimKey above
}
