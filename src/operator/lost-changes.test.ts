/** What is told of changes that were let go. */

import { describe, expect, it } from "vitest";
import { keyOf, type ObjectRef } from "../object/index.ts";
import { claimKey } from "../state/index.ts";
import { isWorthALine, LostChanges } from "./lost-changes.ts";

const POLICY: ObjectRef = { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name: "audit" };
const TRIGGER: ObjectRef = { group: "", kind: "ConfigMap", namespace: "work", name: "a" };

function claim(rule: string, policy = POLICY) {
  return claimKey({ policy, rule, trigger: TRIGGER });
}

describe("lost changes", () => {
  it("are counted by rule, with the last cause", () => {
    const lost = new LostChanges();
    lost.note(claim("a"), 1, "first");
    lost.note(claim("b"), 1, "other");
    lost.note(claim("a"), 1, "second");
    expect(lost.of(keyOf(POLICY), 1)).toMatchObject([
      { rule: "a", count: 2, because: "second" },
      { rule: "b", count: 1, because: "other" },
    ]);
    expect(lost.of(keyOf({ ...POLICY, name: "another" }), 1)).toEqual([]);
  });

  it("are told until the policy is another one, or goes", () => {
    const lost = new LostChanges();
    lost.note(claim("a"), 1, "");
    expect(lost.of(keyOf(POLICY), 2)).toEqual([]);
    expect(lost.note(claim("a"), 2, "").count).toBe(1);
    lost.forget(keyOf(POLICY));
    expect(lost.of(keyOf(POLICY), 2)).toEqual([]);
  });

  it("are logged ever more rarely", () => {
    const lost = new LostChanges();
    const noted = Array.from({ length: 1_000 }, () => lost.note(claim("a"), 1, ""));
    expect(noted.filter(isWorthALine).map(({ count }) => count)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  });
});
