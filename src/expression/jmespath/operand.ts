/** What an operand of arithmetic can be read as, and what each operation does with each pair of readings. */

import {
  formatDuration,
  formatQuantity,
  isDuration,
  type Json,
  NANOS,
  parseDuration,
  parseQuantity,
  printJson,
  type Quantity,
} from "../../object/index.ts";

export type Operation = "add" | "subtract" | "multiply" | "divide" | "modulo";

type Outcome = { readonly value: Json } | { readonly problem: string };

/** A string can be both: `30m` is 0.03 and half an hour. Quantities are tried first. */
type Operand =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "quantity"; readonly value: Quantity }
  | { readonly kind: "duration"; readonly value: bigint };

/** The first pair of readings that the operation is defined for counts. */
export function operate(operation: Operation, left: Json, right: Json): Outcome {
  const [leftReadings, rightReadings] = [readingsOf(left), readingsOf(right)];
  const wrong = leftReadings.length === 0 ? left : rightReadings.length === 0 ? right : undefined;
  if (wrong !== undefined) {
    return { problem: `${printJson(wrong)} is neither a number nor a quantity (1Gi) nor a duration (1h)` };
  }
  for (const a of leftReadings) {
    for (const b of rightReadings) {
      const outcome = apply(operation, a, b);
      if (outcome !== undefined) return outcome;
    }
  }
  const kinds = `a ${leftReadings[0]?.kind} and a ${rightReadings[0]?.kind}`;
  return { problem: `types do not fit: ${printJson(left)} and ${printJson(right)} are ${kinds}` };
}

function readingsOf(value: Json): Operand[] {
  if (typeof value === "number" || typeof value === "bigint") return [{ kind: "number", value: Number(value) }];
  if (typeof value !== "string") return [];
  const quantity = parseQuantity(value);
  const duration = parseDuration(value);
  return [
    ...(quantity === undefined ? [] : [{ kind: "quantity", value: quantity } as const]),
    ...(duration === undefined ? [] : [{ kind: "duration", value: duration } as const]),
  ];
}

function apply(operation: Operation, a: Operand, b: Operand): Outcome | undefined {
  if (operation === "multiply") return multiply(a, b);
  if (operation === "divide" || operation === "modulo") {
    return isZero(b) ? { problem: "the divisor is zero" } : operation === "divide" ? divide(a, b) : modulo(a, b);
  }
  const sign = operation === "add" ? 1 : -1;
  if (a.kind === "number" && b.kind === "number") return { value: a.value + sign * b.value };
  if (a.kind === "quantity" && b.kind === "quantity") {
    const format = a.value.nanos === 0n ? b.value.format : a.value.format;
    return asQuantity(a.value.nanos + BigInt(sign) * b.value.nanos, format);
  }
  if (a.kind === "duration" && b.kind === "duration") return asDuration(a.value + BigInt(sign) * b.value);
  return undefined;
}

function multiply(a: Operand, b: Operand): Outcome | undefined {
  if (a.kind === "number" && b.kind === "number") return { value: a.value * b.value };
  if (a.kind === "number") return b.kind === "number" ? undefined : multiply(b, a);
  if (b.kind !== "number") return undefined;
  const factor = exactly(b.value);
  if (factor === undefined) return TOO_LARGE;
  if (a.kind === "quantity") return asQuantity(divideUp(a.value.nanos * factor.units, factor.scale), a.value.format);
  return asDuration(divideEvenly(a.value * factor.units, factor.scale));
}

function divide(a: Operand, b: Operand): Outcome | undefined {
  if (a.kind === "number") return b.kind === "number" ? { value: a.value / b.value } : undefined;
  if (a.kind === "quantity" && b.kind === "quantity") return { value: ratio(a.value.nanos, b.value.nanos) };
  if (a.kind === "duration" && b.kind === "duration") return { value: ratio(a.value, b.value) };
  if (b.kind !== "number") return undefined;
  const divisor = exactly(b.value);
  if (divisor === undefined) return TOO_LARGE;
  if (a.kind === "duration") return asDuration(divideEvenly(a.value * divisor.scale, divisor.units));
  const whole = (a.value.nanos * divisor.scale) / (divisor.units * NANOS); // Cut to a whole number, as upstream does.
  return asQuantity(whole * NANOS, a.value.format);
}

function modulo(a: Operand, b: Operand): Outcome | undefined {
  if (a.kind === "number" && b.kind === "number") {
    const areWhole = Number.isInteger(a.value) && Number.isInteger(b.value);
    return areWhole ? { value: (a.value % b.value) + 0 } : { problem: "both must be whole numbers" };
  }
  if (a.kind === "quantity" && b.kind === "quantity") {
    const areWhole = a.value.nanos % NANOS === 0n && b.value.nanos % NANOS === 0n;
    if (!areWhole) return { problem: "both must be whole numbers" };
    return asQuantity(a.value.nanos % b.value.nanos, a.value.format);
  }
  if (a.kind === "duration" && b.kind === "duration") return asDuration(a.value % b.value);
  return undefined;
}

function isZero(operand: Operand): boolean {
  return operand.kind === "quantity" ? operand.value.nanos === 0n : Number(operand.value) === 0;
}

const TOO_LARGE: Outcome = { problem: "the result is too large" };
const LARGEST_NANOS = 10n ** 40n;

function asQuantity(nanos: bigint, format: Quantity["format"]): Outcome {
  if (nanos > LARGEST_NANOS || nanos < -LARGEST_NANOS) return TOO_LARGE;
  return { value: formatQuantity({ nanos, format }) };
}

function asDuration(nanos: bigint): Outcome {
  return isDuration(nanos) ? { value: formatDuration(nanos) } : TOO_LARGE;
}

/** A number as `units / scale`, from its shortest decimal text; undefined when it is out of any useful range. */
function exactly(value: number): { readonly units: bigint; readonly scale: bigint } | undefined {
  const found = /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  const [, whole = "0", fraction = "", exponent = "0"] = found ?? [];
  const power = Number(exponent) - fraction.length;
  if (found === null || Math.abs(power) > 100) return undefined;
  const units = BigInt(whole + fraction);
  return power >= 0 ? { units: units * 10n ** BigInt(power), scale: 1n } : { units, scale: 10n ** BigInt(-power) };
}

/** Away from zero, as quantities are rounded. */
function divideUp(value: bigint, divisor: bigint): bigint {
  const rest = value % divisor;
  return value / divisor + (rest === 0n ? 0n : rest > 0n ? 1n : -1n);
}

/** To the nearest, halves away from zero. */
function divideEvenly(value: bigint, divisor: bigint): bigint {
  const isNegative = value < 0n !== divisor < 0n;
  const [size, by] = [value < 0n ? -value : value, divisor < 0n ? -divisor : divisor];
  const nearest = (2n * size + by) / (2n * by);
  return isNegative ? -nearest : nearest;
}

function ratio(a: bigint, b: bigint): number {
  return a % b === 0n ? Number(a / b) : Number(a) / Number(b);
}
