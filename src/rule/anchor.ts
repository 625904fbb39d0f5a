/** Anchors: keys of a patch that ask something of the object, `(key)`, `<(key)`, or depend on it, `+(key)`. */

import { matchesPattern } from "../expression/index.ts";
import { isJsonObject, type Json, type JsonObject, ownValue } from "../object/index.ts";

/** `condition` and `global` compare; `add` writes what is absent; the others have a meaning inside of conditions only. */
export type AnchorKind = "condition" | "global" | "add" | "equality" | "negation" | "existence";

export type Anchor = { kind: AnchorKind; key: string };

const KINDS: { readonly [sign: string]: AnchorKind } = {
  "": "condition",
  "<": "global",
  "+": "add",
  "=": "equality",
  X: "negation",
  "^": "existence",
};

/** Undefined for a plain key. */
export function parseAnchor(text: string): Anchor | undefined {
  const [, sign, key] = /^([<+=X^]?)\((.+)\)$/s.exec(text) ?? [];
  const kind = sign === undefined ? undefined : KINDS[sign];
  return kind === undefined || key === undefined ? undefined : { kind, key };
}

export function isCondition(anchor: Anchor | undefined): anchor is Anchor {
  return anchor?.kind === "condition" || anchor?.kind === "global";
}

/** Whether a value is as the value of a condition says. An absent one is undefined. */
export function fitsPattern(value: Json | undefined, pattern: Json): boolean {
  if (Array.isArray(pattern)) return Array.isArray(value) && fitsList(value, pattern);
  if (isJsonObject(pattern)) return value !== undefined && isJsonObject(value) && fitsMap(value, pattern);
  if (Array.isArray(value)) return value.every((item) => matchesPattern(item, pattern));
  return matchesPattern(value, pattern);
}

/** Only the first element counts, and every element of the list has to fit it. */
function fitsList(list: Json[], [pattern]: Json[]): boolean {
  if (pattern === undefined) return list.length === 0;
  const meant = isJsonObject(pattern) ? list.filter((item) => isMeant(item, pattern)) : list;
  const nothingMeant = meant.length === 0 && list.length > 0;
  return !nothingMeant && meant.every((item) => fitsPattern(item, pattern));
}

/** Elements that do not fit a condition inside the pattern are left out of the question. */
function isMeant(item: Json, pattern: JsonObject): boolean {
  return Object.entries(pattern).every(([text, inner]) => {
    const anchor = parseAnchor(text);
    return !isCondition(anchor) || (isJsonObject(item) && fitsKey(item, anchor, inner));
  });
}

function fitsMap(map: JsonObject, pattern: JsonObject): boolean {
  return Object.entries(pattern).every(([text, inner]) =>
    fitsKey(map, parseAnchor(text) ?? { kind: "condition", key: text }, inner),
  );
}

function fitsKey(map: JsonObject, { kind, key }: Anchor, pattern: Json): boolean {
  const value = ownValue(map, key);
  switch (kind) {
    case "negation":
      return value === undefined;
    case "equality":
      return value === undefined || fitsPattern(value, pattern);
    case "existence": {
      const wanted = Array.isArray(pattern) ? (pattern[0] ?? null) : pattern;
      return Array.isArray(value) && value.some((item) => fitsPattern(item, wanted));
    }
    default:
      return fitsPattern(value, pattern);
  }
}
