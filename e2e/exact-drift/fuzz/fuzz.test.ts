/**
 * Random deeds of others on targets of many kinds: whatever they do, each target becomes what a fresh object would be,
 * and the operator comes to rest. There are no exceptions: what ownership cannot show is found by its changed content.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyStatus } from "../../harness/index.ts";
import { inParallel } from "../in-parallel.ts";
import { openStage, type Stage } from "../stage.ts";
import { FUZZED, healed, policyName, printRun, type Run, runOnce, wantTargets } from "./run.ts";

const SEED = Number(process.env.PERENNIAL_FUZZ_SEED ?? Date.now() % 1_000_000_000);
const RUNS = Number(process.env.PERENNIAL_FUZZ_RUNS ?? 240);
const SEEDS = Array.from({ length: RUNS }, (_, i) => SEED + i);

const STARTING = 120_000;
/** For one target to become whole. */
const PATIENCE = 20_000;
const PLAYING = 60_000 + RUNS * 2_000;

let stage: Stage | undefined;

beforeAll(async () => {
  stage = await openStage();
  for (const kind of FUZZED) await wantTargets(stage.api, kind);
}, STARTING);

afterAll(() => stage?.close(), STARTING);

describe(`random drift, seed ${SEED}, ${RUNS} runs`, () => {
  it("is ended, whoever did what", { timeout: PLAYING }, async () => {
    if (stage === undefined) throw new Error("there is no stage");
    const { api } = stage;
    const runs = await inParallel(SEEDS, async (seed) => {
      const run = await runOnce(api, seed);
      await healed(api, run, PATIENCE);
      return run;
    });
    const isRested = await stage.comesToRest();
    expect(await failuresOf(stage, runs)).toEqual([]);
    expect(isRested, "the operator comes to rest").toBe(true);
  });

  it.each(FUZZED.map((kind) => kind.title))("leaves every %s in sync by its policy's status", async (title) => {
    const kind = FUZZED.find((candidate) => candidate.title === title);
    if (stage === undefined || kind === undefined) throw new Error("there is no stage");
    const { cluster } = stage;
    await expect
      .poll(async () => (await policyStatus(cluster, policyName(kind))).failures, { timeout: 20_000 })
      .toEqual([]);
    const { summary } = await policyStatus(cluster, policyName(kind));
    expect(summary?.inSync).toBe(summary?.desired);
  });
});

/** At rest: what is whole for a moment only is found here too. */
async function failuresOf({ api, log }: Stage, runs: readonly Run[]): Promise<string[]> {
  const failures = await inParallel(runs, async (run) => {
    const live = await healed(api, run, 0);
    return live === undefined ? [] : [printRun(run, live, log())];
  });
  return failures.flat();
}
