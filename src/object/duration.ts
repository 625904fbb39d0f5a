/** Durations as Go writes them (`1h30m`, `250ms`), in nanoseconds within 64 bits. */

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n],
  ["μs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

export const SECOND = 1_000_000_000n;
const LARGEST = (1n << 63n) - 1n;
const MOST_CHARACTERS = 200;
const WHOLE = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const PART = /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g;

/** Nanoseconds; undefined when the text is no duration or too long a one. `0` needs no unit. */
export function parseDuration(text: string): bigint | undefined {
  if (text === "0" || text === "+0" || text === "-0") return 0n;
  const found = text.length > MOST_CHARACTERS ? null : WHOLE.exec(text);
  if (found === null) return undefined;
  const [, sign, parts = ""] = found;
  let total = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of parts.matchAll(PART)) {
    const size = UNITS.get(unit) ?? 0n;
    total += BigInt(whole) * size + (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  if (sign === "-") return total > LARGEST + 1n ? undefined : -total;
  return total > LARGEST ? undefined : total;
}

/** True when the nanoseconds fit Go's 64 bits. */
export function isDuration(nanos: bigint): boolean {
  return nanos >= -LARGEST - 1n && nanos <= LARGEST;
}

/** Negative, zero or positive. */
export function compareDurations(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** `1h30m0s`; below a second the largest unit that leaves a whole part: `1.5ms`. */
export function formatDuration(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  if (nanos < 0n) return `-${formatDuration(-nanos)}`;
  if (nanos < 1_000n) return `${nanos}ns`;
  if (nanos < 1_000_000n) return `${withFraction(nanos, 1_000n)}µs`;
  if (nanos < SECOND) return `${withFraction(nanos, 1_000_000n)}ms`;
  return formatSeconds(nanos);
}

function formatSeconds(nanos: bigint): string {
  const minutes = nanos / (60n * SECOND);
  const seconds = `${withFraction(nanos % (60n * SECOND), SECOND)}s`;
  if (minutes === 0n) return seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${minutes}m${seconds}` : `${hours}h${minutes % 60n}m${seconds}`;
}

function withFraction(nanos: bigint, unit: bigint): string {
  const whole = nanos / unit;
  const digits = unit.toString().length - 1;
  const fraction = (nanos % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? `${whole}` : `${whole}.${fraction}`;
}
