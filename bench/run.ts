/** The bench: the operator beside the raw writer, in turn, on one control plane. */

import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import {
  type Cluster,
  type OperatorProcess,
  ROOT,
  startCluster,
  startOperator,
  waitForCondition,
} from "../e2e/harness/index.ts";
import { applyObject, connectCluster, deleteObject, loadCredentials, readObject } from "../src/cluster/index.ts";
import type { KubernetesObject, ObjectRef } from "../src/object/index.ts";
import {
  cpuMillisOf,
  difference,
  memoryOf,
  parseRequestCounts,
  type RequestCounts,
  type Spread,
  spreadOf,
} from "./figures.ts";
import { WatchedTargets } from "./watched-targets.ts";
import { benchPolicy, createNamespace, inParallel, TARGET_KINDS } from "./workload.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    namespaces: { type: "string", default: "200" },
    trials: { type: "string", default: "40" },
    rest: { type: "string", default: "60" },
  },
});
const ROUNDS = Number(values.rounds);
const NAMESPACES = Number(values.namespaces);
const TRIALS = Number(values.trials);
const REST_SECONDS = Number(values.rest);
const LABEL = "bench";
const AT_ONCE = 16;

type Row = { what: string; measured: string; asked: string; kept: boolean | undefined };

const run = promisify(execFile);
const rows: Row[] = [];

await using cluster: Cluster = await startCluster({ audit: false });
await cluster.apply(benchPolicy(LABEL));
await using operator: OperatorProcess = await startOperator(cluster);
await waitForCondition(cluster, "bench", { type: "Ready", status: "True" });
const client = connectCluster(await loadCredentials(cluster.plane.kubeconfig));
const watched = new WatchedTargets(client);

await rawRound("warm-raw");
await operatorRound("warm-operator");
await measureThroughput();
const rawWrite = await measureRawWrite();
await measureOneNamespace(rawWrite);
await measureDrift(rawWrite);
await measureRest();
measureMemory();
watched.stop();
await client.close();
finish();

async function rawRound(prefix: string): Promise<{ perSecond: number; cpuPerTarget: number }> {
  const args = [join(import.meta.dirname, "raw-writer.ts"), cluster.plane.kubeconfig, prefix, String(NAMESPACES)];
  const { stdout } = await run(process.execPath, args);
  const { seconds, cpuMillis } = JSON.parse(stdout) as { seconds: number; cpuMillis: number }; // what raw-writer.ts prints
  const targets = NAMESPACES * TARGET_KINDS.length;
  return { perSecond: targets / seconds, cpuPerTarget: cpuMillis / targets };
}

async function operatorRound(
  prefix: string,
): Promise<{ perSecond: number; cpuPerTarget: number; requests: RequestCounts }> {
  const names = Array.from({ length: NAMESPACES }, (_, i) => `${prefix}-${i}`);
  const before = { cpu: cpuMillisOf(operator.pid), requests: await requestCounts() };
  const start = performance.now();
  const [end] = await Promise.all([
    watched.allComplete(names),
    inParallel(names, AT_ONCE, (name) => createNamespace(client, name, { [LABEL]: "yes" })),
  ]);
  const targets = NAMESPACES * TARGET_KINDS.length;
  const cpuPerTarget = (cpuMillisOf(operator.pid) - before.cpu) / targets;
  await delay(2_000); // the status is written within a second
  return {
    perSecond: (targets * 1000) / (end - start),
    cpuPerTarget,
    requests: difference(before.requests, await requestCounts()),
  };
}

async function measureThroughput(): Promise<void> {
  const raw: number[] = [];
  const ours: number[] = [];
  const cpu: number[] = [];
  let requests: RequestCounts = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    raw.push((await rawRound(`raw-${round}`)).perSecond);
    const result = await operatorRound(`operator-${round}`);
    ours.push(result.perSecond);
    cpu.push(result.cpuPerTarget);
    requests = result.requests;
  }
  const ratios = ours.map((value, i) => value / (raw[i] ?? Number.NaN));
  const ratio = spreadOf(ratios);
  row("raw writer, targets/s", print(spreadOf(raw), 0));
  row("operator, targets/s", print(spreadOf(ours), 0));
  row("operator / raw writer", print(ratio, 2), "at least 0.8", ratio.median >= 0.8);
  const perTarget = spreadOf(cpu);
  row("operator's CPU per target, ms", print(perTarget, 2), "at most 1.5", perTarget.median <= 1.5);
  judgeRequests(requests);
}

