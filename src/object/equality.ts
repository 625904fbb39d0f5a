/** Deep equality of JSON: key order does not count, own properties only, and numbers are what they are worth. */

import { isJsonObject, type Json } from "./json.ts";

export function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a === "bigint" || typeof b === "bigint") return isSameNumber(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

/** A large number that was computed is no bigint, although the server gives one back. */
export function isSameNumber(a: Json | undefined, b: Json | undefined): boolean {
  const [left, right] = [integerOf(a), integerOf(b)];
  return left !== undefined && left === right;
}

function integerOf(value: Json | undefined): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : undefined;
}
