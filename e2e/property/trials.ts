/** Runs candidates again, each several times side by side: what fails may fail only sometimes. */

import { type BatchOptions, type Failure, type Phase, runBatch } from "./batch.ts";
import type { Sequence } from "./operation.ts";
import type { Stage } from "./stage.ts";

const COPIES = 3;
const LANES = 48;
/** Milliseconds: shorter than in the run that failed, as each round of shrinking takes it. */
const PATIENCE = 20_000;

export type TrialOptions = Pick<BatchOptions, "forgetInventory"> & {
  /** Later phases are left out. */
  until: Phase;
  /** How many of each run side by side. */
  copies?: number;
};

export type Trial = { sequence: Sequence; failure: Failure };

/** Those that fail, each with its failure, in the order of the candidates. */
export async function tryAll(
  stage: Stage,
  candidates: readonly Sequence[],
  { copies = COPIES, ...how }: TrialOptions,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const same of Map.groupBy(candidates, ({ faults }) => JSON.stringify(faults)).values())
    for (let i = 0; i < same.length; i += LANES / COPIES)
      trials.push(...(await tryTogether(stage, same.slice(i, i + LANES / COPIES), { ...how, copies })));
  return trials;
}

/** They share their faults. */
async function tryTogether(
  stage: Stage,
  candidates: readonly Sequence[],
  { copies, until, forgetInventory }: Required<TrialOptions>,
): Promise<Trial[]> {
  const repeated = candidates.flatMap((sequence) => Array.from({ length: copies }, () => sequence));
  const failures = await runBatch(stage, {
    sequences: repeated.map(({ operations }) => operations),
    faults: candidates[0]?.faults ?? [],
    patience: PATIENCE,
    ...{ until, forgetInventory },
  });
  return candidates.flatMap((sequence, i) => {
    const failure = Array.from({ length: copies }, (_, j) => failures.get(i * copies + j)).find(Boolean);
    return failure === undefined ? [] : [{ sequence, failure }];
  });
}
