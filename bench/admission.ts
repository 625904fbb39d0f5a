/** What a mutate rule costs those who write: beside the bare API server, and beside one that calls a webhook that does nothing. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, startCluster, startOperator, waitForCondition, webhookFlags } from "../e2e/harness/index.ts";
import { type ClusterClient, connectCluster, loadCredentials } from "../src/cluster/index.ts";
import { percentile } from "./figures.ts";
import { Table } from "./table.ts";

const RATE = 50;
const SECONDS = 10;
const IN_FLIGHT = 32;
const CREATES = 3_000;
/** Before them; what answers is compiled while it runs, for longer than one round takes. */
const WARM_UPS = 3;
const OTHER_POLICIES = 49;

/** Namespaces that are asked about by nobody, by the webhook that does nothing, and by the operator. */
const [BARE, IDLE, OURS] = ["bare", "idle", "ours"] as const;

export async function measureAdmission(table: Table): Promise<void> {
  await using cluster = await startCluster({ audit: false });
  await using _operator = await startOperator(cluster, { flags: await webhookFlags() });
  const client = connectCluster(await loadCredentials(cluster.plane.kubeconfig));
  const idle = await startIdle(cluster);
  try {
    for (const name of [BARE, IDLE, OURS]) await cluster.kubectl("create", "namespace", name);
    await servePolicies(cluster, [policy("bench", "*")]);
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++)
      for (const name of [BARE, IDLE, OURS]) await createMany(client, name);
    const one = await measure(client, table);
    await servePolicies(
      cluster,
      Array.from({ length: OTHER_POLICIES }, (_, i) => policy(`other-${i}`, `other-${i}-*`)),
    );
    const fifty = await timed(client, OURS);
    const ratio = percentile(fifty, 50) / one;
    table.tell("a create with 50 policies, p50 and p99, ms", print(fifty));
    table.judge("  in creates with one, p50", ratio.toFixed(2), { asked: "at most 1.3", kept: ratio <= 1.3 });
  } finally {
    await client.close();
    idle.stdin?.end();
  }
}

/** The median of a create that a rule changes, in milliseconds. */
async function measure(client: ClusterClient, table: Table): Promise<number> {
  const times = { [BARE]: [] as number[], [IDLE]: [] as number[], [OURS]: [] as number[] };
  const rates = { [BARE]: [] as number[], [IDLE]: [] as number[], [OURS]: [] as number[] };
  for (let round = 0; round < 3; round++) {
    // in turn, so that all meet the same weather
    for (const where of [BARE, IDLE, OURS] as const) {
      times[where].push(...(await timed(client, where)));
      rates[where].push(await createMany(client, where));
    }
  }
  table.tell(`a create at ${RATE} a second, p50 and p99, ms`, print(times[BARE]));
  table.tell("  with a webhook that does nothing", print(times[IDLE]));
  table.tell("  with a mutate rule", print(times[OURS]));
  for (const [percent, most] of [
    [50, 3],
    [99, 15],
  ] as const) {
    const added = percentile(times[OURS], percent) - percentile(times[BARE], percent);
    table.judge(`  added, p${percent}, ms`, added.toFixed(1), { asked: `at most ${most}`, kept: added <= most });
  }
  const [bare, idle, ours] = [BARE, IDLE, OURS].map((where) => percentile(rates[where], 50)) as [
    number,
    number,
    number,
  ];
  table.tell(
    `creates a second, ${IN_FLIGHT} in flight: bare, idle webhook, mutate rule`,
    [bare, idle, ours].map(Math.round).join(", "),
  );
  table.judge("  mutate rule / idle webhook", (ours / idle).toFixed(2), {
    asked: "at least 0.8",
    kept: ours / idle >= 0.8,
  });
  return percentile(times[OURS], 50);
}

function print(times: readonly number[]): string {
  return `${percentile(times, 50).toFixed(1)}, ${percentile(times, 99).toFixed(1)}`;
}

let made = 0;

async function create(client: ClusterClient, namespace: string): Promise<number> {
  const start = performance.now();
  const metadata = { name: `m-${made++}`, namespace };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "1" } };
  const answer = await client.send({ method: "POST", path: `/api/v1/namespaces/${namespace}/configmaps`, body });
  if (!answer.ok) throw new Error(answer.failure.message);
  return performance.now() - start;
}

/** Milliseconds of each create, begun at the rate whatever became of those before. */
async function timed(client: ClusterClient, namespace: string): Promise<number[]> {
  const start = performance.now();
  const asked: Promise<number>[] = [];
  for (let i = 0; i < RATE * SECONDS; i++) {
    await delay(Math.max(0, start + (i * 1_000) / RATE - performance.now()));
    asked.push(create(client, namespace));
  }
  return Promise.all(asked);
}

/** Creates a second, so many in flight. */
async function createMany(client: ClusterClient, namespace: string): Promise<number> {
  const start = performance.now();
  let left = CREATES;
  const work = async (): Promise<void> => {
    while (left-- > 0) await create(client, namespace);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return (CREATES * 1_000) / (performance.now() - start);
}

function policy(name: string, names: string): { metadata: { name: string }; spec: object } {
  const resources = { kinds: ["ConfigMap"], names: [names], namespaces: [OURS], operations: ["CREATE"] };
  const mutate = { patchStrategicMerge: { metadata: { labels: { "+(tier)": "{{ request.namespace }}" } } } };
  return {
    ...{ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name } },
    spec: { rules: [{ name: "label", match: { any: [{ resources }] }, mutate }] },
  };
}

async function servePolicies(cluster: Cluster, policies: readonly { metadata: { name: string } }[]): Promise<void> {
  await cluster.apply(...policies);
  for (const { metadata } of policies)
    await waitForCondition(cluster, metadata.name, { type: "Ready", status: "True" });
}

async function startIdle(cluster: Cluster): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "idle-webhook.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { url, authority } = JSON.parse(String(line)) as { url: string; authority: string }; // what idle-webhook.ts prints
  const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] };
  const matchLabels = { "kubernetes.io/metadata.name": IDLE };
  await cluster.apply({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "idle" },
    webhooks: [
      {
        ...{ name: "idle.example.com", rules: [rule], sideEffects: "None", admissionReviewVersions: ["v1"] },
        ...{ reinvocationPolicy: "IfNeeded", namespaceSelector: { matchLabels } },
        clientConfig: { url, caBundle: Buffer.from(authority).toString("base64") },
      },
    ],
  });
  return child;
}

if (import.meta.main) {
  const table = new Table();
  await measureAdmission(table);
  process.exitCode = table.missed > 0 ? 1 : 0;
}
