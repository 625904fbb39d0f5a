/** What stands in the way of nobody when Perennial goes: its webhook configurations go with its Namespace. */

import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Cluster,
  CONFIGURATION,
  namespace,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  startCluster,
  startOperator,
  waitForCondition,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: await webhookFlags() });
  await cluster.apply(namespace("shop"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const KINDS = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"];

async function stored(): Promise<string[]> {
  const found = await Promise.all(
    KINDS.map(async (kind) => [kind, await cluster.get(kind, "", CONFIGURATION)] as const),
  );
  return found.flatMap(([kind, object]) => (object === undefined ? [] : [kind]));
}

it("the configurations of a Namespace that is deleted go with it, and what they refused is written again", async () => {
  const resources = { kinds: ["ConfigMap"], namespaces: ["shop"] };
  const mutate = { patchStrategicMerge: { metadata: { labels: { by: "rule" } } } };
  const rules = [{ name: "label", match: { any: [{ resources }] }, mutate }];
  const policy = { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "fails" } };
  await cluster.apply({ ...policy, spec: { failurePolicy: "Fail", rules } });
  await waitForCondition(cluster, "fails", { type: "Ready", status: "True" });
  expect(await stored()).toEqual(KINDS);

  await operator.stop();
  const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "later" } };
  const create = () => cluster.plane.request("POST", "/api/v1/namespaces/shop/configmaps", map);
  expect((await create()).status).toBe(500);
  await cluster.kubectl("delete", "namespace", OPERATOR_NAMESPACE, "--wait=false");
  await waitUntil("they are gone", async () => (await stored()).length === 0);
  await waitUntil("it is written", async () => (await create()).status === 201);
});
