/** The policy language's functions on time: RFC 3339 in and out, durations as Go writes them. */

import { formatDuration, isDuration, type Json, parseDuration } from "../../../object/index.ts";
import type { Run } from "../run.ts";
import { formatMoment, type Moment, momentOfDate, parseMoment, truncateMoment, wallClock } from "../time.ts";
import { parseWithLayout } from "../time-layout.ts";
import type { Arguments, FunctionSpec } from "./signature.ts";

const STRING = ["string"] as const;
const UTC = 0;

export const timeFunctions: readonly FunctionSpec[] = [
  { name: "time_now", parameters: [], usesClock: true, call: (args, run) => print(now(run), args) },
  { name: "time_now_utc", parameters: [], usesClock: true, call: (args, run) => print(now(run), args) },
  { name: "time_since", parameters: [STRING, STRING, STRING], usesClock: true, call: timeSince },
  {
    name: "time_parse",
    parameters: [
      ["string", "number"],
      ["string", "number"],
    ],
    call: timeParse,
  },
  { name: "time_to_cron", parameters: [STRING], call: (args) => toCron(momentAt(args, 0), args) },
  {
    name: "time_add",
    parameters: [STRING, STRING],
    checkLiteral: { at: 1, check: (args) => durationAt(args, 1) },
    call(args) {
      const { nanos, offset } = momentAt(args, 0);
      return print({ nanos: nanos + durationAt(args, 1), offset }, args);
    },
  },
  {
    name: "time_utc",
    parameters: [STRING],
    call: (args) => print({ nanos: momentAt(args, 0).nanos, offset: UTC }, args),
  },
  {
    name: "time_diff",
    parameters: [STRING, STRING],
    call: (args) => printDuration(momentAt(args, 1).nanos - momentAt(args, 0).nanos, args),
  },
  {
    name: "time_before",
    parameters: [STRING, STRING],
    call: (args) => momentAt(args, 0).nanos < momentAt(args, 1).nanos,
  },
  {
    name: "time_after",
    parameters: [STRING, STRING],
    call: (args) => momentAt(args, 0).nanos > momentAt(args, 1).nanos,
  },
  {
    name: "time_between",
    parameters: [STRING, STRING, STRING],
    call: (args) =>
      momentAt(args, 0).nanos > momentAt(args, 1).nanos && momentAt(args, 0).nanos < momentAt(args, 2).nanos,
  },
  {
    name: "time_truncate",
    parameters: [STRING, STRING],
    checkLiteral: { at: 1, check: (args) => durationAt(args, 1) },
    call: (args) => print(truncateMoment(momentAt(args, 0), durationAt(args, 1)), args),
  },
];

function now(run: Run): Moment {
  return momentOfDate(run.environment.now());
}

/** From the second argument to the third, or to now when that is "". */
function timeSince(args: Arguments, run: Run): Json {
  const layout = args.text(0);
  const read = (at: number): Moment => (layout === "" ? momentAt(args, at) : layoutMoment(layout, args.text(at), args));
  const end = args.text(2) === "" ? now(run) : read(2);
  return printDuration(end.nanos - read(1).nanos, args);
}

/** A layout of digits only means seconds since 1970. */
function timeParse(args: Arguments): Json {
  const layout = String(args.value(0));
  const text = String(args.value(1));
  if (!/^\d+$/.test(layout)) return print(layoutMoment(layout, text, args), args);
  if (!/^-?\d{1,12}$/.test(text)) throw args.wrong(1, "a number of seconds");
  return print({ nanos: BigInt(text) * 1_000_000_000n, offset: UTC }, args);
}

function layoutMoment(layout: string, text: string, args: Arguments): Moment {
  const moment = parseWithLayout(layout, text);
  if (moment === undefined)
    throw args.fail(`${JSON.stringify(text)} does not fit the layout ${JSON.stringify(layout)}`);
  return moment;
}

function momentAt(args: Arguments, at: number): Moment {
  const moment = parseMoment(args.text(at));
  if (moment === undefined) throw args.wrong(at, "a time such as 2023-01-02T15:04:05Z");
  return moment;
}

function durationAt(args: Arguments, at: number): bigint {
  const duration = parseDuration(args.text(at));
  if (duration === undefined) throw args.wrong(at, "a duration such as 1h30m");
  return duration;
}

function print(moment: Moment, args: Arguments): string {
  const text = formatMoment(moment);
  if (text === undefined) throw args.fail("the result lies outside the years 0 to 9999");
  return text;
}

function printDuration(nanos: bigint, args: Arguments): string {
  if (!isDuration(nanos)) throw args.fail("the two times lie too far apart");
  return formatDuration(nanos);
}

/** Minute, hour, day, month, weekday in the time's own offset. */
function toCron(moment: Moment, args: Arguments): string {
  const clock = wallClock(moment);
  if (clock === undefined) throw args.fail("the time lies outside the years 0 to 9999");
  const parts = [
    clock.getUTCMinutes(),
    clock.getUTCHours(),
    clock.getUTCDate(),
    clock.getUTCMonth() + 1,
    clock.getUTCDay(),
  ];
  return parts.join(" ");
}
