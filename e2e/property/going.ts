/** Namespaces that go: how long that may take is not the operator's to say, as long as it puts nothing into them. */

import { isBeingDeleted } from "../../src/object/index.ts";
import { waitUntil } from "../harness/index.ts";
import type { Lane } from "./lane.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { Stage } from "./stage.ts";

/** Milliseconds. Its controller waits five seconds, and ever longer after errors, such as those of a server that is away. */
export const GOING = 180_000;

/** Returns when all are gone, or could have been: what is there then is judged. */
export async function awaitGoing({ api }: Stage, lanes: readonly Lane[]): Promise<void> {
  const areGone = async (): Promise<boolean> => {
    const snapshot = await takeSnapshot(api);
    const seen = lanes.flatMap(({ name }) => snapshot.get(name) ?? []);
    return !seen.some(({ place, object }) => place.kind === "Namespace" && isBeingDeleted(object));
  };
  await waitUntil("namespaces that go are gone", areGone, { deadline: GOING, interval: 1_000 }).catch(() => undefined);
}
