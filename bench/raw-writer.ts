/**
 * The raw writer, a process of its own that does what it is told by lines on stdin: the same transport and identity as the
 * operator's, the same bytes, and no logic. It asks for what any client asks for that says nothing of field validation; with
 * `validates: false` it leaves that out, as the operator does.
 */

import { createInterface } from "node:readline";
import { connectCluster, loadCredentials } from "../src/cluster/index.ts";
import { asJson, objectPath } from "../src/object/index.ts";
import { createNamespace, DEPLOYMENTS, inParallel, rawObject, TARGET_KINDS } from "./workload.ts";

/** `burst`: namespaces and their targets; `alone`: one namespace; `writes`: so many targets of each kind, one at a time; `labels`: on so many Deployments. */
export type RawCommand =
  | { do: "burst"; prefix: string; namespaces: number; width: number; validates: boolean }
  | { do: "alone"; namespace: string }
  | { do: "writes"; namespace: string; ofEach: number }
  | { do: "labels"; namespace: string; count: number };

/** `at`: milliseconds since 1970 of the answer to the (last) namespace; `times`: milliseconds of each write. */
export type RawAnswer = { at: number; cpuMillis: number; times: number[] };

const [adminKubeconfig = "", operatorKubeconfig = ""] = process.argv.slice(2);
const admin = connectCluster(await loadCredentials(adminKubeconfig));
const client = connectCluster(await loadCredentials(operatorKubeconfig));
for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const done = await obey(JSON.parse(line) as RawCommand); // what raw-process.ts writes
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ ...done, cpuMillis: (user + system) / 1000 })}\n`);
}
await Promise.all([admin.close(), client.close()]);

function obey(command: RawCommand): Promise<Omit<RawAnswer, "cpuMillis">> {
  switch (command.do) {
    case "burst":
      return burst(command);
    case "alone":
      return alone(command.namespace);
    case "writes":
      return writes(command);
    case "labels":
      return labels(command);
  }
}

async function burst({ prefix, namespaces, width, validates }: Extract<RawCommand, { do: "burst" }>) {
  const names = Array.from({ length: namespaces }, (_, i) => `${prefix}-${i}`);
  const written: Promise<void>[] = [];
  await inParallel(names, width, async (name) => {
    await createNamespace(admin, name, {});
    written.push(applyTargets(name, validates)); // the pool of 64 connections is the bound
  });
  const at = Date.now();
  await Promise.all(written);
  return { at, times: [] };
}

async function alone(namespace: string) {
  await createNamespace(admin, namespace, {});
  const at = performance.timeOrigin + performance.now();
  await applyTargets(namespace);
  return { at, times: [] };
}

async function writes({ namespace, ofEach }: Extract<RawCommand, { do: "writes" }>) {
  const times: number[] = [];
  for (let i = 0; i < ofEach; i++) {
    for (const { kind } of TARGET_KINDS.map(({ resource }) => resource)) {
      const start = performance.now();
      await apply(rawObject(kind, namespace, `-${i}`));
      times.push(performance.now() - start);
    }
  }
  return { at: Date.now(), times };
}

async function labels({ namespace, count }: Extract<RawCommand, { do: "labels" }>) {
  const names = Array.from({ length: count }, (_, i) => `d-${i}`);
  await Promise.all(
    names.map((name) => {
      const metadata = { name, namespace, labels: { raw: "yes" } };
      return apply({ resource: DEPLOYMENTS, object: { apiVersion: "apps/v1", kind: "Deployment", metadata } }, false);
    }),
  );
  return { at: Date.now(), times: [] };
}

async function applyTargets(namespace: string, validates = true): Promise<void> {
  const objects = TARGET_KINDS.map(({ resource }) => rawObject(resource.kind, namespace, ""));
  await Promise.all(objects.map((raw) => apply(raw, validates)));
}

async function apply({ resource, object }: ReturnType<typeof rawObject>, validates = true): Promise<void> {
  const { name, namespace = "" } = object.metadata;
  const answer = await client.send({
    method: "PATCH",
    path: objectPath(resource, { ...resource, namespace, name }),
    query: { fieldManager: "rawwriter", force: "true", ...(validates ? {} : { fieldValidation: "Ignore" }) },
    contentType: "application/apply-patch+yaml",
    body: asJson(object),
  });
  if (!answer.ok) throw new Error(`${object.kind} ${namespace}/${name}: ${answer.failure.message}`);
}
