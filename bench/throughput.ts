/** Many namespaces at once: the operator and the raw writer in turn, round by round. */

import { setTimeout as delay } from "node:timers/promises";
import { cpuMillisOf, difference, type RequestCounts, spreadOf } from "./figures.ts";
import type { Stage } from "./stage.ts";
import { print, type Table } from "./table.ts";
import { inParallel, TARGET_KINDS } from "./workload.ts";

export type Burst = { rounds: number; namespaces: number };

/** Namespaces created side by side. */
export const WIDTH = 16;

export async function measureThroughput(stage: Stage, table: Table, { rounds, namespaces }: Burst): Promise<void> {
  await rawRound(stage, "warm-raw", namespaces);
  await operatorRound(stage, "warm-operator", namespaces);
  const raw: Round[] = [];
  const ours: (Round & { requests: RequestCounts })[] = [];
  for (let round = 0; round < rounds; round++) {
    raw.push(await rawRound(stage, `raw-${round}`, namespaces));
    ours.push(await operatorRound(stage, `operator-${round}`, namespaces));
  }
  const ratio = spreadOf(ours.map(({ perSecond }, i) => perSecond / (raw[i]?.perSecond ?? Number.NaN)));
  const cpu = spreadOf(ours.map(({ cpuPerTarget }) => cpuPerTarget));
  table.tell("raw writer, targets/s", print(spreadOf(raw.map(({ perSecond }) => perSecond)), 0));
  table.tell("operator, targets/s", print(spreadOf(ours.map(({ perSecond }) => perSecond)), 0));
  table.judge("operator / raw writer", print(ratio, 2), { asked: "at least 0.8", kept: ratio.median >= 0.8 });
  table.tell("raw writer's CPU per target, ms", print(spreadOf(raw.map(({ cpuPerTarget }) => cpuPerTarget)), 2));
  table.judge("operator's CPU per target, ms", print(cpu, 2), { asked: "at most 1.5", kept: cpu.median <= 1.5 });
  table.tell("API server's CPU per target, raw writer, ms", print(spreadOf(raw.map(({ serverCpu }) => serverCpu)), 2));
  table.tell("API server's CPU per target, operator, ms", print(spreadOf(ours.map(({ serverCpu }) => serverCpu)), 2));
  for (const { requests } of ours.slice(-1)) judgeRequests(requests, table, namespaces);
}

/** The raw writer that leaves field validation out too, and the operator beside it; after all else, as its namespaces are many. */
export async function tellLeanWriter(stage: Stage, table: Table, { rounds, namespaces }: Burst): Promise<void> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const lean = await rawRound(stage, `lean-${round}`, namespaces, false);
    const ours = await operatorRound(stage, `beside-lean-${round}`, namespaces);
    ratios.push(ours.perSecond / lean.perSecond);
  }
  table.tell("operator / raw writer without field validation either", print(spreadOf(ratios), 2));
}

type Round = { perSecond: number; cpuPerTarget: number; serverCpu: number };

async function rawRound(stage: Stage, prefix: string, namespaces: number, validates = true): Promise<Round> {
  const names = namesOf(prefix, namespaces);
  let writerCpu = 0;
  const round = await timed(stage, namespaces, async () => {
    const [end, { cpuMillis }] = await Promise.all([
      stage.rawTargets.allComplete(names),
      stage.raw.obey({ do: "burst", prefix, namespaces, width: WIDTH, validates }),
    ]);
    writerCpu = cpuMillis;
    return end;
  });
  return { ...round, cpuPerTarget: writerCpu / (namespaces * TARGET_KINDS.length) };
}

async function operatorRound(
  stage: Stage,
  prefix: string,
  namespaces: number,
): Promise<Round & { requests: RequestCounts }> {
  const names = namesOf(prefix, namespaces);
  const requests = await stage.requestCounts();
  const cpu = cpuMillisOf(stage.operator.pid);
  const round = await timed(stage, namespaces, async () => {
    const [end] = await Promise.all([
      stage.targets.allComplete(names),
      inParallel(names, WIDTH, async (name) => void (await stage.createServed(name))),
    ]);
    return end;
  });
  const cpuPerTarget = (cpuMillisOf(stage.operator.pid) - cpu) / (namespaces * TARGET_KINDS.length);
  return { ...round, cpuPerTarget, requests: difference(requests, await stage.requestCounts()) };
}

/** From the first request to the last target that the bench's watch shows; then the status has time to be written. */
async function timed(
  { cluster }: Stage,
  namespaces: number,
  round: () => Promise<number>,
): Promise<Pick<Round, "perSecond" | "serverCpu">> {
  const { apiServer } = cluster.plane.pids();
  const targets = namespaces * TARGET_KINDS.length;
  const cpu = cpuMillisOf(apiServer);
  const start = performance.now();
  const end = await round();
  const serverCpu = (cpuMillisOf(apiServer) - cpu) / targets;
  await delay(2_000);
  return { perSecond: (targets * 1000) / (end - start), serverCpu };
}

function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
}

/** Without POST: the controllers create a ConfigMap in each namespace that way, and the operator never does. */
function judgeRequests(requests: RequestCounts, table: Table, namespaces: number): void {
  const plurals = new Set(TARGET_KINDS.map(({ resource }) => resource.plural));
  const ofTargets = [...requests].filter(([key]) => plurals.has(key.split(" ")[1] ?? ""));
  const count = (verbs: RegExp): number =>
    ofTargets.filter(([key]) => verbs.test(key)).reduce((sum, [, requests]) => sum + requests, 0);
  const writes = count(/^(APPLY|PATCH|DELETE) /);
  const reads = count(/^(GET|LIST) /);
  const targets = namespaces * TARGET_KINDS.length;
  table.judge("writes per target on creation", (writes / targets).toFixed(3), { asked: "1", kept: writes === targets });
  table.judge("reads of targets on creation", String(reads), { asked: "0", kept: reads === 0 });
}
