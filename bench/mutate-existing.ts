/** What it costs to set a label on a thousand Deployments that are there already, beside the raw writer doing the same. */

import { clusterPolicy, namespace, policyStatus, storedConfigMap, waitUntil } from "../e2e/harness/index.ts";
import { asJson } from "../src/object/index.ts";
import { reflect } from "../src/watch/index.ts";
import { cpuMillisOf, difference } from "./figures.ts";
import { Stage } from "./stage.ts";
import { Table } from "./table.ts";
import { DEPLOYMENTS, inParallel } from "./workload.ts";

const COUNT = 1_000;
const PLACE = "mutated";

/** `more`: says the same at greater length. */
function policyWith(more: object = {}): object {
  return clusterPolicy("mutated", {
    name: "label",
    match: { any: [{ resources: { kinds: ["ConfigMap"], selector: { matchLabels: { mutates: "yes" } } } }] },
    mutate: {
      targets: [{ apiVersion: "apps/v1", kind: "Deployment", namespace: PLACE }],
      patchStrategicMerge: { metadata: { labels: { ours: "yes" } } },
      ...more,
    },
  });
}

export async function measureMutateExisting(stage: Stage, table: Table): Promise<void> {
  const { cluster, operator } = stage;
  await cluster.grant("mutated", [{ apiGroups: ["apps"], resources: ["deployments"] }]);
  await cluster.apply(namespace(PLACE), storedConfigMap(PLACE, "trigger", {}, { labels: { mutates: "yes" } }));
  await inParallel(
    Array.from({ length: COUNT }, (_, i) => i),
    16,
    (i) => createDeployment(stage, i),
  );
  await waitUntil("their controller has seen them", async () => {
    const found = await stage.cluster.list("deployments", PLACE);
    return found.every((deployment) => JSON.stringify(asJson(deployment).status ?? {}).includes("observedGeneration"));
  });
  const raw = await labelled(stage, "raw", async () => {
    await stage.raw.obey({ do: "labels", namespace: PLACE, count: COUNT });
  });
  const [requests, cpu] = [await stage.requestCounts(), cpuMillisOf(operator.pid)];
  const ours = await labelled(stage, "ours", () => cluster.apply(policyWith()));
  const spent = cpuMillisOf(operator.pid) - cpu;
  await inSync(stage);
  const writes = await writesSince(stage, requests);
  const before = await stage.requestCounts();
  await cluster.apply(policyWith({ mutateExistingOnPolicyUpdate: true }));
  await inSync(stage);
  const again = await writesSince(stage, before);
  const ratio = ours.perSecond / raw.perSecond;
  table.tell(`raw writer, labels on ${COUNT} Deployments, writes/s`, raw.perSecond.toFixed(0));
  table.tell("operator by a mutate rule, writes/s", ours.perSecond.toFixed(0));
  table.judge("operator / raw writer", ratio.toFixed(2), { asked: "at least 0.7", kept: ratio >= 0.7 });
  table.tell("from the policy to the last label, ms", ours.millis.toFixed(0));
  table.tell("operator's CPU per label, ms", (spent / COUNT).toFixed(2));
  table.judge("writes for it", String(writes), { asked: String(COUNT), kept: writes === COUNT });
  table.judge("writes when the policy is applied again", String(again), { asked: "0", kept: again === 0 });
}

async function createDeployment({ client }: Stage, i: number): Promise<void> {
  const labels = { app: `d-${i}` };
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "nginx" }] } };
  const body = {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: `d-${i}`, namespace: PLACE } },
    spec: { replicas: 0, paused: true, selector: { matchLabels: labels }, template },
  };
  const answer = await client.send({ method: "POST", path: `/apis/apps/v1/namespaces/${PLACE}/deployments`, body });
  if (!answer.ok) throw new Error(`d-${i}: ${answer.failure.message}`);
}

/** As a watch of the bench's own sees it, from the first label to the last. */
async function labelled({ client }: Stage, label: string, act: () => Promise<void>) {
  const seen = new Map<string, number>();
  const start = performance.now();
  const watched = reflect(client, { resource: DEPLOYMENTS, labelSelector: label }).subscribe((signal) => {
    if (signal.type !== "changed") return;
    const { name } = signal.object.metadata;
    if (!seen.has(name)) seen.set(name, performance.now());
  });
  await act();
  await waitUntil(`${COUNT} Deployments carry ${label}`, async () => seen.size === COUNT);
  watched.unsubscribe();
  const [first, last] = [Math.min(...seen.values()), Math.max(...seen.values())];
  return { perSecond: ((COUNT - 1) * 1_000) / (last - first), millis: last - start };
}

async function inSync({ cluster }: Stage): Promise<void> {
  await waitUntil("the policy is in sync", async () => {
    const policy = await cluster.get("clusterpolicies", "", "mutated");
    const { observedGeneration, summary } = await policyStatus(cluster, "mutated");
    return observedGeneration === policy?.metadata.generation && summary?.ratio === `${COUNT}/${COUNT}`;
  });
}

/** Without those of the control plane, which writes statuses. */
async function writesSince(stage: Stage, before: Awaited<ReturnType<Stage["requestCounts"]>>): Promise<number> {
  const counted = difference(before, await stage.requestCounts());
  return (counted.get("APPLY deployments") ?? 0) + (counted.get("PATCH deployments") ?? 0);
}

if (process.argv[1] === import.meta.filename) {
  await using stage = await Stage.set();
  await measureMutateExisting(stage, new Table());
}
