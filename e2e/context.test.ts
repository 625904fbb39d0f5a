/** Context and preconditions: what a rule reads is watched, and only another answer changes anything. */

import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  condition,
  hasData,
  type Labels,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
  await cluster.apply(namespace("config"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** For each Namespace with the label `name`, a ConfigMap of that name with what the context entry `x` gives. */
function reading(name: string, source: object, text: string, more: object = {}): object {
  return clusterPolicy(name, {
    name: "read",
    match: namespacesLabelled(name),
    context: [{ name: "x", ...source }],
    generate: { apiVersion: "v1", kind: "ConfigMap", name, namespace: TRIGGER_NAME, data: { data: { x: text } } },
    ...more,
  });
}

function stored(name: string, data: Labels, labels: Labels = {}): object {
  return storedConfigMap("config", name, data, { labels });
}

function made(name: string): readonly ["configmap", string, string] {
  return ["configmap", name, name];
}

it("waits for a ConfigMap, names it, and follows it", async () => {
  const name = "follows";
  const source = { configMap: { namespace: "config", name: "teams" } };
  await cluster.apply(namespace(name, { [name]: "yes" }), reading(name, source, "{{ x.data.team }}"));
  await waitForCondition(cluster, name, { type: "InSync", status: "False", reason: "ContextMissing" });
  const { message } = condition(await policyStatus(cluster, name), "InSync") ?? {};
  expect(message).toContain("ConfigMap config/teams");
  await cluster.apply(stored("teams", { team: "a" }));
  await waitForObject(cluster, made(name), hasData({ x: "a" }));
  await cluster.apply(stored("teams", { team: "b" }));
  await waitForObject(cluster, made(name), hasData({ x: "b" }));
  await waitForCondition(cluster, name, { type: "InSync", status: "True" });
});

it("follows a collection, and writes nothing when the result is the same", async () => {
  const [name, fence] = ["collects", "fence"];
  const urlPath = "/api/v1/namespaces/config/configmaps?labelSelector=collected=yes";
  const labels = { collected: "yes" };
  const names = { apiCall: { urlPath, jmesPath: "join(',', items[].metadata.name)" } };
  const contents = { apiCall: { urlPath, jmesPath: "join(',', items[].data.a)" } };
  await cluster.apply(namespace(name, { [name]: "yes" }), reading(name, names, "{{ x }}"));
  await cluster.apply(namespace(fence, { [fence]: "yes" }), reading(fence, contents, "{{ x }}"));
  await waitForObject(cluster, made(name), hasData({ x: "" }));
  await cluster.apply(stored("b", { a: "1" }, labels), stored("a", { a: "2" }, labels), stored("other", { a: "3" }));
  const before = await waitForObject(cluster, made(name), hasData({ x: "a,b" }));
  await waitForObject(cluster, made(fence), hasData({ x: "2,1" }));
  await cluster.apply(stored("a", { a: "4" }, labels));
  await waitForObject(cluster, made(fence), hasData({ x: "4,1" }));
  expect(versionOf(await waitForObject(cluster, made(name)))).toBe(versionOf(before));
  await cluster.kubectl("delete", "configmap", "-n", "config", "a");
  await waitForObject(cluster, made(name), hasData({ x: "b" }));
});

it("deletes what it made when preconditions over its context turn false, and makes it again", async () => {
  const name = "switched";
  const source = { configMap: { namespace: "config", name: "switch" } };
  const preconditions = [{ key: "{{ x.data.on }}", operator: "Equals", value: "yes" }];
  await cluster.apply(stored("switch", { on: "yes" }));
  await cluster.apply(namespace(name, { [name]: "yes" }), reading(name, source, "1", { preconditions }));
  await waitForObject(cluster, made(name), hasData({ x: "1" }));
  await cluster.apply(stored("switch", { on: "no" }));
  await waitUntilGone(cluster, made(name));
  await waitUntil("nothing is triggered", async () => {
    const status = await policyStatus(cluster, name);
    return status?.summary?.triggers === 0;
  });
  await cluster.apply(stored("switch", { on: "yes" }));
  await waitForObject(cluster, made(name), hasData({ x: "1" }));
});
