/** Patterns for single values, as anchors in patches have them: `?*`, `>= 3 & < 10`, `1Mi-1Gi`, `!latest | stable`. */

import type { Json } from "../object/index.ts";
import { compareMeasures, holdsOrdering, isInRange, numberOf, type Ordering, parseMeasureRange } from "./measure.ts";
import { compileWildcard } from "./wildcard.ts";

/** `undefined` is an absent value. Lists and maps match no pattern: the caller goes into them itself. */
export function matchesPattern(value: Json | undefined, pattern: Json): boolean {
  if (pattern === null) return value === undefined || value === null || value === "" || value === 0 || value === false;
  if (typeof pattern === "boolean") return value === pattern;
  if (typeof pattern === "bigint" && typeof value === "bigint") return value === pattern;
  if (typeof pattern === "number" || typeof pattern === "bigint")
    return value !== undefined && numberOf(value) === Number(pattern);
  if (typeof pattern !== "string" || (typeof value === "object" && value !== null)) return false;
  if (value === pattern) return true;
  return pattern.split("|").some((alternative) => matchesAll(value, alternative));
}

type Scalar = string | number | bigint | boolean | null | undefined;

function matchesAll(value: Scalar, alternative: string): boolean {
  return alternative.split("&").every((term) => matchesTerm(value, term.trim()));
}

const TERM = /^(>=|<=|>|<|!)?\s*(.*)$/s;

function matchesTerm(value: Scalar, term: string): boolean {
  const range = parseMeasureRange(term);
  if (range !== undefined) return isInRange(textForOrder(value), range);
  const [, operator, operand = ""] = TERM.exec(term) ?? [];
  if (operator === undefined) return isLike(value, operand);
  if (operator === "!") return isPresent(value) && !isLike(value, operand);
  const comparison = compareMeasures(textForOrder(value), operand);
  return comparison !== undefined && holdsOrdering(operator as Ordering, comparison); // TERM has no other operators.
}

/** Equal as a measure where both are one, else by wildcard. */
function isLike(value: Scalar, operand: string): boolean {
  if (!isPresent(value)) return false;
  const comparison = compareMeasures(String(value), operand);
  return comparison === undefined ? compileWildcard(operand)(String(value)) : comparison === 0;
}

function isPresent(value: Scalar): value is string | number | bigint | boolean {
  return value !== null && value !== undefined;
}

/** Only for order does an absent value count, as 0. */
function textForOrder(value: Scalar): string {
  return isPresent(value) ? String(value) : "0";
}
