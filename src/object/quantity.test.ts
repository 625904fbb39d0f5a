import { describe, expect, it } from "vitest";
import { compareQuantities, formatQuantity, parseQuantity, sameQuantity } from "./quantity.ts";

function canonical(text: string): string | undefined {
  const quantity = parseQuantity(text);
  return quantity === undefined ? undefined : formatQuantity(quantity);
}

describe("quantities", () => {
  it.each([
    ["1000m", "1"],
    ["0.5", "500m"],
    ["1500m", "1500m"],
    ["1.5Gi", "1536Mi"],
    ["1024Mi", "1Gi"],
    ["1024", "1024"],
    ["1000", "1k"],
    ["1Ki", "1Ki"],
    ["512Ki", "512Ki"],
    ["0.5Ki", "512"],
    ["1023Ki", "1023Ki"],
    ["1e3", "1e3"],
    ["1.5e3", "1500"],
    ["12E2", "1200"],
    ["100E", "100E"],
    ["1E", "1E"],
    ["2E3", "2e3"],
    ["0", "0"],
    ["0Gi", "0"],
    ["-1Gi", "-1Gi"],
    ["-0.5", "-500m"],
    ["+5", "5"],
    [".5", "500m"],
    ["5.", "5"],
    ["0.0000000001", "1n"],
    ["-0.0000000001", "-1n"],
    ["1u", "1u"],
    ["0.1Gi", "107374182400m"],
    ["0.1Mi", "104857600m"],
    ["9223372036854775807", "9223372036854775807"],
    ["16Ei", "9223372036854775807"],
    ["1000000", "1M"],
    ["1k", "1k"],
  ])("prints %s as %s", (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each(["", ".", "-", "1 ", "1KI", "1ki", "1K", "abc", "1e", "1e3Gi", "0x10", "1_000", "--1", "1e999", "Gi"])(
    "refuses %j",
    (text) => expect(parseQuantity(text)).toBeUndefined(),
  );

  it("compares by value", () => {
    const order = ["-1", "0", "1n", "1m", "0.5", "1", "1k", "1Ki", "1M", "1Mi", "1Gi"].map(parseQuantity);
    for (const [index, quantity] of order.entries()) {
      const next = order[index + 1];
      if (quantity !== undefined && next !== undefined) expect(compareQuantities(quantity, next)).toBeLessThan(0);
    }
  });

  it("knows one value in two spellings", () => {
    expect(sameQuantity("1000m", "1")).toBe(true);
    expect(sameQuantity(1, "1")).toBe(true);
    expect(sameQuantity("1Gi", "1024Mi")).toBe(true);
    expect(sameQuantity("1Gi", "1G")).toBe(false);
    expect(sameQuantity("a", "a")).toBe(false);
  });

  it("prints what parses to the same value", () => {
    for (let seed = 1, round = 0; round < 500; round++) {
      seed = (seed * 48271) % 2147483647;
      const suffix = ["", "m", "k", "Mi", "Gi", "e2", "n"][seed % 7] ?? "";
      const text = `${(seed % 100000) / 100}${suffix}`;
      expect(sameQuantity(text, canonical(text) ?? ""), text).toBe(true);
    }
  });
});
