/** The operators of preconditions, on a key and a value whose variables are already filled in. */

import { compareDurations, isJsonObject, type Json, parseDuration } from "../object/index.ts";
import { Effort } from "./effort.ts";
import { runGuarded } from "./jmespath/index.ts";
import { compareAsQuantities, durationOf, holdsOrdering, numberOf, type Ordering, secondsOf } from "./measure.ts";
import { isMember, type Membership } from "./membership.ts";
import { compareVersions, parseVersion } from "./semver.ts";
import { compileWildcard } from "./wildcard.ts";

type Test = (key: Json, value: Json, effort: Effort) => boolean;

const TESTS = {
  Equals: isEqualCondition,
  Equal: isEqualCondition,
  NotEquals: (key: Json, value: Json, effort: Effort) => !isEqualCondition(key, value, effort),
  NotEqual: (key: Json, value: Json, effort: Effort) => !isEqualCondition(key, value, effort),
  GreaterThan: ordered(">"),
  GreaterThanOrEquals: ordered(">="),
  LessThan: ordered("<"),
  LessThanOrEquals: ordered("<="),
  DurationGreaterThan: orderedDurations(">"),
  DurationGreaterThanOrEquals: orderedDurations(">="),
  DurationLessThan: orderedDurations("<"),
  DurationLessThanOrEquals: orderedDurations("<="),
  AnyIn: member("AnyIn"),
  AllIn: member("AllIn"),
  AnyNotIn: member("AnyNotIn"),
  AllNotIn: member("AllNotIn"),
  In: member("In"),
  NotIn: member("NotIn"),
} as const satisfies { readonly [operator: string]: Test };

/** Names are case-sensitive. */
export type Operator = keyof typeof TESTS;

export const OPERATORS: readonly Operator[] = Object.keys(TESTS).filter(isOperator);

export function isOperator(name: string): name is Operator {
  return Object.hasOwn(TESTS, name);
}

/** A null key makes every operator false, the negative ones too. `problem`: the two are too much to compare. */
export function holdsCondition(key: Json, operator: Operator, value: Json): boolean | { problem: string } {
  if (key === null) return false;
  const result = runGuarded(() => TESTS[operator](key, value, new Effort()));
  return "value" in result ? result.value : { problem: `${operator} ${result.fault.message}` };
}

function isEqualCondition(key: Json, value: Json, effort: Effort): boolean {
  if (typeof key === "bigint" && typeof value === "bigint") return key === value;
  if (typeof key === "number" || typeof key === "bigint") return numberOf(value) === Number(key);
  if (typeof key === "string") return isEqualText(key, value, effort);
  return typeof key === "boolean" ? key === value : isDeepEqual(key, value);
}

function isEqualText(key: string, value: Json, effort: Effort): boolean {
  const durations = bothDurations(key, value);
  if (durations !== undefined) return durations.key === durations.value;
  if (typeof value !== "string") return false;
  if (compareAsQuantities(key, key) !== undefined) return compareAsQuantities(key, value) === 0;
  effort.match(value, key);
  return compileWildcard(value)(key);
}

/** Both as nanoseconds when one is a duration string and the other one too, or a number of seconds. */
function bothDurations(key: Json, value: Json): { readonly key: bigint; readonly value: bigint } | undefined {
  const [fromKey, fromValue] = [durationOf(key), durationOf(value)];
  if (fromKey === undefined && fromValue === undefined) return undefined;
  const ofKey = fromKey ?? (typeof key === "number" ? secondsOf(key) : undefined);
  const ofValue = fromValue ?? (typeof value === "number" ? secondsOf(value) : undefined);
  return ofKey === undefined || ofValue === undefined ? undefined : { key: ofKey, value: ofValue };
}

function isDeepEqual(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => isDeepEqual(item, right[index] ?? null))
    );
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((name) => Object.hasOwn(right, name) && isDeepEqual(left[name] ?? null, right[name] ?? null))
  );
}

function ordered(ordering: Ordering): Test {
  return (key, value) => {
    const comparison = compareValues(key, value);
    return comparison !== undefined && holdsOrdering(ordering, comparison);
  };
}

/** The first reading that fits both sides; undefined when there is none. */
function compareValues(key: Json, value: Json): number | undefined {
  const durations = bothDurations(key, value) ?? secondsBesideDuration(key, value);
  if (durations !== undefined) return compareDurations(durations.key, durations.value);
  if (typeof key === "string" && typeof value === "string") {
    const comparison = compareAsQuantities(key, value);
    if (comparison !== undefined) return comparison;
  }
  const [left, right] = [numberOf(key), numberOf(value)];
  if (left !== undefined && right !== undefined) return left - right;
  return compareAsVersions(key, value);
}

/** A key such as "10" beside a duration is a number of seconds; a value is not. */
function secondsBesideDuration(key: Json, value: Json): { readonly key: bigint; readonly value: bigint } | undefined {
  const [seconds, duration] = [numberOf(key), durationOf(value)];
  const nanos = seconds === undefined || duration === undefined ? undefined : secondsOf(seconds);
  return nanos === undefined || duration === undefined ? undefined : { key: nanos, value: duration };
}

function compareAsVersions(key: Json, value: Json): number | undefined {
  if (typeof key !== "string" || typeof value !== "string") return undefined;
  const [left, right] = [parseVersion(key), parseVersion(value)];
  return left === undefined || right === undefined ? undefined : compareVersions(left, right);
}

function orderedDurations(ordering: Ordering): Test {
  return (key, value) => {
    const [left, right] = [wholeSeconds(key), wholeSeconds(value)];
    return left !== undefined && right !== undefined && holdsOrdering(ordering, compareDurations(left, right));
  };
}

/** Numbers are whole seconds; strings must be durations. */
function wholeSeconds(value: Json): bigint | undefined {
  if (typeof value === "number") return secondsOf(Math.trunc(value));
  return typeof value === "string" ? parseDuration(value) : undefined;
}

function member(membership: Membership): Test {
  return (key, value, effort) => isMember(membership, { key, value, effort });
}
