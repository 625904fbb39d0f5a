/** The raw writer, a process of its own: creates the namespaces and writes their objects as fast as the transport lets it. */

import { connectCluster, loadCredentials } from "../src/cluster/index.ts";
import { applyTargets, createNamespace, inParallel } from "./workload.ts";

const NAMESPACES_AT_ONCE = 16;

const [kubeconfig = "", prefix = "", count = "0"] = process.argv.slice(2);
const client = connectCluster(await loadCredentials(kubeconfig));
await client.send({ method: "GET", path: "/readyz" });
const written: Promise<void>[] = [];
const before = process.cpuUsage();
const start = performance.now();
const names = Array.from({ length: Number(count) }, (_, i) => `${prefix}-${i}`);
await inParallel(names, NAMESPACES_AT_ONCE, async (name) => {
  await createNamespace(client, name, {});
  written.push(applyTargets(client, name)); // the pool of 64 connections is the bound
});
await Promise.all(written);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ seconds, cpuMillis: (user + system) / 1000 }));
await client.close();
