/** The namespaces of the system are left alone, whatever a policy matches; one that names them is told why. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PolicyStatus } from "../src/policy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  namespacedPolicy,
  namespacesLabelled,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  startCluster,
  startOperator,
  waitForCondition,
  waitUntil,
} from "./harness/index.ts";

const SYSTEM = ["kube-system", "kube-public", "kube-node-lease", OPERATOR_NAMESPACE];

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
  await cluster.apply({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", labels: { "system-test": "yes" } },
  });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function matching(resources: object): object {
  return { any: [{ resources }] };
}

function inShop(name: string): object {
  return { ...configMap(name, { a: "b" }), namespace: "shop" };
}

function isThere(namespace: string, name: string): Promise<boolean> {
  return cluster.get("configmap", namespace, name).then((found) => found !== undefined);
}

/** Waits until a policy was planned, and gives what it says of system namespaces. */
async function namedSystemNamespaces(policy: string, namespace = ""): Promise<PolicyStatus["failures"]> {
  const status = await waitForCondition(cluster, policy, { type: "Ready", status: "True", namespace });
  return (status.failures ?? []).filter(({ reason }) => reason === "SystemNamespace");
}

/** All other namespaces have it, and a new one gets it last: so all were looked at. */
async function expectEverywhereBut(
  untouched: readonly string[],
  served: readonly string[],
  last: string,
): Promise<void> {
  await cluster.kubectl("create", "namespace", last);
  for (const name of [...served, last]) await waitUntil(`${name} is served`, () => isThere(name, "everywhere"));
  for (const name of untouched) expect(await isThere(name, "everywhere"), name).toBe(false);
}

describe("a policy about every Namespace", () => {
  it("leaves the system's and the operator's own untouched", async () => {
    const match = matching({ kinds: ["Namespace"] });
    await cluster.apply(
      clusterPolicy("everywhere", { name: "make", match, generate: configMap("everywhere", { a: "b" }) }),
    );
    await expectEverywhereBut(SYSTEM, ["default", "shop"], "first");
    // "first" was made a moment ago: the status counts it within a second or so
    await expect
      .poll(async () => waitForCondition(cluster, "everywhere", { type: "InSync", status: "True" }), {
        timeout: 30_000,
      })
      .toMatchObject({
        summary: { triggers: 3, ratio: "3/3" },
        failures: [], // nobody named them, so nobody misses them
      });
  });

  it("leaves them untouched also when somebody changes them", async () => {
    for (const name of SYSTEM) await cluster.kubectl("label", "namespace", name, "touched=yes");
    await expectEverywhereBut(SYSTEM, [], "second");
  });
});

describe("a policy about objects of every namespace", () => {
  it("is not triggered by those of the system", async () => {
    for (const namespace of [...SYSTEM, "shop"])
      await cluster.kubectl("create", "secret", "generic", `of-${namespace}`, "-n", namespace);
    const match = matching({ kinds: ["Secret"], names: ["of-*"] });
    const generate = inShop("{{ request.object.metadata.name }}");
    await cluster.apply(clusterPolicy("secrets", { name: "make", match, generate }));
    await waitUntil("the other is served", () => isThere("shop", "of-shop"));
    const status = await waitForCondition(cluster, "secrets", { type: "InSync", status: "True" });
    expect(status.summary).toMatchObject({ triggers: 1, ratio: "1/1" });
  });
});

