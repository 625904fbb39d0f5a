/** Whatever dies, the state at rest is that of a run in which nothing did. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  namespacesLabelled,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitUntil,
} from "./harness/index.ts";

const BURST = 200;
const LABEL = "restarts";

const NETWORK_POLICY = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  name: "default-deny",
  namespace: TRIGGER_NAME,
  data: { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
};

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
  await cluster.apply(
    clusterPolicy(
      "baseline",
      { name: "deny", match: namespacesLabelled(LABEL), generate: NETWORK_POLICY },
      { name: "settings", match: namespacesLabelled(LABEL), generate: configMap("settings", { owner: TRIGGER_NAME }) },
    ),
  );
  await waitForCondition(cluster, "baseline", { type: "Ready", status: "True" });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function namespace(name: string): object {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { [LABEL]: "yes" } } };
}

/** Through the API, many at once: kubectl would create them one after another. */
async function createNamespaces(
  names: readonly string[],
  onCreated: (count: number) => void = () => {},
): Promise<void> {
  let count = 0;
  const waiting = [...names];
  const create = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const { status } = await cluster.plane.request("POST", "/api/v1/namespaces", namespace(name));
      expect(status).toBe(201);
      onCreated(++count);
    }
  };
  await Promise.all(Array.from({ length: 16 }, create));
}

async function targets(): Promise<KubernetesObject[]> {
  const marked = "perennial.dev/target";
  const [policies, maps] = await Promise.all([
    cluster.list("networkpolicies", "", marked),
    cluster.list("configmaps", "", marked),
  ]);
  return [...policies, ...maps];
}

async function waitForTargets(namespaces: number): Promise<void> {
  await waitUntil(
    `two targets in each of ${namespaces} namespaces`,
    async () => (await targets()).length === 2 * namespaces,
    {
      interval: 300,
    },
  );
}

function versions(objects: readonly KubernetesObject[]): string[] {
  return objects
    .map(
      ({ kind, metadata }) =>
        `${kind} ${metadata.namespace}/${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`,
    )
    .sort();
}

describe("restarts", () => {
  it(`has every target after kill -9 in the middle of a burst of ${BURST} namespaces`, {
    timeout: 180_000,
  }, async () => {
    const names = Array.from({ length: BURST }, (_, i) => `burst-${i}`);
    let killed: Promise<void> | undefined;
    await createNamespaces(names, (count) => {
      if (count === BURST / 2) killed = operator.kill();
    });
    await killed;
    const before = await targets();
    expect(before.length).toBeLessThan(2 * BURST); // it was killed before it was done
    operator = await startOperator(cluster);
    await waitForTargets(BURST);
    const after = new Set(versions(await targets()));
    expect(versions(before).filter((version) => !after.has(version))).toEqual([]); // what was there was not written again
    await waitForCondition(cluster, "baseline", { type: "InSync", status: "True" });
    await waitUntil(
      "the status counts all",
      async () => (await policyStatus(cluster, "baseline")).summary?.ratio === `${2 * BURST}/${2 * BURST}`,
    );
  });

  it("writes nothing when it is restarted and everything is in sync", async () => {
    const before = versions(await targets());
    await operator.stop();
    operator = await startOperator(cluster);
    await createNamespaces(["after-restart"]);
    await waitForTargets(BURST + 1); // the new one's targets come after all others were planned
    const after = versions(await targets());
    expect(before.filter((version) => !after.includes(version))).toEqual([]);
  });

  it("repairs at its start what happened while it was not there", async () => {
    await operator.stop();
    await cluster.kubectl("delete", "networkpolicy", "default-deny", "-n", "burst-1");
    await cluster.kubectl(
      "patch",
      "configmap",
      "settings",
      "-n",
      "burst-2",
      "--type=merge",
      "-p",
      '{"data":{"owner":"mallory"}}',
    );
    await cluster.kubectl("label", "namespace", "burst-3", `${LABEL}-`);
    operator = await startOperator(cluster);
    await waitUntil(
      "the deleted one is back",
      async () => (await cluster.get("networkpolicy", "burst-1", "default-deny")) !== undefined,
    );
    await waitUntil(
      "the edited one is put back",
      async () =>
        (await cluster.get("configmap", "burst-2", "settings"))?.data !== undefined &&
        JSON.stringify((await cluster.get("configmap", "burst-2", "settings"))?.data) === '{"owner":"burst-2"}',
    );
    await waitUntil(
      "what is no longer wanted is gone",
      async () => (await cluster.get("configmap", "burst-3", "settings")) === undefined,
    );
  });

  it("goes on when the API server is restarted", async () => {
    await cluster.plane.restartApiServer();
    await createNamespaces(["after-api-server"]);
    await waitUntil(
      "its targets are there",
      async () => (await cluster.get("configmap", "after-api-server", "settings")) !== undefined,
    );
    await cluster.kubectl("delete", "configmap", "settings", "-n", "after-api-server");
    await waitUntil(
      "it grows back",
      async () => (await cluster.get("configmap", "after-api-server", "settings")) !== undefined,
    );
  });

  it("goes on when the API server dies and is away for a while", { timeout: 120_000 }, async () => {
    await cluster.plane.killApiServer();
    await waitUntil("the operator has given up its Lease, as it could not renew it", async () =>
      /^perennial_leading 0$/m.test(await operator.metrics()),
    );
    await cluster.plane.startApiServer();
    await createNamespaces(["after-outage"]);
    await waitUntil(
      "its targets are there",
      async () => (await cluster.get("configmap", "after-outage", "settings")) !== undefined,
    );
  });

  it("goes on when etcd is restarted", async () => {
    await cluster.plane.restartEtcd();
    await createNamespaces(["after-etcd"]);
    await waitUntil(
      "its targets are there",
      async () => (await cluster.get("networkpolicy", "after-etcd", "default-deny")) !== undefined,
    );
    await cluster.kubectl("delete", "networkpolicy", "default-deny", "-n", "after-etcd");
    await waitUntil(
      "it grows back",
      async () => (await cluster.get("networkpolicy", "after-etcd", "default-deny")) !== undefined,
    );
  });
});
