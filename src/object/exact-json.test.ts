import { describe, expect, it } from "vitest";
import { isEqual } from "./equality.ts";
import { parseJson, printJson } from "./exact-json.ts";
import type { Json } from "./json.ts";

describe("JSON text with large integers", () => {
  it.each<[string, Json]>([
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["9223372036854775807", 9223372036854775807n],
    ["1234567890123456.5", 1234567890123456.5],
    ["1e300", 1e300],
    ["12", 12],
    ['"9007199254740993"', "9007199254740993"],
  ])("gives exactly what is written: %s", (text, value) => {
    expect(parseJson(text)).toEqual(value);
    expect(parseJson(`{"a":${text}}`)).toEqual({ a: value });
    expect(parseJson(`[0, ${text}]`)).toEqual([0, value]);
  });

  it.each([
    '{"spec":{"big":9007199254740993,"list":[9223372036854775807,-9007199254740993,1],"text":"x"}}',
    '{"a":"[9007199254740993]","b":1.5,"c":null,"d":[],"e":{}}',
    '{"__proto__":9007199254740993,"constructor":1}',
  ])("is printed as it was read: %s", (text) => {
    expect(printJson(parseJson(text))).toBe(text);
  });

  it("is refused when it is no JSON, whatever its numbers", () => {
    expect(() => parseJson('{"a":9007199254740993')).toThrow(SyntaxError);
  });

  it("tells numbers apart by what they are worth", () => {
    expect(isEqual(parseJson("[9007199254740993]"), parseJson("[9007199254740992]"))).toBe(false);
    expect(isEqual(parseJson("[9007199254740993]"), parseJson("[9007199254740993]"))).toBe(true);
    expect(isEqual(1e16, parseJson("10000000000000000"))).toBe(true);
    expect(isEqual(1e16, parseJson("10000000000000001"))).toBe(false);
    expect(isEqual("10000000000000001", parseJson("10000000000000001"))).toBe(false);
  });
});
