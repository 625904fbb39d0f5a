/** One batch: sequences side by side until they are at rest, and then the same stored state before fresh operators. */

import { whatChanged, whatDiffers } from "./compare.ts";
import { wipe } from "./fresh.ts";
import { Lane } from "./lane.ts";
import type { Fault, Operation } from "./operation.ts";
import { comeToRest, type Problems, type Rest } from "./rest.ts";
import { runTracks, type Track } from "./run.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { Stage } from "./stage.ts";
import { writtenTo } from "./steps.ts";
import { readTimelines } from "./timeline.ts";

export const PHASES = ["at rest", "after a restart", "made from nothing", "without policies"] as const;
export type Phase = (typeof PHASES)[number];

export type Failure = {
  phase: Phase;
  problems: readonly string[];
  /** What happened to the lane's objects. */
  timeline: readonly string[];
};

export type BatchOptions = {
  sequences: readonly (readonly Operation[])[];
  faults: readonly Fault[];
  /** Milliseconds that a lane which is not as it should be may take to become so. */
  patience: number;
  /** Make all from nothing without what the operator stored for itself, too. */
  forgetInventory: boolean;
  /** Later phases are left out. Default: none is. */
  until?: Phase;
};

/** What failed, by the index of the sequence. */
export async function runBatch(stage: Stage, options: BatchOptions): Promise<Map<number, Failure>> {
  const batch = new Batch(stage, options);
  await batch.run();
  return batch.failures;
}

class Batch {
  readonly failures = new Map<number, Failure>();
  readonly #stage: Stage;
  readonly #options: BatchOptions;
  readonly #tracks: readonly Track[];

  constructor(stage: Stage, options: BatchOptions) {
    this.#stage = stage;
    this.#options = options;
    this.#tracks = options.sequences.map((operations) => ({
      lane: new Lane(stage.nextLane(), stage.api),
      operations,
    }));
  }

  async run(): Promise<void> {
    const stage = this.#stage;
    const { faults, until = "without policies" } = this.#options;
    stage.forgetLog();
    await runTracks(stage, this.#tracks, faults);
    let rest = await this.#rest("at rest");
    const phases = PHASES.slice(1, PHASES.indexOf(until) + 1);
    if (phases.includes("after a restart")) rest = await this.#restart(rest);
    if (phases.includes("made from nothing")) await this.#makeFromNothing(rest);
    await this.#removePolicies();
  }

  async #restart(before: Rest): Promise<Rest> {
    const stage = this.#stage;
    await stage.stop();
    stage.forgetLog();
    await stage.start();
    const after = await this.#rest("after a restart");
    await this.#fail("after a restart", whatChanged(this.#lanes, before.snapshot, after.snapshot));
    await this.#fail("after a restart", writtenTo(this.#lanes, stage.log()));
    return after;
  }

  async #makeFromNothing(before: Rest): Promise<void> {
    const stage = this.#stage;
    const { forgetInventory } = this.#options;
    await stage.stop();
    await wipe(stage.api, before.snapshot, { lanes: this.#lanes, forgetInventory });
    stage.forgetLog();
    await stage.start();
    const after = await this.#rest("made from nothing");
    await this.#fail(
      "made from nothing",
      whatDiffers(this.#lanes, { before: before.snapshot, after: after.snapshot, forgotten: forgetInventory }),
    );
  }

  async #removePolicies(): Promise<void> {
    const snapshot = await takeSnapshot(this.#stage.api);
    const policies = this.#tracks.flatMap(({ lane }) =>
      (snapshot.get(lane.name) ?? [])
        .filter(({ place }) => place.kind === "ClusterPolicy" || place.kind === "Policy")
        .map(({ place }) => lane.remove(place)),
    );
    await Promise.all(policies);
    await this.#rest("without policies");
  }

  async #rest(phase: Phase): Promise<Rest> {
    const rest = await comeToRest(this.#stage, this.#lanes, this.#options.patience);
    await this.#fail(phase, rest.problems);
    return rest;
  }

  /** Those that have not failed yet. */
  get #lanes(): Lane[] {
    return this.#tracks.filter((_, i) => !this.failures.has(i)).map(({ lane }) => lane);
  }

  async #fail(phase: Phase, problems: Problems): Promise<void> {
    const failed = [...this.#tracks.entries()].filter(
      ([i, { lane }]) => problems.has(lane.name) && !this.failures.has(i),
    );
    const timelineOf = await readTimelines(
      this.#stage,
      failed.map(([, { lane }]) => lane),
    );
    for (const [i, { lane }] of failed)
      this.failures.set(i, { phase, problems: problems.get(lane.name) ?? [], timeline: timelineOf(lane) });
  }
}
