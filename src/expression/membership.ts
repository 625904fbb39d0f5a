/** AnyIn, AllIn, AnyNotIn, AllNotIn and their older forms In, NotIn: is a key, or are its elements, among the values? */

import { isJsonObject, type Json, printJson } from "../object/index.ts";
import { isInRange, parseMeasureRange } from "./measure.ts";
import { matchesWildcard } from "./wildcard.ts";

export type Membership = "AnyIn" | "AllIn" | "AnyNotIn" | "AllNotIn" | "In" | "NotIn";

/** Whether one text is among the values. */
type IsIn = (text: string) => boolean;

export function isMember(membership: Membership, key: Json, value: Json): boolean {
  if (key === null || isJsonObject(key)) return false;
  if (membership === "In" || membership === "NotIn") return isOldMember(membership, key, value);
  const isIn = Array.isArray(key) ? membersForList(membership, key, value) : membersForScalar(key, value);
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
function membersForScalar(key: Json, value: Json): IsIn | undefined {
  if (Array.isArray(value)) return amongEitherWay(value.map(textOf));
  if (typeof value !== "string") return undefined;
  if (matchesWildcard(value, textOf(key))) return () => true;
  const range = insideRange(value);
  if (range !== undefined || !isJson(value)) return range ?? (() => false);
  const listed = listedTexts(value);
  return listed === undefined ? undefined : (text) => listed.includes(text);
}

function membersForList(membership: Membership, key: readonly Json[], value: Json): IsIn | undefined {
  if (Array.isArray(value)) return amongEitherWay(value.map(textOf));
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return membership === "AnyIn" || membership === "AnyNotIn" ? amongEitherWay([textOf(value)]) : undefined;
  }
  if (typeof value !== "string") return undefined;
  if (key.length === 1 && key.every((only) => textOf(only) === value)) return () => true;
  const range = insideRange(value);
  if (range !== undefined) return range;
  if (!isJson(value)) return amongEitherWay([value]);
  const listed = listedTexts(value);
  return listed === undefined ? undefined : amongEitherWay(listed);
}

/** Wildcards count on either side. */
function amongEitherWay(texts: readonly string[]): IsIn {
  return (text) => texts.some((each) => matchesWildcard(each, text) || matchesWildcard(text, each));
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

function isOldMember(membership: "In" | "NotIn", key: Json, value: Json): boolean {
  const isIn = Array.isArray(key) ? oldMembersForList(key, value) : oldMembersForScalar(value, textOf(key));
  if (isIn === undefined) return false;
  const areIn = Array.isArray(key) ? key.map(textOf).every(isIn) : isIn(textOf(key));
  return areIn === (membership === "In");
}

/** Exact, and texts only. */
function oldMembersForList(key: readonly Json[], value: Json): IsIn | undefined {
  const listed = typeof value === "string" ? listedTexts(value) : Array.isArray(value) ? value : undefined;
  if (listed === undefined || !key.every((item) => typeof item === "string")) return undefined;
  return (text) => listed.includes(text);
}

function oldMembersForScalar(value: Json, key: string): IsIn | undefined {
  if (Array.isArray(value)) return amongEitherWay(value.map(textOf));
  if (typeof value !== "string") return undefined;
  if (matchesWildcard(value, key)) return () => true;
  const listed = listedTexts(value);
  return listed === undefined ? undefined : (text) => listed.includes(text);
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : printJson(value);
}
