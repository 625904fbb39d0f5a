import { describe, expect, it } from "vitest";
import { keyOf, type ObjectRef } from "../object/index.ts";
import type { ClaimKey } from "./claim-key.ts";
import { OpenMoments } from "./open-moments.ts";

const CLAIM = "p/r/t" as ClaimKey; // any text does
const made = (name: string): ObjectRef => ({ group: "", kind: "Secret", namespace: "shop", name });
const source = (name: string): ObjectRef => ({ group: "", kind: "Secret", namespace: "base", name });
const copyOf = (name: string) => ({ ref: made(name), source: source(name) });
const keys = (...names: string[]) => new Set(names.map((name) => keyOf(made(name))));

function openMoments(...sources: [name: string, ...settled: string[]][]): OpenMoments {
  const moments = new OpenMoments();
  for (const [name, ...settled] of sources) moments.addSource(CLAIM, keyOf(source(name)), keys(...settled));
  return moments;
}

describe("the moment of a claim", () => {
  it("is not there before something happens, nor when it is over", () => {
    const moments = new OpenMoments();
    expect(moments.allows(CLAIM, copyOf("a"))).toBe(false);
    moments.add(CLAIM);
    expect([...moments]).toEqual([CLAIM]);
    moments.delete(CLAIM);
    expect(moments.allows(CLAIM, copyOf("a"))).toBe(false);
  });

  it("is one for all that it wants when its trigger changed", () => {
    const moments = new OpenMoments();
    moments.add(CLAIM);
    expect(moments.allows(CLAIM, { ref: made("a") })).toBe(true);
    expect(moments.allows(CLAIM, copyOf("b"))).toBe(true);
  });

  it("is one for the copies of a source that appeared, and for nothing else", () => {
    const moments = openMoments(["a"], ["b"]);
    expect(["a", "b", "c"].map((name) => moments.allows(CLAIM, copyOf(name)))).toEqual([true, true, false]);
    expect(moments.allows(CLAIM, { ref: made("a") })).toBe(false);
  });

  it("is none for what was wanted before the source came to be selected", () => {
    expect(openMoments(["a", "a"]).allows(CLAIM, copyOf("a"))).toBe(false);
    expect(openMoments(["a", "b"]).allows(CLAIM, copyOf("a"))).toBe(true);
  });

  it("is over for what is there, also when something else still waits", () => {
    const moments = openMoments(["c"]);
    moments.add(CLAIM);
    moments.addSource(CLAIM, keyOf(source("c")));
    moments.settle(CLAIM, keys("a", "c"));
    expect(["a", "b", "c"].map((name) => moments.allows(CLAIM, copyOf(name)))).toEqual([false, true, false]);
    moments.add(CLAIM);
    expect(moments.allows(CLAIM, copyOf("a"))).toBe(true);
  });
});
