/**
 * Whatever is done, and whatever fails meanwhile: what is at rest depends only on what is stored.
 *
 * The seed is printed. PERENNIAL_PROPERTY_SEED, _SEQUENCES, _BATCH and _REPLAY say which sequences are run, and how many.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBatch } from "./batch.ts";
import { blame } from "./blame.ts";
import { generateOperations } from "./generate.ts";
import { type Batch, faultsOf, readSettings, sequenceName } from "./settings.ts";
import { Stage } from "./stage.ts";
import { tryAll } from "./trials.ts";

const { seed, batches, replay } = readSettings(process.env, new Date());

/** Milliseconds that a lane which is not as it should be may take to become so: claims that failed wait in between. */
const PATIENCE = 60_000;
/** A batch takes well under a minute; one that fails is shrunk. */
const TIMEOUT = 900_000;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
});

afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

async function whyBatchFails({ index, size }: Batch): Promise<string> {
  const sequences = Array.from({ length: size }, (_, i) => generateOperations(sequenceName(seed, index, i)));
  const faults = faultsOf(seed, index);
  const forgetInventory = index % 2 === 1;
  const failures = await runBatch(stage, { sequences, faults, patience: PATIENCE, forgetInventory });
  const failed = [...failures].map(([i, failure]) => ({
    name: sequenceName(seed, index, i),
    sequence: { operations: sequences[i] ?? [], faults },
    ...{ failure, forgetInventory },
  }));
  const [shortest, ...others] = failed.sort((a, b) => a.sequence.operations.length - b.sequence.operations.length);
  if (shortest === undefined) return "";
  const also = others.map(({ name, failure }) => `\n${name} fails ${failure.phase} as well: ${failure.problems[0]}`);
  return `${await blame(stage, shortest)}${also.join("")}`;
}

if (replay === undefined)
  describe(`random sequences of operations, PERENNIAL_PROPERTY_SEED=${seed}`, () => {
    it.each(batches)(
      "leave what a fresh run on the same objects makes: batch $index",
      { timeout: TIMEOUT },
      async (batch) => {
        const faults = faultsOf(seed, batch.index).map(({ what }) => what);
        console.info(`batch ${batch.index} of PERENNIAL_PROPERTY_SEED=${seed}: ${faults.join(", ")}`);
        const why = await whyBatchFails(batch);
        if (why !== "") throw new Error(why);
      },
    );
  });
else
  describe("the sequence of PERENNIAL_PROPERTY_REPLAY", () => {
    it("leaves what a fresh run on the same objects makes", { timeout: TIMEOUT }, async () => {
      const trials = await tryAll(stage, [replay], {
        ...{ until: "without policies", forgetInventory: false, copies: 12 },
      });
      expect(trials.map(({ failure }) => failure)).toEqual([]);
    });
  });
