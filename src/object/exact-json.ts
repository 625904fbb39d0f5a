/**
 * JSON text with exact integers: what a double cannot hold becomes a bigint and is printed with all its digits again.
 * The API server keeps 64 bits; read as a double, an edit of 9007199254740992 to ...993 would not be seen.
 */

import type { Json } from "./json.ts";

/** Cheap, and nearly always false: only then the slow way is needed. May be true for digits within a string. */
const LARGE = /[:[,]\s*-?\d{16,}|^\s*-?\d{16,}/;

/** JSON text as a value; throws a SyntaxError when it is none. An integer is a bigint exactly when it is not safe as a number. */
export function parseJson(text: string): Json {
  return LARGE.test(text) ? (parse(text, exactInteger) as Json) : JSON.parse(text); // both give nothing but JSON
}

/** Compact JSON text, as JSON.stringify gives it, of a value that may hold bigints. */
export function printJson(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, rawInteger); // bigints; a value that holds itself fails once more
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** The compiler's library does not know the third parameter of a reviver yet. */
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }; // nor this function

function exactInteger(_key: string, value: unknown, { source }: { source?: string }): unknown {
  const large = typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined;
  return large && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function rawInteger(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJSON(String(value)) : value;
}
