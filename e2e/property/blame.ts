/** What people are told of a failing sequence: what is wrong, the smallest part of it that still fails, and how to run that. */

import type { Failure } from "./batch.ts";
import { printSequence, type Sequence } from "./operation.ts";
import { shrink } from "./shrink.ts";
import type { Stage } from "./stage.ts";
import { type Trial, tryAll } from "./trials.ts";

/** Milliseconds for shrinking. */
const BUDGET = 300_000;
/** As many copies of the whole sequence are tried first. */
const COPIES = 12;

export type Failed = { name: string; sequence: Sequence; failure: Failure; forgetInventory: boolean };

export async function blame(stage: Stage, { name, sequence, failure, forgetInventory }: Failed): Promise<string> {
  const end = performance.now() + BUDGET;
  const how = { until: failure.phase, forgetInventory };
  let [found] = await tryAll(stage, [sequence], { ...how, copies: COPIES });
  const told = [`${name} fails ${printFailure(failure)}`, `PERENNIAL_PROPERTY_REPLAY=${name} runs it again.`];
  if (found === undefined) return [...told, `It did not fail again when ${COPIES} of it ran side by side.`].join("\n");
  await shrink(sequence, {
    hasTime: () => performance.now() < end,
    async findFailing(candidates) {
      const trials = await tryAll(stage, candidates, how);
      found = trials[0] ?? found;
      return trials.map((trial) => trial.sequence);
    },
  });
  return [...told, printSmallest(found, sequence)].join("\n");
}

function printSmallest({ sequence, failure }: Trial, { operations }: Sequence): string {
  const size = `${sequence.operations.length} of its ${operations.length} operations`;
  return `The smallest part found that fails (${size}), for PERENNIAL_PROPERTY_REPLAY, fails ${printFailure(failure)}\n${printSequence(sequence)}`;
}

/** Lines; the whole story is longer than anybody reads. */
const LONGEST = 60;

function printFailure({ phase, problems, timeline }: Failure): string {
  const lines = (items: readonly string[]): string => items.map((item) => `\n    ${item}`).join("");
  return `${phase}:${lines(problems)}\n  What happened to its objects:${lines(timeline.slice(-LONGEST))}`;
}
