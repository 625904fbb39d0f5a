/** AnyIn, AllIn, AnyNotIn, AllNotIn and their older forms In, NotIn: is a key, or are its elements, among the values? */

import { isJsonObject, type Json, printJson } from "../object/index.ts";
import type { Effort } from "./effort.ts";
import { isInRange, parseMeasureRange } from "./measure.ts";
import { compileWildcard, hasWildcard, matchesWildcard } from "./wildcard.ts";

export type Membership = "AnyIn" | "AllIn" | "AnyNotIn" | "AllNotIn" | "In" | "NotIn";

export type Compared = { key: Json; value: Json; effort: Effort };

type Among = Omit<Compared, "key">;

/** Whether one text is among the values. */
type IsIn = (text: string) => boolean;

/** `effort`: what it may cost, as both sides may come from anybody. */
export function isMember(membership: Membership, { key, value, effort }: Compared): boolean {
  if (key === null || isJsonObject(key)) return false;
  if (membership === "In" || membership === "NotIn") return isOldMember(membership, key, { value, effort });
  const among = { value, effort };
  const isIn = Array.isArray(key) ? membersForList(membership, key, among) : membersForScalar(key, among);
  return isIn !== undefined && judge(membership, Array.isArray(key) ? key.map(textOf) : [textOf(key)], isIn);
}

function judge(membership: Exclude<Membership, "In" | "NotIn">, texts: readonly string[], isIn: IsIn): boolean {
  switch (membership) {
    case "AnyIn":
      return texts.some(isIn);
    case "AllIn":
      return texts.every(isIn);
    case "AnyNotIn":
      return !texts.every(isIn);
    case "AllNotIn":
      return !texts.some(isIn);
  }
}

/** Undefined where the value makes every operator false. */
function membersForScalar(key: Json, { value, effort }: Among): IsIn | undefined {
  if (Array.isArray(value)) return amongEitherWay(value.map(textOf), effort);
  if (typeof value !== "string") return undefined;
  if (isLike(value, textOf(key), effort)) return () => true;
  const range = insideRange(value);
  if (range !== undefined || !isJson(value)) return range ?? (() => false);
  const listed = listedTexts(value);
  return listed === undefined ? undefined : among(listed);
}

function membersForList(membership: Membership, key: readonly Json[], { value, effort }: Among): IsIn | undefined {
  if (Array.isArray(value)) return amongEitherWay(value.map(textOf), effort);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return membership === "AnyIn" || membership === "AnyNotIn" ? amongEitherWay([textOf(value)], effort) : undefined;
  }
  if (typeof value !== "string") return undefined;
  if (key.length === 1 && key.every((only) => textOf(only) === value)) return () => true;
  const range = insideRange(value);
  if (range !== undefined) return range;
  if (!isJson(value)) return amongEitherWay([value], effort);
  const listed = listedTexts(value);
  return listed === undefined ? undefined : amongEitherWay(listed, effort);
}

/** Wildcards count on either side; only where there are some is each compared with each. */
function amongEitherWay(texts: readonly string[], effort: Effort): IsIn {
  effort.spend(texts.length);
  const known = new Set(texts);
  const patterns = texts.filter(hasWildcard).map((pattern) => ({ pattern, matches: compileWildcard(pattern) }));
  return (text) => {
    effort.spend(1);
    if (known.has(text)) return true;
    const fits = ({ pattern, matches }: (typeof patterns)[number]): boolean => {
      effort.match(pattern, text);
      return matches(text);
    };
    if (patterns.some(fits)) return true;
    return hasWildcard(text) && texts.some((each) => isLike(text, each, effort));
  };
}

function isLike(pattern: string, text: string, effort: Effort): boolean {
  effort.match(pattern, text);
  return matchesWildcard(pattern, text);
}

/** Only `a-b` is a range here; `a!-b` is plain text. */
function insideRange(value: string): IsIn | undefined {
  const range = parseMeasureRange(value);
  return range === undefined || range.isOutside ? undefined : (text) => isInRange(text, range);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The texts of a string that is a JSON list of strings. */
function listedTexts(text: string): readonly string[] | undefined {
  if (!isJson(text)) return undefined;
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}

function among(values: readonly Json[]): IsIn {
  const known = new Set(values);
  return (text) => known.has(text);
}

function isOldMember(membership: "In" | "NotIn", key: Json, { value, effort }: Among): boolean {
  const isIn = Array.isArray(key) ? oldMembersForList(key, value) : oldMembersForScalar(textOf(key), { value, effort });
  if (isIn === undefined) return false;
  const areIn = Array.isArray(key) ? key.map(textOf).every(isIn) : isIn(textOf(key));
  return areIn === (membership === "In");
}

/** Exact, and texts only. */
function oldMembersForList(key: readonly Json[], value: Json): IsIn | undefined {
  const listed = typeof value === "string" ? listedTexts(value) : Array.isArray(value) ? value : undefined;
  if (listed === undefined || !key.every((item) => typeof item === "string")) return undefined;
  return among(listed);
}

function oldMembersForScalar(key: string, { value, effort }: Among): IsIn | undefined {
  if (Array.isArray(value)) return amongEitherWay(value.map(textOf), effort);
  if (typeof value !== "string") return undefined;
  if (isLike(value, key, effort)) return () => true;
  const listed = listedTexts(value);
  return listed === undefined ? undefined : among(listed);
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : printJson(value);
}
