/** What the operator says of itself when a wait for it was in vain, for people. */

import type { PolicyStatus } from "../../src/policy/index.ts";
import { type Seen, takeSnapshot } from "./snapshot.ts";
import type { Stage } from "./stage.ts";

const LINES = 30;

export async function readCondition(stage: Stage): Promise<string> {
  const snapshot = await takeSnapshot(stage.api).catch(() => new Map<string, Seen[]>());
  const waiting = [...snapshot].flatMap(([lane, seen]) => seen.flatMap((each) => whyNotReady(lane, each)));
  const log = stage.log().filter(({ level }) => level >= 30);
  const told = log.slice(-LINES).map(({ time, msg, ...more }) => `${time} ${msg} ${JSON.stringify(more)}`);
  return ["Policies that are not ready:", ...waiting, "What the operator told last:", ...told].join("\n  ");
}

function whyNotReady(lane: string, { place, object }: Seen): string[] {
  if (place.kind !== "ClusterPolicy" && place.kind !== "Policy") return [];
  const { conditions = [] } = (object.status ?? {}) as PolicyStatus; // written by the operator
  const ready = conditions.find(({ type }) => type === "Ready");
  return ready?.status === "True" ? [] : [`${lane} ${place.kind} ${place.name}: ${ready?.message ?? "no status"}`];
}
