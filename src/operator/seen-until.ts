/**
 * Until when everything was seen, as it stands on the Lease. By kind, since versions compare only within one: what the API
 * server stored later, and dated later, nobody has seen who held the Lease.
 */

import {
  type GroupKindKey,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  ownValue,
} from "../object/index.ts";

export const SEEN_UNTIL = "perennial.dev/seen-until";

export type SeenUntil = {
  kinds: ReadonlyMap<GroupKindKey, SeenKind>;
  /** The rules that were carried out once for every trigger they had. */
  rules: ReadonlySet<string>;
  /** Claims that were not done although their moment had come. */
  open: ReadonlySet<string>;
};

/** `version`: every event up to here was processed. `time`: when the newest object was created, by the API server's clock. */
export type SeenKind = { version: string; time: string };

export function printSeenUntil({ kinds, rules, open }: SeenUntil): string {
  const sorted = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ kinds: Object.fromEntries(sorted), rules: [...rules].sort(), open: [...open].sort() });
}

/** Undefined for what nobody of us wrote: then nobody knows. */
export function parseSeenUntil(text: string): SeenUntil | undefined {
  const value = readObject(text);
  const kinds = ownValue(value, "kinds");
  const rules = ownValue(value, "rules");
  const open = ownValue(value, "open");
  if (!isJsonObject(kinds) || !Array.isArray(rules) || !Array.isArray(open)) return undefined;
  const entries = Object.entries(kinds).flatMap(([kind, seen]) => {
    const { version, time } = isJsonObject(seen) ? seen : {};
    const known = typeof version === "string" && typeof time === "string";
    return known ? [[kind as GroupKindKey, { version, time }] as const] : []; // as printed above
  });
  return { kinds: new Map(entries), rules: new Set(rules.map(String)), open: new Set(open.map(String)) };
}

/**
 * An object is dated before it is stored, by as much as its admission takes, so a little earlier is new as well; what was not
 * written since is not new, whatever its date.
 */
export function isUnseen({ metadata }: KubernetesObject, seen: SeenKind): boolean {
  const { resourceVersion = "", creationTimestamp = "" } = metadata;
  if (Number(resourceVersion) <= Number(seen.version)) return false;
  return seen.time === "" || Date.parse(creationTimestamp) + DATED_EARLIER >= Date.parse(seen.time);
}

/** Milliseconds: twice as long as an API server lets admission take. */
const DATED_EARLIER = 60_000;

function readObject(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json; // JSON by definition
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
