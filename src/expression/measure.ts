/** Texts that stand for a size or a length of time, and what comparing two of them means to conditions and patterns. */

import {
  compareDurations,
  compareQuantities,
  type Json,
  parseDuration,
  parseQuantity,
  SECOND,
} from "../object/index.ts";

export type Ordering = "<" | "<=" | ">" | ">=";

export function holdsOrdering(ordering: Ordering, comparison: number): boolean {
  switch (ordering) {
    case "<":
      return comparison < 0;
    case "<=":
      return comparison <= 0;
    case ">":
      return comparison > 0;
    case ">=":
      return comparison >= 0;
  }
}

/** Nanoseconds of a duration string; a bare "0" is read as a number, not as a duration. */
export function durationOf(value: Json): bigint | undefined {
  return typeof value === "string" && value !== "0" ? parseDuration(value) : undefined;
}

/** A number of seconds as nanoseconds. */
export function secondsOf(value: number): bigint | undefined {
  const nanos = Math.round(value * Number(SECOND));
  return Number.isFinite(nanos) ? BigInt(nanos) : undefined;
}

/** Undefined unless both are quantities. */
export function compareAsQuantities(left: string, right: string): number | undefined {
  const a = parseQuantity(left);
  const b = a === undefined ? undefined : parseQuantity(right);
  return a === undefined || b === undefined ? undefined : compareQuantities(a, b);
}

/** As durations when both are, else as quantities when both are, else undefined. */
export function compareMeasures(left: string, right: string): number | undefined {
  const a = parseDuration(left);
  const b = a === undefined ? undefined : parseDuration(right);
  return a === undefined || b === undefined ? compareAsQuantities(left, right) : compareDurations(a, b);
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** No number has more digits, and to read them costs the square of their number. */
const MOST_DIGITS = 1_000;

/** A number, or a string that is a decimal number; no suffixes. A large integer is rounded. */
export function numberOf(value: Json): number | undefined {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  const isNumber = typeof value === "string" && value.length <= MOST_DIGITS && DECIMAL.test(value);
  return isNumber ? Number(value) : undefined;
}

export interface Range {
  readonly low: string;
  readonly high: string;
  /** Written `a!-b`: what lies outside. */
  readonly isOutside: boolean;
}

const RANGE = /^([+-]?[\d.][\w.µμ]*)(!?-)([+-]?[\d.][\w.µμ]*)$/;

/** `1-10`, `-10--1`, `1Mi-1Gi`, `10s!-1m`; undefined when the text is no range of two comparable ends. */
export function parseMeasureRange(text: string): Range | undefined {
  const [, low, dash, high] = RANGE.exec(text) ?? [];
  if (low === undefined || high === undefined || compareMeasures(low, high) === undefined) return undefined;
  return { low, high, isOutside: dash === "!-" };
}

/** Both ends belong to the range; what cannot be compared is neither inside nor outside. */
export function isInRange(value: string, { low, high, isOutside }: Range): boolean {
  const [fromLow, fromHigh] = [compareMeasures(value, low), compareMeasures(value, high)];
  if (fromLow === undefined || fromHigh === undefined) return false;
  return isOutside ? fromLow < 0 || fromHigh > 0 : fromLow >= 0 && fromHigh <= 0;
}
