/** What the language means by type, truth, equality, order and text of a JSON value. */

import { isJsonObject, isSameNumber, type Json, type JsonObject } from "../../object/index.ts";
import { Fault } from "./fault.ts";
import { MAX_DATA_DEPTH } from "./limits.ts";
import type { Run } from "./run.ts";

export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object";

export function typeOf(value: Json): TypeName {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  if (type === "bigint") return "number";
  return type === "boolean" || type === "number" || type === "string" ? type : "object";
}

/** False are null, false, "", [] and {}; 0 is true. Not found counts as null. */
export function isTruthy(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "") return false;
  if (typeof value !== "object") return true;
  return Array.isArray(value) ? value.length > 0 : hasOwnKey(value);
}

function hasOwnKey(object: JsonObject): boolean {
  for (const key in object) if (Object.hasOwn(object, key)) return true;
  return false;
}

export function isEqual(left: Json, right: Json, run: Run, depth = 0): boolean {
  run.spend(1);
  if (left === right) {
    if (typeof left === "string") run.spend(left.length >>> 6);
    return true;
  }
  if (typeof left === "bigint" || typeof right === "bigint") return isSameNumber(left, right);
  if (left === null || right === null || typeof left !== "object" || typeof right !== "object") {
    if (typeof left === "string") run.spend(left.length >>> 6);
    return false;
  }
  if (depth > MAX_DATA_DEPTH) throw tooDeep();
  if (Array.isArray(left)) return Array.isArray(right) && isEqualList(left, right, run, depth + 1);
  return isJsonObject(right) && isEqualObject(left, right, run, depth + 1);
}

function isEqualList(left: readonly Json[], right: readonly Json[], run: Run, depth: number): boolean {
  return left.length === right.length && left.every((item, index) => isEqual(item, right[index] ?? null, run, depth));
}

function isEqualObject(left: JsonObject, right: JsonObject, run: Run, depth: number): boolean {
  const keys = Object.keys(left);
  run.spend(keys.length);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key] ?? null, right[key] ?? null, run, depth));
}

/** The order of code points, which is also the byte order of UTF-8. Negative, zero or positive. */
export function compareText(left: string, right: string): number {
  const end = Math.min(left.length, right.length);
  for (let at = 0; at < end; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return rankUnit(a) - rankUnit(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above U+FFFF: they sort after the units U+E000 to U+FFFF. */
function rankUnit(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** Number of code points. */
export function textLength(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00 && at + 1 < text.length && isLowSurrogate(text.charCodeAt(at + 1))) at++;
    count++;
  }
  return count;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Sorted, because no other order is promised and results must not depend on how an object came to be. */
export function sortedKeys(object: JsonObject, run: Run): string[] {
  const keys = Object.keys(object);
  run.spend(keys.length);
  return keys.sort(compareText);
}

/** Sets any key, `__proto__` included, as plain content. */
export function setKey(object: JsonObject, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

export function tooDeep(): Fault {
  return new Fault(`the data is nested more than ${MAX_DATA_DEPTH} levels deep`);
}
