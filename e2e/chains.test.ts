/** What one rule generates triggers another one, and no chain goes on for ever. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ALL_VERBS,
  type Audited,
  type Cluster,
  clusterPolicy,
  edit,
  hasData,
  isLeaseRenewal,
  type Labels,
  laterEventProcessed,
  markAudit,
  namespace,
  type OperatorProcess,
  operatorRequests,
  type Place,
  policyStatus,
  printRequest,
  startCluster,
  startOperator,
  storedConfigMap,
  type TestRule,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const FLAGS = ["--prune-delay=1s"];

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("namespaces", [{ apiGroups: [""], resources: ["namespaces"], verbs: ALL_VERBS }]);
  operator = await startOperator(cluster, { flags: FLAGS });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

type Made = { name: string; data: Labels; label?: string };

/** From the ConfigMaps with a label to another ConfigMap beside each. */
function link(name: string, from: string, { name: to, data, label }: Made): TestRule {
  const metadata = label === undefined ? {} : { metadata: { labels: { [label]: "yes" } } };
  return {
    name,
    skipBackgroundRequests: false,
    match: { any: [{ resources: { kinds: ["ConfigMap"], selector: { matchLabels: { [from]: "yes" } } } }] },
    generate: {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: to,
      namespace: "{{ request.object.metadata.namespace }}",
      data: { data, ...metadata },
    },
  };
}

/** root -> middle -> leaf, in the namespace of that name. */
function threeLevels(name: string, last: Partial<TestRule> = {}): object {
  const first = link("first", name, {
    name: "middle",
    data: { n: "{{ request.object.data.n }}" },
    label: `${name}-middle`,
  });
  const second = link("second", `${name}-middle`, { name: "leaf", data: { n: "{{ request.object.data.n }}!" } });
  return clusterPolicy(name, first, { ...second, ...last });
}

function root(where: string, data: Labels = { n: "1" }): object {
  return storedConfigMap(where, "root", data, { labels: { [where]: "yes" } });
}

function at(where: string, name: string): Place {
  return ["configmap", where, name];
}

/** What the operator wrote since, other than what it reports. */
async function writesSince(mark: Awaited<ReturnType<typeof markAudit>>): Promise<string[]> {
  const isWrite = (request: Audited): boolean =>
    !["get", "list"].includes(request.verb) && request.objectRef?.subresource !== "status" && !isLeaseRenewal(request);
  return (await operatorRequests(cluster, mark)).filter(isWrite).map(printRequest);
}

describe("a chain", () => {
  it("follows its first trigger, and is put right at every level", async () => {
    await cluster.apply(namespace("levels"), threeLevels("levels"), root("levels"));
    await waitForObject(cluster, at("levels", "leaf"), hasData({ n: "1!" }));
    await edit(cluster, at("levels", "root"), { n: "2" });
    await waitForObject(cluster, at("levels", "leaf"), hasData({ n: "2!" }));
    await edit(cluster, at("levels", "middle"), { n: "hacked" });
    await waitForObject(cluster, at("levels", "middle"), hasData({ n: "2" }));
    await waitForObject(cluster, at("levels", "leaf"), hasData({ n: "2!" }));
    await cluster.kubectl("delete", "configmap", "middle", "-n", "levels");
    await waitForObject(cluster, at("levels", "middle"), hasData({ n: "2" }));
    await waitForObject(cluster, at("levels", "leaf"), hasData({ n: "2!" }));
    await waitForCondition(cluster, "levels", { type: "InSync", status: "True" });
  });

  it("goes level by level when its first trigger is deleted", async () => {
    await cluster.apply(namespace("ends"), threeLevels("ends"), root("ends"));
    await waitForObject(cluster, at("ends", "leaf"));
    await cluster.kubectl("delete", "configmap", "root", "-n", "ends");
    await waitUntilGone(cluster, at("ends", "middle"));
    await waitUntilGone(cluster, at("ends", "leaf"));
  });

  it("goes too when its first trigger was deleted while nobody looked", async () => {
    await cluster.apply(namespace("unseen"), threeLevels("unseen"), root("unseen"));
    await waitForObject(cluster, at("unseen", "leaf"));
    await operator.stop();
    await cluster.kubectl("delete", "configmap", "root", "-n", "unseen");
    operator = await startOperator(cluster, { flags: FLAGS });
    await waitUntilGone(cluster, at("unseen", "middle"));
    await waitUntilGone(cluster, at("unseen", "leaf"));
  });

  it("may make a Namespace, and what lies in it", async () => {
    const tenant: TestRule = {
      ...link("tenant", "tenant", { name: "", data: {} }),
      generate: {
        apiVersion: "v1",
        kind: "Namespace",
        name: TRIGGER_NAME,
        data: { metadata: { labels: { "tenant-namespace": "yes" } } },
      },
    };
    const settings: TestRule = {
      name: "settings",
      skipBackgroundRequests: false,
      match: {
        any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { "tenant-namespace": "yes" } } } }],
      },
      generate: {
        apiVersion: "v1",
        kind: "ConfigMap",
        name: "settings",
        namespace: TRIGGER_NAME,
        data: { data: { of: TRIGGER_NAME } },
      },
    };
    await cluster.apply(namespace("tenants"), clusterPolicy("tenant", tenant), clusterPolicy("settings", settings));
    await cluster.apply(storedConfigMap("tenants", "acme", {}, { labels: { tenant: "yes" } }));
    await waitForObject(cluster, at("acme", "settings"), hasData({ of: "acme" }));
    await cluster.kubectl("delete", "configmap", "acme", "-n", "tenants");
    await waitUntil("the namespace is going", async () => {
      const live = await cluster.get("namespace", "", "acme"); // nothing here takes its finalizer off
      return live === undefined || live.metadata.deletionTimestamp !== undefined;
    });
  });
});

