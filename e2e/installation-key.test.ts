/** The installation key: made once, and never replaced behind anybody's back. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Audited,
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  isLeaseRenewal,
  markAudit,
  namespacesLabelled,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  operatorRequests,
  policyStatus,
  printRequest,
  startCluster,
  startOperator,
  waitUntil,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
  await cluster.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "keyed", labels: { keyed: "yes" } } },
    clusterPolicy("keyed", {
      name: "settings",
      match: namespacesLabelled("keyed"),
      generate: configMap("settings", { a: "1" }),
    }),
  );
  await waitUntil("the target is there", async () => (await data()) !== undefined);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function key(): Promise<string | undefined> {
  const secret = await cluster.get("secret", OPERATOR_NAMESPACE, "perennial");
  return secret === undefined ? undefined : JSON.stringify(secret.data);
}

async function data(): Promise<string | undefined> {
  const map = await cluster.get("configmap", "keyed", "settings");
  return map === undefined ? undefined : JSON.stringify(map.data);
}

async function loseKey(): Promise<void> {
  await operator.stop();
  await cluster.kubectl("delete", "secret", "perennial", "-n", OPERATOR_NAMESPACE);
}

async function readiness(): Promise<string> {
  const answer = await fetch(`${operator.url}/readyz`);
  return `${answer.status} ${await answer.text()}`;
}

/** What the operator tried to change until it renewed its Lease twice more; the Lease and what it reports left out. */
async function changesUntilRenewed(): Promise<string[]> {
  const mark = await markAudit(cluster);
  await waitUntil(
    "the Lease is renewed twice",
    async () => (await operatorRequests(cluster, mark)).filter(isLeaseRenewal).length >= 2,
  );
  const requests = await operatorRequests(cluster, mark);
  const isReport = ({ objectRef }: Audited): boolean => objectRef?.subresource === "status";
  const isChange = ({ verb }: Audited): boolean => verb !== "get" && verb !== "list";
  return requests
    .filter((request) => isChange(request) && !isReport(request) && !isLeaseRenewal(request))
    .map(printRequest);
}

describe("the installation key", () => {
  let made: string | undefined;

  it("is made once, of 32 random bytes, and survives a restart", async () => {
    made = await key();
    expect(made).toMatch(/"installation-key":"[A-Za-z0-9+/]{43}="/);
    await operator.stop();
    operator = await startOperator(cluster);
    expect(await key()).toBe(made);
    expect(operator.output()).not.toContain(JSON.parse(made ?? "{}")["installation-key"]);
  });

  it("keeps the operator unready and idle when it is lost while targets are there", async () => {
    await loseKey();
    await cluster.kubectl("patch", "configmap", "settings", "-n", "keyed", "--type=merge", "-p", '{"data":{"a":"2"}}');
    operator = await startOperator(cluster, { waitReady: false });
    await waitUntil("it says so", async () => (await readiness()).startsWith("503 the installation key is lost"));
    expect(await readiness()).toContain("--new-installation-key");
    expect(await changesUntilRenewed()).toEqual([]);
    expect(condition(await policyStatus(cluster, "keyed"), "InSync")?.status).not.toBe("True"); // nor is it claimed
    expect(await data()).toBe('{"a":"2"}'); // seen by then, and not written
    expect(await key()).toBeUndefined();
  });

  it("goes on by itself when it is restored", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "perennial", namespace: OPERATOR_NAMESPACE },
      data: JSON.parse(made ?? "{}"),
    });
    await waitUntil("the drift is put right", async () => (await data()) === '{"a":"1"}');
    expect(await readiness()).toMatch(/^200/);
  });

  it("is made anew when somebody says so", async () => {
    await loseKey();
    operator = await startOperator(cluster, { flags: ["--new-installation-key"] });
    expect(await key()).not.toBe(made);
    expect(await key()).toBeDefined();
  });
});