describe("a policy that names a namespace of the system", () => {
  it("as the place of its target is told why it is not served", async () => {
    const generate = { ...configMap("intruder", { a: "b" }), namespace: "kube-system" };
    await cluster.apply(
      clusterPolicy("intruder", { name: "make", match: namespacesLabelled("system-test"), generate }),
    );
    const status = await waitForCondition(cluster, "intruder", {
      type: "InSync",
      status: "False",
      reason: "SystemNamespace",
    });
    expect(condition(status, "Ready")?.status).toBe("True");
    expect(status.failures?.[0]).toMatchObject({
      rule: "make",
      trigger: { kind: "Namespace", name: "shop" },
      target: { kind: "ConfigMap", namespace: "kube-system", name: "intruder" },
      reason: "SystemNamespace",
    });
    expect(status.failures?.[0]?.message).toMatch(/kube-system is a system namespace.*--system-namespaces/);
    expect(await isThere("kube-system", "intruder")).toBe(false);
  });

  it("as its target is told the same", async () => {
    const generate = {
      apiVersion: "v1",
      kind: "Namespace",
      name: "kube-public",
      data: { metadata: { labels: { intruder: "yes" } } },
    };
    await cluster.apply(clusterPolicy("renamer", { name: "make", match: namespacesLabelled("system-test"), generate }));
    const status = await waitForCondition(cluster, "renamer", {
      type: "InSync",
      status: "False",
      reason: "SystemNamespace",
    });
    expect(status.failures?.[0]).toMatchObject({ target: { kind: "Namespace", name: "kube-public" } });
    expect((await cluster.get("namespace", "", "kube-public"))?.metadata.labels).not.toHaveProperty("intruder");
  });

  it.each([
    ["by the name of the Namespace", { kinds: ["Namespace"], names: ["kube-system", "shop"] }],
    ["by a single name", { kinds: ["v1/Namespace"], name: "kube-system" }],
    ["by the namespace of its triggers", { kinds: ["Secret"], namespaces: ["kube-system", "none"] }],
  ])("in match, %s, is told why it is not served", async (_how, resources) => {
    const rule = { name: "make", match: matching(resources), generate: inShop("named") };
    await cluster.apply(clusterPolicy("named", rule));
    const told = await namedSystemNamespaces("named");
    expect(told).toHaveLength(1);
    expect(told?.[0]).toMatchObject({
      rule: "make",
      trigger: { apiVersion: "v1", kind: "Namespace", name: "kube-system" },
      message: expect.stringMatching(/kube-system.*system namespace.*--system-namespaces/),
    });
    await cluster.kubectl("delete", "clusterpolicy", "named");
  });

  it.each([
    ["by a pattern", { match: matching({ kinds: ["Namespace"], names: ["kube-*"] }) }],
    ["as the name of something else", { match: matching({ kinds: ["Secret"], names: ["kube-system"] }) }],
    [
      "in exclude",
      {
        match: matching({ kinds: ["Namespace"], names: ["kube-*"] }),
        exclude: matching({ names: ["kube-system"], namespaces: ["kube-system"] }),
      },
    ],
  ])("%s is not told, as nobody misses it", async (_how, selection) => {
    await cluster.apply(clusterPolicy("unnamed", { name: "make", generate: inShop("unnamed"), ...selection }));
    expect(await namedSystemNamespaces("unnamed")).toEqual([]);
    await cluster.kubectl("delete", "clusterpolicy", "unnamed");
  });

  it("by lying in it is told why it is not served", async () => {
    const match = matching({ kinds: ["Secret"] });
    const generate = { ...configMap("inside", {}), namespace: "kube-public" };
    await cluster.apply(namespacedPolicy("kube-public", "inside", { name: "make", match, generate }));
    const told = await namedSystemNamespaces("inside", "kube-public");
    expect(told?.[0]?.trigger).toMatchObject({ kind: "Namespace", name: "kube-public" });
    expect(await isThere("kube-public", "inside")).toBe(false);
  });
});

describe("--system-namespaces", () => {
  it("serves those that it names, and only those", async () => {
    await operator.stop();
    operator = await startOperator(cluster, { flags: ["--system-namespaces", "kube-public"] });
    await expectEverywhereBut(["kube-system", "kube-node-lease", OPERATOR_NAMESPACE], ["kube-public", "shop"], "third");
    await waitUntil("the policy that lies in it is served", () => isThere("kube-public", "inside"));
    await waitUntil(
      "nothing is missed any more",
      async () => (await namedSystemNamespaces("inside", "kube-public"))?.length === 0,
    );
  });

  it("keeps what was made there when it is taken back", async () => {
    const before = await cluster.get("configmap", "kube-public", "everywhere");
    await operator.stop();
    operator = await startOperator(cluster);
    await expectEverywhereBut(["kube-system", "kube-node-lease", OPERATOR_NAMESPACE], ["shop"], "fourth");
    const after = await cluster.get("configmap", "kube-public", "everywhere");
    expect(after?.metadata.uid).toBe(before?.metadata.uid);
    expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });
});
