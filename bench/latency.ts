/** How long one thing takes on a quiet cluster: a namespace alone, and each kind of drift; in raw writes. */

import { setTimeout as delay } from "node:timers/promises";
import { deleteObject, readObject } from "../src/cluster/index.ts";
import type { Json, KubernetesObject, ObjectRef } from "../src/object/index.ts";
import { spreadOf } from "./figures.ts";
import type { Stage } from "./stage.ts";
import { print, type Table } from "./table.ts";
import { TARGET_KINDS } from "./workload.ts";

export async function measureLatency(stage: Stage, table: Table, trials: number): Promise<void> {
  await stage.createSettled("raw-writes");
  const rawWrites: number[] = [];
  const measured: { what: string; times: number[] }[] = [];
  const blocks = [
    { what: "one namespace alone, to its fifth target", trial: (i: number) => aloneTrial(stage, i) },
    ...drifts(stage).map((drift) => ({ what: drift.name, trial: (i: number) => driftTrial(stage, drift, i) })),
  ];
  const rawAlone: number[] = [];
  for (const { what, trial } of blocks) {
    const times: number[] = [];
    for (let i = 0; i < trials; i++) {
      times.push(await trial(i));
      // in turn, so that both meet the same weather; with a pause, so that each begins on a quiet cluster
      await delay(50);
      const namespace = "raw-writes";
      rawWrites.push(...(await stage.raw.obey({ do: "writes", namespace, ofEach: 1 })).times);
      await delay(50);
      if (blocks[0]?.what === what) rawAlone.push(await rawAloneTrial(stage, i));
    }
    measured.push({ what, times });
  }
  const rawWrite = spreadOf(rawWrites);
  table.tell("one raw write, ms", print(rawWrite, 1));
  for (const { what, times } of measured) {
    const spread = spreadOf(times);
    table.tell(`${what}, ms`, print(spread, 1));
    const inRawWrites = spread.median / rawWrite.median;
    table.judge("  in raw writes", inRawWrites.toFixed(2), { asked: "at most 3", kept: inRawWrites <= 3 });
    if (what !== blocks[0]?.what) continue;
    const floor = spreadOf(rawAlone);
    table.tell("  the raw writer's own: one namespace, its five at once, ms", print(floor, 1));
    table.tell("  in raw writes", (floor.median / rawWrite.median).toFixed(2));
  }
}

async function aloneTrial(stage: Stage, i: number): Promise<number> {
  const name = `alone-${i}`;
  const complete = stage.targets.allComplete([name]);
  const answered = await stage.createServed(name);
  const end = await complete;
  await delay(50);
  return Math.max(0, end - answered);
}

async function rawAloneTrial(stage: Stage, i: number): Promise<number> {
  const namespace = `raw-alone-${i}`;
  const complete = stage.rawTargets.allComplete([namespace]);
  const [end, { at }] = await Promise.all([complete, stage.raw.obey({ do: "alone", namespace })]);
  await delay(50);
  return Math.max(0, performance.timeOrigin + end - at);
}

type DriftKind = {
  name: string;
  act(namespace: string): Promise<void>;
  /** Of an object that the watch shows after the act. */
  isRepaired(object: KubernetesObject): boolean;
  /** True: whatever is seen first was repaired, because the drift itself shows no object. */
  isRemoval: boolean;
};

function drifts(stage: Stage): DriftKind[] {
  return [
    {
      name: "a quota edited, to the repair",
      act: (namespace) =>
        merge(stage, "/api/v1", `${namespace}/resourcequotas/compute`, { spec: { hard: { pods: "99" } } }),
      isRepaired: ({ kind, spec }) => kind === "ResourceQuota" && JSON.stringify(spec).includes('"pods":"50"'),
      isRemoval: false,
    },
    {
      name: "a NetworkPolicy deleted, to the repair",
      act: (namespace) => removePolicy(stage, namespace),
      isRepaired: ({ kind }) => kind === "NetworkPolicy",
      isRemoval: true,
    },
    {
      name: "egress added to a NetworkPolicy, to the repair",
      act: (namespace) =>
        merge(stage, "/apis/networking.k8s.io/v1", `${namespace}/networkpolicies/default-deny`, {
          spec: { egress: [{}] },
        }),
      isRepaired: ({ kind, spec }) => kind === "NetworkPolicy" && !JSON.stringify(spec).includes('"egress"'),
      isRemoval: false,
    },
  ];
}

async function driftTrial(stage: Stage, { name, act, isRepaired, isRemoval }: DriftKind, i: number): Promise<number> {
  const namespace = `alone-${i}`;
  let drifted = isRemoval;
  const repair = stage.targets.next((object) => {
    if (object.metadata.namespace !== namespace) return false;
    if (drifted) return isRepaired(object);
    drifted = !isRepaired(object);
    return false;
  });
  await act(namespace);
  const answered = performance.now();
  const seen = await Promise.race([repair, delay(20_000).then(() => undefined)]);
  if (seen === undefined) throw new Error(`${name}: nothing in ${namespace} within 20 s`);
  return Math.max(0, seen - answered);
}

async function removePolicy({ client }: Stage, namespace: string): Promise<void> {
  const [kind] = TARGET_KINDS;
  if (kind === undefined) throw new Error("there are no kinds");
  const ref: ObjectRef = { group: kind.resource.group, kind: "NetworkPolicy", namespace, name: kind.name };
  const live = await readObject(client, kind.resource, ref);
  if (!live.ok) throw new Error(live.failure.message);
  const answer = await deleteObject(client, kind.resource, ref, live.object.metadata.uid ?? "");
  if (!answer.ok) throw new Error(answer.failure.message);
}

async function merge({ client }: Stage, api: string, object: string, body: Json): Promise<void> {
  const answer = await client.send({
    method: "PATCH",
    path: `${api}/namespaces/${object}`,
    query: { fieldManager: "bench" },
    contentType: "application/merge-patch+json",
    body,
  });
  if (!answer.ok) throw new Error(answer.failure.message);
}