/** Without POST: the controllers create a ConfigMap in each namespace that way, and the operator never does. */
function judgeRequests(requests: RequestCounts): void {
  const plurals = new Set(TARGET_KINDS.map(({ resource }) => resource.plural));
  const ofTargets = [...requests].filter(([key]) => plurals.has(key.split(" ")[1] ?? ""));
  const writes = ofTargets
    .filter(([key]) => /^(APPLY|PATCH|DELETE) /.test(key))
    .reduce((sum, [, count]) => sum + count, 0);
  const reads = ofTargets.filter(([key]) => /^(GET|LIST) /.test(key)).reduce((sum, [, count]) => sum + count, 0);
  const targets = NAMESPACES * TARGET_KINDS.length;
  row("writes per target on creation", (writes / targets).toFixed(3), "1", writes === targets);
  row("reads of targets on creation", String(reads), "0", reads === 0);
}

/** One server-side apply into a settled namespace, one at a time. */
async function measureRawWrite(): Promise<number> {
  await createNamespace(client, "raw-write", {});
  await delay(1_000);
  const kind = TARGET_KINDS[4] ?? TARGET_KINDS[0];
  if (kind === undefined) throw new Error("there are no kinds");
  const times: number[] = [];
  for (let i = 0; i < TRIALS * 5; i++) {
    const object: KubernetesObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `write-${i}`, namespace: "raw-write" },
      ...kind.content,
    };
    const start = performance.now();
    const answer = await applyObject(client, kind.resource, object);
    if (!answer.ok) throw new Error(answer.failure.message);
    times.push(performance.now() - start);
  }
  const spread = spreadOf(times);
  row("one raw write, ms", print(spread, 1));
  return spread.median;
}

async function measureOneNamespace(rawWrite: number): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < TRIALS; i++) {
    const name = `alone-${i}`;
    const complete = watched.allComplete([name]);
    await createNamespace(client, name, { [LABEL]: "yes" });
    const answered = performance.now();
    times.push(Math.max(0, (await complete) - answered));
    await delay(100);
  }
  const spread = spreadOf(times);
  row("one namespace alone, to its fifth target, ms", print(spread, 1));
  row("  in raw writes", (spread.median / rawWrite).toFixed(2), "at most 3", spread.median <= 3 * rawWrite);
}

async function measureDrift(rawWrite: number): Promise<void> {
  const acts: { name: string; act(namespace: string): Promise<void>; repaired(object: KubernetesObject): boolean }[] = [
    {
      name: "a quota edited",
      act: (namespace) => merge("resourcequotas", namespace, "compute", { spec: { hard: { pods: "99" } } }),
      repaired: ({ kind, spec }) => kind === "ResourceQuota" && JSON.stringify(spec).includes('"pods":"50"'),
    },
    {
      name: "a NetworkPolicy deleted",
      act: removePolicy,
      repaired: ({ kind }) => kind === "NetworkPolicy",
    },
    {
      name: "egress added to a NetworkPolicy",
      act: (namespace) => merge("networkpolicies", namespace, "default-deny", { spec: { egress: [{}] } }),
      repaired: ({ kind, spec }) => kind === "NetworkPolicy" && !JSON.stringify(spec).includes('"egress"'),
    },
  ];
  for (const { name, act, repaired } of acts) {
    const times: number[] = [];
    for (let i = 0; i < TRIALS; i++) {
      const namespace = `alone-${i % TRIALS}`;
      const since = performance.now();
      let drifted = false;
      const repair = watched.next((object) => {
        if (object.metadata.namespace !== namespace) return false;
        if (name.includes("deleted")) return repaired(object);
        if (!repaired(object)) drifted = true;
        return drifted && repaired(object);
      });
      await act(namespace);
      const answered = performance.now();
      const seen = await Promise.race([repair, delay(20_000).then(() => undefined)]);
      if (seen === undefined) throw new Error(`${name} in ${namespace} was not repaired within 20 s (since ${since})`);
      times.push(Math.max(0, seen - answered));
      await delay(50);
    }
    const spread = spreadOf(times);
    row(`${name}, to the repair, ms`, print(spread, 1));
    row("  in raw writes", (spread.median / rawWrite).toFixed(2), "at most 3", spread.median <= 3 * rawWrite);
  }
}

