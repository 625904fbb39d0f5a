/** Which part of a failing sequence is to blame. */

import { describe, expect, it } from "vitest";
import { generateFaults, generateOperations } from "./generate.ts";
import type { Operation, Sequence } from "./operation.ts";
import { shrink } from "./shrink.ts";

const always = { hasTime: () => true };

function failingIf(isBad: (sequence: Sequence) => boolean) {
  return async (candidates: readonly Sequence[]) => candidates.filter(isBad);
}

function mark(name: string): Operation {
  return { do: "delete policy", place: { kind: "Policy", namespace: "@-home", name } };
}

function has(sequence: Sequence, ...names: string[]): boolean {
  return names.every((name) => sequence.operations.some((each) => JSON.stringify(each) === JSON.stringify(mark(name))));
}

describe("shrinking", () => {
  const noise = generateOperations("noise");

  it("leaves nothing but the operations that matter, in their order", async () => {
    const operations = [...noise, mark("one"), ...noise, mark("two"), ...noise];
    const findFailing = failingIf((sequence) => has(sequence, "one", "two"));
    const small = await shrink({ operations, faults: generateFaults("noise") }, { ...always, findFailing });
    expect(small).toEqual({ operations: [mark("one"), mark("two")], faults: [] });
  });

  it("keeps the faults that matter", async () => {
    const faults = (["kill the operator", "restart etcd", "kill the API server"] as const).map((what) => ({
      after: 0.5,
      what,
    }));
    const findFailing = failingIf((sequence) => sequence.faults.some(({ what }) => what === "restart etcd"));
    const small = await shrink({ operations: noise, faults }, { ...always, findFailing });
    expect(small).toEqual({ operations: [], faults: [{ after: 0.5, what: "restart etcd" }] });
  });

  it("takes rules out of policies", async () => {
    const rules = ["r1", "r2", "r3"].map((name) => ({ name })) as unknown as Extract<
      Operation,
      { do: "put policy" }
    >["rules"]; // names will do
    const operation: Operation = { do: "put policy", place: { kind: "Policy", namespace: "@-home", name: "p" }, rules };
    const findFailing = failingIf((sequence) => JSON.stringify(sequence).includes('"r2"'));
    const small = await shrink({ operations: [...noise, operation], faults: [] }, { ...always, findFailing });
    expect(JSON.stringify(small.operations)).toBe(JSON.stringify([{ ...operation, rules: [rules[1]] }]));
  });

  it("ends with what it has when the time is over", async () => {
    let rounds = 0;
    const findFailing = failingIf((sequence) => has(sequence, "one"));
    const sequence = { operations: [...noise, ...noise, mark("one")], faults: [] };
    const small = await shrink(sequence, { findFailing, hasTime: () => rounds++ < 1 });
    expect(small.operations.length).toBeLessThan(sequence.operations.length);
    expect(has(small, "one")).toBe(true);
  });

  it("returns what it was given when nothing smaller fails", async () => {
    const sequence = { operations: noise, faults: generateFaults("noise") };
    expect(await shrink(sequence, { ...always, findFailing: async () => [] })).toEqual(sequence);
  });
});