describe("what was generated", () => {
  it("triggers no rule that does not ask for it, and stops when a rule asks no more", async () => {
    await cluster.apply(namespace("deaf"), threeLevels("deaf", { skipBackgroundRequests: true }), root("deaf"));
    await waitForObject(cluster, at("deaf", "middle"));
    await waitForCondition(cluster, "deaf", { type: "InSync", status: "True" });
    await laterEventProcessed(cluster, operator);
    expect(await cluster.get(...at("deaf", "leaf"))).toBeUndefined();
    await cluster.apply(threeLevels("deaf"));
    await waitForObject(cluster, at("deaf", "leaf"));
    await cluster.apply(threeLevels("deaf", { skipBackgroundRequests: true }));
    await waitUntilGone(cluster, at("deaf", "leaf"));
    await waitForObject(cluster, at("deaf", "middle"));
  });

  it("triggers it when its marks are those of another object", async () => {
    await cluster.apply(namespace("forged"), threeLevels("forged", { skipBackgroundRequests: true }), root("forged"));
    const { metadata } = await waitForObject(cluster, at("forged", "middle"));
    const { labels = {}, annotations = {} } = metadata;
    await cluster.apply(storedConfigMap("forged", "copied", { n: "7" }, { labels, annotations }));
    await waitForObject(cluster, at("forged", "leaf"), hasData({ n: "7!" }));
  });
});

describe("a chain without end", () => {
  it("is cut off, says which round, and is cleaned up with its first trigger", async () => {
    const grow = link("grow", "grow", { name: `${TRIGGER_NAME}-1`, data: {}, label: "grow" });
    await cluster.apply(namespace("endless"), clusterPolicy("grow", grow));
    await cluster.apply(storedConfigMap("endless", "a", {}, { labels: { grow: "yes" } }));
    await waitForCondition(cluster, "grow", { type: "InSync", status: "False", reason: "Cycle" });
    const [failure] = (await policyStatus(cluster, "grow")).failures ?? [];
    const last = `ConfigMap endless/a${"-1".repeat(8)}`;
    expect(failure).toMatchObject({ rule: "grow", reason: "Cycle" });
    expect(failure?.message).toContain(`${last} -> rule grow of ClusterPolicy grow -> ${last}-1: `);
    const mark = await markAudit(cluster);
    await laterEventProcessed(cluster, operator);
    expect((await writesSince(mark)).filter((request) => request.includes(" endless/"))).toEqual([]);
    expect(await cluster.list("configmap", "endless", "grow")).toHaveLength(9);
    await cluster.kubectl("delete", "configmap", "a", "-n", "endless");
    await waitUntil("nothing is left", async () => (await cluster.list("configmap", "endless", "grow")).length === 0);
    await waitForCondition(cluster, "grow", { type: "InSync", status: "True" });
  });

  it("is refused where two rules would count each other up", async () => {
    const more = { n: "{{ request.object.data.n }}+" };
    const there = link("there", "ping", { name: "pong", data: more, label: "pong" });
    const back = link("back", "pong", { name: "ping", data: more, label: "ping" });
    await cluster.apply(namespace("counting"), clusterPolicy("counting", there, back));
    await cluster.apply(storedConfigMap("counting", "ping", { n: "0" }, { labels: { ping: "yes" } }));
    const status = await waitForCondition(cluster, "counting", { type: "InSync", status: "False", reason: "Cycle" });
    expect(status.failures?.[0]?.message).toContain(
      "ConfigMap counting/ping -> rule there of ClusterPolicy counting -> ConfigMap counting/pong -> rule back of ClusterPolicy counting -> ConfigMap counting/ping: ",
    );
    await waitForObject(cluster, at("counting", "pong"), hasData({ n: "0+" }));
    await waitForObject(cluster, at("counting", "ping"), hasData({ n: "0" }));
    const mark = await markAudit(cluster);
    await laterEventProcessed(cluster, operator);
    expect((await writesSince(mark)).filter((request) => request.includes(" counting/"))).toEqual([]);
  });
});
