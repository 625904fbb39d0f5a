import { describe, expect, it } from "vitest";
import { compareDurations, formatDuration, parseDuration } from "./duration.ts";

function canonical(text: string): string | undefined {
  const nanos = parseDuration(text);
  return nanos === undefined ? undefined : formatDuration(nanos);
}

describe("durations", () => {
  it.each([
    ["0", "0s"],
    ["1h", "1h0m0s"],
    ["60m", "1h0m0s"],
    ["90s", "1m30s"],
    ["1h30m5s", "1h30m5s"],
    ["1.5h", "1h30m0s"],
    [".5s", "500ms"],
    ["1.s", "1s"],
    ["1500us", "1.5ms"],
    ["1µs", "1µs"],
    ["1μs", "1µs"],
    ["999ns", "999ns"],
    ["1.000000001s", "1.000000001s"],
    ["-90m", "-1h30m0s"],
    ["+5s", "5s"],
    ["1s1h", "1h0m1s"],
    ["2562047h47m16.854775807s", "2562047h47m16.854775807s"],
  ])("prints %s as %s", (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each(["", "1", "10", "h", "1d", "1 h", "1h ", "-", ".s", "1hm", "2562047h47m16.854775808s", "9999999h"])(
    "refuses %j",
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );

  it("compares by length of time", () => {
    expect(compareDurations(parseDuration("1h") ?? 0n, parseDuration("60m") ?? 1n)).toBe(0);
    expect(compareDurations(parseDuration("1h") ?? 0n, parseDuration("61m") ?? 0n)).toBeLessThan(0);
  });
});
