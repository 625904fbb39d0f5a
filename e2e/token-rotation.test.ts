/** Tokens end and are replaced in their file: the operator goes on with the new one. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultProxy, type FaultRule, statusBody } from "./fault-proxy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  namespace,
  namespacesLabelled,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  startCluster,
  startOperator,
  startProxy,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

const LABEL = "tokens";

let cluster: Cluster;
let proxy: FaultProxy;
let operator: OperatorProcess;
let tokenFile: string;

type Kubeconfig = { users: { name: string; user: { token?: string; tokenFile?: string } }[] };

beforeAll(async () => {
  cluster = await startCluster();
  const access = await startProxy(cluster);
  proxy = access.proxy;
  tokenFile = join(cluster.plane.folder, "operator.token");
  await replaceToken();
  const config = JSON.parse(await readFile(access.kubeconfig, "utf8")) as Kubeconfig; // written by us
  const users = config.users.map(({ name }) => ({ name, user: { tokenFile } }));
  await writeFile(access.kubeconfig, JSON.stringify({ ...config, users }));
  operator = await startOperator(cluster, { flags: ["--kubeconfig", access.kubeconfig] });
  const generate = configMap("settings", { owner: TRIGGER_NAME });
  await cluster.apply(clusterPolicy("settings", { name: "make", match: namespacesLabelled(LABEL), generate }));
  await waitForCondition(cluster, "settings", { type: "Ready", status: "True" });
});

afterAll(async () => {
  proxy?.calm();
  await operator?.stop();
  await proxy?.stop();
  await cluster?.stop();
});

/** The header of the token that is in the file from now on: one that was never used. */
async function replaceToken(): Promise<string> {
  const account = { namespace: OPERATOR_NAMESPACE, serviceAccount: "perennial" };
  const written = JSON.parse(await readFile(await cluster.plane.kubeconfigFor(account), "utf8")) as Kubeconfig;
  const token = written.users[0]?.user.token ?? "";
  await writeFile(tokenFile, `${token}\n`);
  return `Bearer ${token}`;
}

async function currentHeader(): Promise<string> {
  return `Bearer ${(await readFile(tokenFile, "utf8")).trim()}`;
}

/** As an API server does with a token that has ended. */
function refusing(header: string): FaultRule {
  const body = statusBody(401, "Unauthorized", "Unauthorized");
  return {
    request: ({ authorization }) => (authorization === header ? { fault: "answer", status: 401, body } : undefined),
  };
}

async function expectServed(name: string): Promise<void> {
  await cluster.apply(namespace(name, { [LABEL]: "yes" }));
  await waitForObject(cluster, ["configmap", name, "settings"]);
}

describe("a token", () => {
  it("that ended when the file has a new one costs no more than the requests that were refused", async () => {
    const old = await currentHeader();
    const fresh = await replaceToken();
    expect(fresh).not.toBe(old);
    await proxy.during(refusing(old), async () => {
      const since = proxy.seen.length;
      proxy.resetAll();
      await expectServed("after-rotation");
      const watches = () =>
        proxy.seen.slice(since).filter(({ isWatch, authorization }) => isWatch && authorization === fresh);
      await waitUntil("all watches are open with it", async () => watches().length >= 6);
      expect(operator.log().filter(({ msg }) => msg.startsWith("the Lease was lost"))).toEqual([]);
    });
    await waitForCondition(cluster, "settings", { type: "Ready", status: "True" });
  });

  it("that ended before the file has a new one stops the operator until it has", async () => {
    const old = await currentHeader();
    await proxy.during(refusing(old), async () => {
      proxy.resetAll();
      await waitUntil("it is not ready", async () => (await fetch(`${operator.url}/readyz`)).status === 503);
      await cluster.apply(namespace("meanwhile", { [LABEL]: "yes" }));
      await replaceToken();
      await operator.ready();
      await waitForObject(cluster, ["configmap", "meanwhile", "settings"]);
    });
    await expectServed("afterwards");
    await waitForCondition(cluster, "settings", { type: "Ready", status: "True" });
  });

  it("is used within a minute after it was written, though the old one is still good", async () => {
    const fresh = await replaceToken();
    const since = proxy.seen.length;
    await waitUntil("requests carry it", async () =>
      proxy.seen.slice(since).some(({ authorization }) => authorization === fresh),
    );
  });
});
