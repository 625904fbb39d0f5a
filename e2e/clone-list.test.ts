/** cloneList: copies of every object of some kinds that a selector selects. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  edit,
  hasData,
  laterEventProcessed,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** Every ConfigMap and Secret of `NAME-origin` with the label goes into each namespace labelled with the name. */
function copying(name: string): object {
  return clusterPolicy(name, {
    name: "copies",
    match: namespacesLabelled(name),
    generate: {
      namespace: TRIGGER_NAME,
      cloneList: {
        namespace: `${name}-origin`,
        kinds: ["v1/ConfigMap", "v1/Secret"],
        selector: { matchLabels: { shared: "yes" } },
      },
    },
  });
}

const SHARED = { labels: { shared: "yes" } };

function secret(where: string, name: string, type = "Opaque", annotations: object = {}): object {
  const metadata = { name, namespace: where, ...SHARED, annotations };
  return { apiVersion: "v1", kind: "Secret", metadata, type, stringData: { password: name } };
}

async function setUp(name: string, ...sources: object[]): Promise<void> {
  await cluster.apply(namespace(`${name}-origin`), namespace(name, { [name]: "yes" }));
  await cluster.apply(...sources, copying(name));
}

describe("cloneList", () => {
  it("copies what is selected, of each kind, and nothing else", async () => {
    const from = "kinds-origin";
    await setUp(
      "kinds",
      storedConfigMap(from, "settings", { a: "1" }, SHARED),
      secret(from, "pull"),
      storedConfigMap(from, "own", { a: "2" }),
    );
    await waitForObject(cluster, ["configmap", "kinds", "settings"], hasData({ a: "1" }));
    const copy = await waitForObject(cluster, ["secret", "kinds", "pull"]);
    expect(copy.metadata.labels).toMatchObject({ shared: "yes" });
    expect(copy.metadata.annotations?.["perennial.dev/source"]).toBe(`Secret ${from}/pull`);
    await waitForCondition(cluster, "kinds", { type: "InSync", status: "True" });
    expect(await cluster.get("configmap", "kinds", "own")).toBeUndefined();
  });

  it("follows its sources: one that comes, one that changes, one that loses the label, one that goes", async () => {
    const from = "follows-origin";
    const names = ["changes", "leaves", "goes", "stays"];
    await setUp("follows", ...names.map((name) => storedConfigMap(from, name, { a: "1" }, SHARED)));
    const stays = await waitForObject(cluster, ["configmap", "follows", "stays"]);
    for (const name of names) await waitForObject(cluster, ["configmap", "follows", name], hasData({ a: "1" }));
    await cluster.apply(storedConfigMap(from, "comes", { a: "1" }, SHARED));
    await edit(cluster, ["configmap", from, "changes"], { a: "2" });
    await cluster.kubectl("label", "configmap", "leaves", "-n", from, "shared-");
    await cluster.kubectl("delete", "configmap", "goes", "-n", from);
    await waitForObject(cluster, ["configmap", "follows", "comes"], hasData({ a: "1" }));
    await waitForObject(cluster, ["configmap", "follows", "changes"], hasData({ a: "2" }));
    await waitUntilGone(cluster, ["configmap", "follows", "leaves"]);
    await waitUntilGone(cluster, ["configmap", "follows", "goes"]);
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, ["configmap", "follows", "stays"]))).toBe(versionOf(stays));
  });

  it("copies the others where one may not be copied, and says why", async () => {
    const from = "refused-origin";
    await cluster.apply(namespace(from), {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "robot", namespace: from },
    });
    const token = secret(from, "token", "kubernetes.io/service-account-token", {
      "kubernetes.io/service-account.name": "robot",
    });
    await setUp("refused", token, secret(from, "pull"));
    await waitForObject(cluster, ["secret", "refused", "pull"]);
    const status = await waitForCondition(cluster, "refused", {
      type: "InSync",
      status: "False",
      reason: "SourceRefused",
    });
    expect(status.failures?.[0]?.message).toContain("is the token of a ServiceAccount");
    expect(await cluster.get("secret", "refused", "token")).toBeUndefined();
    await cluster.kubectl("delete", "secret", "token", "-n", from);
    await waitForCondition(cluster, "refused", { type: "InSync", status: "True" });
  });

  it("takes its copies away with the trigger's label", async () => {
    await setUp("leaving", storedConfigMap("leaving-origin", "settings", { a: "1" }, SHARED));
    await waitForObject(cluster, ["configmap", "leaving", "settings"]);
    await cluster.kubectl("label", "namespace", "leaving", "leaving-");
    await waitUntilGone(cluster, ["configmap", "leaving", "settings"]);
  });
});