async function removePolicy(namespace: string): Promise<void> {
  const kind = TARGET_KINDS[0];
  if (kind === undefined) throw new Error("there are no kinds");
  const ref: ObjectRef = { group: kind.resource.group, kind: "NetworkPolicy", namespace, name: kind.name };
  const live = await readObject(client, kind.resource, ref);
  if (!live.ok) throw new Error(live.failure.message);
  const answer = await deleteObject(client, kind.resource, ref, live.object.metadata.uid ?? "");
  if (!answer.ok) throw new Error(answer.failure.message);
}

async function merge(plural: string, namespace: string, name: string, body: object): Promise<void> {
  const group = plural === "networkpolicies" ? "/apis/networking.k8s.io/v1" : "/api/v1";
  const answer = await client.send({
    method: "PATCH",
    path: `${group}/namespaces/${namespace}/${plural}/${name}`,
    query: { fieldManager: "bench" },
    contentType: "application/merge-patch+json",
    body: JSON.parse(JSON.stringify(body)),
  });
  if (!answer.ok) throw new Error(answer.failure.message);
}

/** The operator's own count of its requests: at rest nothing but the Lease; watches are opened again now and then. */
async function measureRest(): Promise<void> {
  await delay(3_000);
  const before = await operatorRequests();
  const cpu = cpuMillisOf(operator.pid);
  await delay(REST_SECONDS * 1000);
  const after = await operatorRequests();
  const changed = [...after]
    .map(([method, count]): [string, number] => [method, count - (before.get(method) ?? 0)])
    .filter(([, count]) => count > 0);
  const leases = changed.find(([method]) => method === "PUT")?.[1] ?? 0;
  const others = changed.filter(([method]) => method !== "PUT" && method !== "WATCH");
  row(
    `requests at rest in ${REST_SECONDS} s, less watches and ${leases} of the Lease`,
    others.length === 0 ? "0" : JSON.stringify(others),
    "0",
    others.length === 0,
  );
  row(
    "operator's CPU at rest, % of a core",
    (((cpuMillisOf(operator.pid) - cpu) / (REST_SECONDS * 1000)) * 100).toFixed(2),
  );
}

function measureMemory(): void {
  const { resident, most } = memoryOf(operator.pid);
  row(
    "operator's resident memory, MB (and the most there was)",
    `${resident.toFixed(0)} (${most.toFixed(0)})`,
    "at most 150",
    most <= 150,
  );
}

async function requestCounts(): Promise<RequestCounts> {
  const { body } = await cluster.plane.request("GET", "/metrics");
  return parseRequestCounts(String(body));
}

async function operatorRequests(): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const [, method = "", value = ""] of (await operator.metrics()).matchAll(
    /^perennial_api_request_seconds_count\{method="([^"]+)"[^}]*\} (\d+)$/gm,
  )) {
    counts.set(method, (counts.get(method) ?? 0) + Number(value));
  }
  return counts;
}

function row(what: string, measured: string, asked = "", kept?: boolean): void {
  rows.push({ what, measured, asked, kept });
  process.stdout.write(`${what.padEnd(64)} ${measured.padStart(22)}  ${asked.padEnd(13)} ${verdict(kept)}\n`);
}

function verdict(kept: boolean | undefined): string {
  if (kept === undefined) return "";
  return kept ? "kept" : "MISSED";
}

function print({ median, least, most }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}..${most.toFixed(digits)})`;
}

function finish(): void {
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "?"}, ${memory()} GiB, Linux ${release()}, Node ${process.version}`;
  const table = rows.map(
    ({ what, measured, asked, kept }) => `| ${what.trim()} | ${measured} | ${asked} | ${verdict(kept)} |`,
  );
  const text = [
    "# Bench results",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${machine}. ${ROUNDS} rounds of ${NAMESPACES} namespaces created ${AT_ONCE} at a time, five targets each; median (least..most).`,
    "Control plane on the same machine; its controller manager runs with a higher client rate limit than the default.",
    "",
    "| what | measured | asked | |",
    "|---|---|---|---|",
    ...table,
    "",
  ].join("\n");
  writeFileSync(join(ROOT, "bench/results.md"), text);
  const missed = rows.filter(({ kept }) => kept === false);
  if (missed.length > 0) process.stderr.write(`${missed.length} ratios missed\n`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

function memory(): number {
  return Math.round(Number(/MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) / 1024 / 1024);
}
