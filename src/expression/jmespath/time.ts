/** Points in time with an offset, as RFC 3339 writes them; all arithmetic is on nanoseconds since 1970. */

export interface Moment {
  readonly nanos: bigint;
  /** Seconds east of UTC, for printing. */
  readonly offset: number;
}

export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Digits after the second's point. */
  readonly fraction: string;
  readonly offset: number;
}

const SECOND = 1_000_000_000n;
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Undefined when the text is no date and time of RFC 3339, or names a day that does not exist. */
export function parseMoment(text: string): Moment | undefined {
  const found = text.length > 100 ? null : RFC3339.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  const [, , , , , , , fraction = "", sign, hours = "0", minutes = "0"] = found;
  if (Number(hours) > 24 || Number(minutes) > 59) return undefined;
  const offset = (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  return momentOf({ year, month, day, hour, minute, second, fraction, offset });
}

export function momentOf({ year, month, day, hour, minute, second, fraction, offset }: DateParts): Moment | undefined {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month - 1) return undefined;
  const seconds = BigInt(date.getTime() / 1000) + BigInt(hour * 3600 + minute * 60 + second - offset);
  return { nanos: seconds * SECOND + BigInt(fraction.slice(0, 9).padEnd(9, "0")), offset };
}

export function momentOfDate(date: Date): Moment {
  return { nanos: BigInt(date.getTime()) * 1_000_000n, offset: 0 };
}

/** The moment's own wall clock, as a date whose UTC fields are to be read; undefined outside the years 0 to 9999. */
export function wallClock({ nanos, offset }: Moment): Date | undefined {
  const seconds = floorDivide(nanos, SECOND) + BigInt(offset);
  const date = new Date(Number(seconds) * 1000);
  const year = date.getUTCFullYear();
  return Number.isNaN(year) || year < 0 || year > 9999 ? undefined : date;
}

/** Whole seconds; undefined outside the years 0 to 9999. */
export function formatMoment(moment: Moment): string | undefined {
  const text = wallClock(moment)?.toISOString().slice(0, 19);
  return text === undefined ? undefined : `${text}${formatOffset(moment.offset)}`;
}

function formatOffset(offset: number): string {
  if (offset === 0) return "Z";
  const minutes = Math.trunc(Math.abs(offset) / 60);
  return `${offset < 0 ? "-" : "+"}${twoDigits(Math.trunc(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** Nanoseconds from the first of January of year 1 to 1970: truncation counts from there. */
const YEAR_ONE = 62_135_596_800n * SECOND;

/** Down to a multiple of the step; a step of zero or less changes nothing. */
export function truncateMoment({ nanos, offset }: Moment, step: bigint): Moment {
  if (step <= 0n) return { nanos, offset };
  return { nanos: floorDivide(nanos + YEAR_ONE, step) * step - YEAR_ONE, offset };
}

function floorDivide(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n);
}
