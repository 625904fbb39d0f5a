/**
 * Kubernetes quantities (`100m`, `1.5Gi`, `2e3`), exactly: parsed, compared and printed as the API server does it.
 * A value is kept in nanounits, the finest that Kubernetes knows; finer values are rounded away from zero.
 */

export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

/** The family of suffixes a quantity is printed with. */
export type QuantityFormat = "binary" | "decimal" | "exponent";

export const NANOS = 1_000_000_000n;
const LARGEST_BINARY = ((1n << 63n) - 1n) * NANOS;

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL_SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

/** More digits or a larger exponent than this is no quantity anybody means, and would cost unbounded work. */
const MOST_CHARACTERS = 100;
const LARGEST_EXPONENT = 60;

/** Undefined when the text is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const found = QUANTITY.exec(text);
  if (found === null) return undefined;
  const [, sign, whole = "", fraction = "", suffix = ""] = found;
  if (whole === "" && fraction === "") return undefined;
  const scale = scaleOf(suffix);
  if (scale === undefined) return undefined;
  const size = toNanos(BigInt(whole + fraction), fraction.length, scale);
  return { nanos: sign === "-" ? -size : size, format: isSmall(size, scale.format) ? "decimal" : scale.format };
}

interface Scale {
  readonly format: QuantityFormat;
  /** The suffix stands for base to this power. */
  readonly power: number;
}

function scaleOf(suffix: string): Scale | undefined {
  const binary = suffix.endsWith("i") ? BINARY_SUFFIXES.indexOf(suffix) : -1;
  if (binary > 0) return { format: "binary", power: 10 * binary };
  const decimal = DECIMAL_SUFFIXES.indexOf(suffix);
  if (decimal >= 0) return { format: "decimal", power: 3 * (decimal - DECIMAL_SUFFIXES.indexOf("")) };
  const power = Number(suffix.slice(1));
  return Math.abs(power) > LARGEST_EXPONENT ? undefined : { format: "exponent", power };
}

function toNanos(digits: bigint, places: number, { format, power }: Scale): bigint {
  if (format !== "binary") return scaleUp(digits, power - places + 9);
  const nanos = scaleUp(digits << BigInt(power), 9 - places);
  return nanos > LARGEST_BINARY ? LARGEST_BINARY : nanos;
}

/** Times ten to the power; what a negative power cuts off rounds up. */
function scaleUp(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

function isSmall(size: bigint, format: QuantityFormat): boolean {
  return format === "binary" && size > 0n && size < NANOS;
}

/** Negative, zero or positive. */
export function compareQuantities(left: Quantity, right: Quantity): number {
  if (left.nanos === right.nanos) return 0;
  return left.nanos < right.nanos ? -1 : 1;
}

/** True when both are quantities of one value, however they are written: "1000m" and "1", "1Gi" and "1024Mi". */
export function sameQuantity(left: string | number | bigint, right: string | number | bigint): boolean {
  const a = parseQuantity(String(left));
  const b = parseQuantity(String(right));
  return a !== undefined && b !== undefined && a.nanos === b.nanos;
}

/** The canonical form: the largest suffix of its format that needs no fraction. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return "0";
  if (format === "binary" && hasBinaryForm(nanos)) return formatBinary(nanos / NANOS);
  return formatDecimal(nanos, format === "exponent");
}

/** Below 1024, and where a fraction is left, binary quantities are printed as decimal ones. */
function hasBinaryForm(nanos: bigint): boolean {
  const size = nanos < 0n ? -nanos : nanos;
  return nanos % NANOS === 0n && size >= 1024n * NANOS;
}

function formatBinary(value: bigint): string {
  let rest = value;
  let suffix = 0;
  while (rest % 1024n === 0n && suffix < BINARY_SUFFIXES.length - 1) {
    rest /= 1024n;
    suffix++;
  }
  return `${rest}${BINARY_SUFFIXES[suffix] ?? ""}`;
}

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  let rest = nanos;
  let thousands = 0;
  while (rest % 1000n === 0n && (asExponent || thousands < DECIMAL_SUFFIXES.length - 1)) {
    rest /= 1000n;
    thousands++;
  }
  if (!asExponent) return `${rest}${DECIMAL_SUFFIXES[thousands] ?? ""}`;
  const exponent = 3 * thousands - 9;
  return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
}
