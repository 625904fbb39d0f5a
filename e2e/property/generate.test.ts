/** What seeds give. */

import { describe, expect, it } from "vitest";
import { generateFaults, generateOperations } from "./generate.ts";
import { wantsOf } from "./model.ts";
import { EDITS, FAULTS, type Operation } from "./operation.ts";
import { NOTHING, simulate } from "./simulate.ts";

const SEEDS = Array.from({ length: 400 }, (_, i) => `seed ${i}`);
const SEQUENCES = SEEDS.map(generateOperations);

describe("a seed", () => {
  it("gives the same sequence each time, and another one than other seeds", () => {
    expect(SEEDS.map(generateOperations)).toEqual(SEQUENCES);
    expect(new Set(SEQUENCES.map((sequence) => JSON.stringify(sequence))).size).toBe(SEEDS.length);
  });

  it("gives every operation, every edit and every fault in the long run", () => {
    const operations = SEQUENCES.flat();
    const kinds: { [does in Operation["do"]]: true } = {
      "put trigger": true,
      "delete trigger": true,
      "replace trigger": true,
      "put policy": true,
      "delete policy": true,
      "replace policy": true,
      "put source": true,
      "delete source": true,
      "edit target": true,
      "put foreign": true,
      settle: true,
    };
    expect(new Set(operations.map((operation) => operation.do))).toEqual(new Set(Object.keys(kinds)));
    const edits = operations.flatMap((operation) => (operation.do === "edit target" ? [operation.how] : []));
    expect(new Set(edits)).toEqual(new Set(EDITS));
    expect(new Set(SEEDS.flatMap(generateFaults).map(({ what }) => what))).toEqual(new Set(FAULTS));
  });

  it("mostly gives a sequence at whose end something is to be generated", () => {
    const wanted = SEQUENCES.map((operations) => wantsOf(operations.reduce(simulate, NOTHING)).length);
    expect(wanted.filter((count) => count > 0).length).toBeGreaterThan(SEEDS.length / 2);
  });

  it("gives names that no two lanes share", () => {
    for (const operation of SEQUENCES.flat()) {
      const { namespace, name } = placeOf(operation) ?? { namespace: "@-", name: "" };
      expect(`${namespace}/${name}`).toContain("@-");
    }
  });
});

function placeOf(operation: Operation): { namespace: string; name: string } | undefined {
  if ("place" in operation) return operation.place;
  return "trigger" in operation ? operation.trigger.place : undefined;
}
