/** Runs the sequences of a batch side by side, and the faults of the batch at their moments. */

import { waitUntil } from "../harness/index.ts";
import { execute } from "./execute.ts";
import { commit } from "./faults.ts";
import { judgeLane } from "./judge.ts";
import type { Lane } from "./lane.ts";
import type { Fault, Operation } from "./operation.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import type { Stage } from "./stage.ts";

export type Track = { lane: Lane; operations: readonly Operation[] };

export async function runTracks(stage: Stage, tracks: readonly Track[], faults: readonly Fault[]): Promise<void> {
  await Promise.all(tracks.map(({ lane }) => lane.prepare()));
  const progress = new Progress(tracks.reduce((sum, { operations }) => sum + operations.length, 0));
  const look = sharedLook(() => takeSnapshot(stage.api));
  const run = async ({ lane, operations }: Track): Promise<void> => {
    for (const operation of operations) {
      await execute(lane, operation, () => settle(lane, look));
      progress.step();
    }
  };
  const befall = async (): Promise<void> => {
    for (const fault of faults) {
      await progress.reaches(fault.after);
      await commit(fault, stage);
    }
  };
  await Promise.all([befall(), ...tracks.map(run)]);
}

/** Milliseconds. While the operator is away nothing settles. */
const SETTLE = 4_000;

async function settle({ name, memory }: Lane, look: () => Promise<Snapshot>): Promise<void> {
  const isSettled = async (): Promise<boolean> => judgeLane((await look()).get(name) ?? [], memory).length === 0;
  await waitUntil(`${name} is settled`, isSettled, { deadline: SETTLE, interval: 100 }).catch(() => {}); // or not: it goes on
}

/** Whoever asks before the next look begins gets that one: many lanes wait at the same time. */
function sharedLook(look: () => Promise<Snapshot>): () => Promise<Snapshot> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<Snapshot> | undefined;
  return () => {
    next ??= running
      .catch(() => {}) // told to those who waited for it
      .then(() => {
        running = next ?? Promise.resolve();
        next = undefined;
        return look();
      });
    return next;
  };
}

/** How much of all operations is done, for those who wait for a share of it. */
class Progress {
  readonly #total: number;
  readonly #waiting = new Set<{ share: number; go: () => void }>();
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  step(): void {
    this.#done += 1;
    for (const waiter of this.#waiting) {
      if (this.#done / this.#total < waiter.share) continue;
      this.#waiting.delete(waiter);
      waiter.go();
    }
  }

  reaches(share: number): Promise<void> {
    if (this.#total === 0 || this.#done / this.#total >= share) return Promise.resolve();
    return new Promise((go) => this.#waiting.add({ share, go }));
  }
}
