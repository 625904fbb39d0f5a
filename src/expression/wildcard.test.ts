import { describe, expect, it } from "vitest";
import { compileWildcard, hasWildcard, matchesWildcard } from "./wildcard.ts";

describe("wildcards", () => {
  it.each([
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["*", "a/b.c", true],
    ["?", "", false],
    ["?", "é", true],
    ["?", "😀", true],
    ["?", "ab", false],
    ["?*", "", false],
    ["?*", "a", true],
    ["a*", "abc", true],
    ["a*", "ba", false],
    ["*a", "cba", true],
    ["a*c", "abcbc", true],
    ["a*c", "abcb", false],
    ["a**b", "ab", true],
    ["*-?", "x-y-z", true],
    ["a.c", "abc", false],
    ["[a]", "a", false],
    ["a\\*", "a\\b", true],
    ["nginx:*", "nginx:1.2/3", true],
    ["*a*b*c*", "xaxbxcx", true],
    ["*a*b*c*", "xbxaxcx", false],
  ])("%j on %j is %j", (pattern, text, expected) => {
    expect(matchesWildcard(pattern, text)).toBe(expected);
  });

  it("knows which texts are patterns", () => {
    expect(["a", "a*", "?", ""].map(hasWildcard)).toEqual([false, true, true, false]);
  });

  it("does not backtrack exponentially", () => {
    const start = performance.now();
    expect(compileWildcard(`${"a*".repeat(50)}b`)("a".repeat(5000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("agrees with a regular expression on random short inputs", () => {
    let seed = 7;
    const pick = (from: string): string => {
      seed = (seed * 48271) % 2147483647;
      return from.charAt(seed % from.length);
    };
    for (let round = 0; round < 2000; round++) {
      const pattern = Array.from({ length: round % 6 }, () => pick("ab*?")).join("");
      const text = Array.from({ length: round % 5 }, () => pick("ab")).join("");
      const form = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
      expect(matchesWildcard(pattern, text), `${pattern} on ${text}`).toBe(form.test(text));
    }
  });
});
