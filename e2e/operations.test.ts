/** operations: a rule that listens to CREATE holds for what is stored, whatever else it listens to. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  edit,
  hasData,
  laterEventProcessed,
  namespace,
  type OperatorProcess,
  startCluster,
  startOperator,
  storedConfigMap,
  waitForCondition,
  waitForObject,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const CREATE = ["CREATE"];

/** Beside the ConfigMap `source` of the namespace, `made` with its value. */
function listening(where: string, operations: string[], more: object = {}): object {
  return clusterPolicy(where, {
    name: "make",
    match: { any: [{ resources: { kinds: ["ConfigMap"], names: ["source"], namespaces: [where], operations } }] },
    generate: {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "made",
      namespace: where,
      data: { data: { v: "{{ request.object.data.v }}", by: "{{ request.operation }}" } },
    },
    ...more,
  });
}

describe.each([[CREATE], [["CREATE", "UPDATE"]], [["UPDATE", "CREATE"]]])("a rule for %j", (operations) => {
  const where = ["listens", ...operations].join("-").toLowerCase();

  it("holds for what is stored, before and after changes, and until it is deleted", async () => {
    await cluster.apply(namespace(where), storedConfigMap(where, "source", { v: "1" }), listening(where, operations));
    await waitForObject(cluster, ["configmap", where, "made"], hasData({ v: "1", by: "CREATE" }));
    await edit(cluster, ["configmap", where, "source"], { v: "2" });
    await waitForObject(cluster, ["configmap", where, "made"], hasData({ v: "2", by: "CREATE" }));
    await cluster.kubectl("delete", "configmap", "source", "-n", where);
    await waitUntilGone(cluster, ["configmap", where, "made"]);
  });
});

describe("preconditions on the operation", () => {
  it("hold for CREATE, which made what is stored", async () => {
    const all = [{ key: "{{ request.operation }}", operator: "AnyIn", value: ["CREATE", "UPDATE"] }];
    await cluster.apply(namespace("asked"), storedConfigMap("asked", "source", { v: "1" }));
    await cluster.apply(listening("asked", CREATE, { preconditions: { all } }));
    await waitForObject(cluster, ["configmap", "asked", "made"], hasData({ v: "1", by: "CREATE" }));
  });

  it("turn a rule off that wants neither CREATE nor anything else", async () => {
    const all = [{ key: "{{ request.operation }}{{ request.object.data.v }}", operator: "Equals", value: "UPDATE1" }];
    await cluster.apply(namespace("unasked"), storedConfigMap("unasked", "source", { v: "1" }));
    await cluster.apply(listening("unasked", CREATE, { preconditions: { all } }));
    await waitForCondition(cluster, "unasked", { type: "InSync", status: "True" });
    await laterEventProcessed(cluster, operator);
    expect(await cluster.get("configmap", "unasked", "made")).toBeUndefined();
  });
});
