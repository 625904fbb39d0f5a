/** Waits until all lanes are as they should be and stay so, or for as long as anything could take that still has to happen. */

import { waitUntil } from "../harness/index.ts";
import { readCondition } from "./condition.ts";
import { awaitGoing } from "./going.ts";
import { judgeLane } from "./judge.ts";
import type { Lane } from "./lane.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import type { Stage } from "./stage.ts";

/** What is not as it should be, by lane. Lanes that are fine are not in it. */
export type Problems = ReadonlyMap<string, readonly string[]>;

export type Rest = { snapshot: Snapshot; problems: Problems };

export async function comeToRest(stage: Stage, lanes: readonly Lane[], patience: number): Promise<Rest> {
  try {
    await stage.ready();
    await stage.sentinel.delaysPass();
    await awaitGoing(stage, lanes);
    return await watchRest(stage, lanes, patience);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}\n${await readCondition(stage)}`, { cause: error });
  }
}

async function watchRest(stage: Stage, lanes: readonly Lane[], patience: number): Promise<Rest> {
  const end = performance.now() + patience;
  let before: Snapshot | undefined;
  for (;;) {
    await stage.sentinel.passes();
    await waitUntil("nothing waits in the operator", () => stage.isIdle());
    const snapshot = await takeSnapshot(stage.api);
    const problems = judge(lanes, snapshot);
    if (problems.size === 0 && before !== undefined && isSame(lanes, before, snapshot)) return { snapshot, problems };
    if (performance.now() > end) return { snapshot, problems: problems.size > 0 ? problems : unrest(lanes) };
    before = snapshot;
  }
}

export function judge(lanes: readonly Lane[], snapshot: Snapshot): Problems {
  const found = lanes.map(({ name, memory }) => [name, judgeLane(snapshot.get(name) ?? [], memory)] as const);
  return new Map(found.filter(([, problems]) => problems.length > 0));
}

function isSame(lanes: readonly Lane[], before: Snapshot, after: Snapshot): boolean {
  const versions = (snapshot: Snapshot): string =>
    JSON.stringify(lanes.map(({ name }) => snapshot.get(name)?.map(({ object }) => object.metadata.resourceVersion)));
  return versions(before) === versions(after);
}

function unrest(lanes: readonly Lane[]): Problems {
  return new Map(
    lanes.map(({ name }) => [name, ["something is still being written, although all is as it should be"]]),
  );
}
