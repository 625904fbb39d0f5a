/** Rules that act on changes, once for each that is seen: UPDATE and DELETE from the watch, with the object as it was before. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import { type FaultRule, type ProxiedRequest, statusBody } from "./fault-proxy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  hasData,
  laterEventProcessed,
  namespace,
  type OperatorProcess,
  type Place,
  type ProxiedAccess,
  policyStatus,
  startCluster,
  startOperator,
  startProxy,
  storedConfigMap,
  waitForCondition,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
  await cluster.apply(namespace("archive"), namespace("work"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function archived(name: string): Place {
  return ["configmap", "archive", name];
}

async function madeBy(policy: string): Promise<KubernetesObject[]> {
  return cluster.list("configmaps", "archive", `perennial.dev/policy=${policy}`);
}

/** ConfigMaps with a label. */
function maps(label: string, ...listed: string[]): object {
  const operations = listed.length === 0 ? undefined : listed;
  return { any: [{ resources: { kinds: ["ConfigMap"], selector: { matchLabels: { [label]: "*" } }, operations } }] };
}

async function serve(name: string, rule: object): Promise<void> {
  await cluster.apply(clusterPolicy(name, { name: "edge", ...rule } as Parameters<typeof clusterPolicy>[1])); // a rule without a name
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
}

function archiveOf(name: string, data: object, more: object = {}): object {
  return configMap(name, data, { namespace: "archive", ...more });
}

describe("a rule for DELETE", () => {
  beforeAll(async () => {
    await serve("deleted", {
      match: {
        any: [
          {
            resources: { kinds: ["Namespace"], selector: { matchLabels: { archive: "yes" } }, operations: ["DELETE"] },
          },
        ],
      },
      generate: archiveOf("gone-{{ request.object.metadata.name }}", {
        team: "{{ request.object.metadata.labels.team }}",
        uid: "{{ request.oldObject.metadata.uid }}",
        by: "{{ request.operation }}",
      }),
    });
  });

  it("makes its target when the trigger goes, and tells that it is an edge", async () => {
    await cluster.apply(namespace("leaving", { archive: "yes", team: "checkout" }));
    const { metadata } = await waitForObject(cluster, ["namespace", "", "leaving"]);
    await laterEventProcessed(cluster, operator);
    expect(await cluster.get(...archived("gone-leaving"))).toBeUndefined();
    await cluster.kubectl("delete", "namespace", "leaving");
    await waitForObject(
      cluster,
      archived("gone-leaving"),
      hasData({ team: "checkout", uid: metadata.uid ?? "", by: "DELETE" }),
    );
    const { rules } = await policyStatus(cluster, "deleted");
    expect(rules).toEqual([{ name: "edge", type: "Edge", triggers: 0, desired: 0, inSync: 0, failed: 0 }]);
  });

  it("leaves it there when the trigger comes back, and writes it anew when that goes", async () => {
    await cluster.apply(namespace("leaving", { archive: "yes", team: "search" }));
    const { metadata } = await waitForObject(cluster, ["namespace", "", "leaving"]);
    await laterEventProcessed(cluster, operator);
    const before = await waitForObject(cluster, archived("gone-leaving"));
    expect(before.data).toMatchObject({ team: "checkout" });
    await cluster.kubectl("delete", "namespace", "leaving");
    await waitForObject(
      cluster,
      archived("gone-leaving"),
      hasData({ team: "search", uid: metadata.uid ?? "", by: "DELETE" }),
    );
    expect((await waitForObject(cluster, archived("gone-leaving"))).metadata.uid).toBe(before.metadata.uid);
  });

  it("neither puts its target back nor deletes it with the policy, after a restart too", async () => {
    await operator.stop();
    operator = await startOperator(cluster);
    await cluster.kubectl(
      "patch",
      "configmap",
      "gone-leaving",
      "-n",
      "archive",
      "--type=merge",
      "-p",
      '{"data":{"by":"me"}}',
    );
    await laterEventProcessed(cluster, operator);
    expect((await waitForObject(cluster, archived("gone-leaving"))).data).toMatchObject({ by: "me" });
    await cluster.kubectl("delete", "clusterpolicy", "deleted");
    await waitForObject(
      cluster,
      archived("gone-leaving"),
      ({ metadata }) => metadata.labels?.["perennial.dev/claim"] === undefined,
    );
  });
});

describe("a rule for UPDATE", () => {
  const AUDIT = {
    size: "{{ request.object.data.size }}",
    before: "{{ request.oldObject.data.size }}",
  };

  it("acts on each of fifty quick changes, in their order", async () => {
    await serve("audit", {
      match: maps("audit", "UPDATE"),
      generate: archiveOf("audit-{{ request.object.metadata.resourceVersion }}", AUDIT, { synchronize: false }),
    });
    await serve("latest", {
      match: maps("audit", "UPDATE"),
      generate: archiveOf("latest-{{ request.object.metadata.name }}", AUDIT),
    });
    await cluster.apply(storedConfigMap("work", "sized", { size: "0" }, { labels: { audit: "yes" } }));
    for (let size = 1; size <= 50; size++) await resize("sized", size);
    await waitUntil("all are there", async () => (await madeBy("audit")).length === 50);
    const pairs = (await madeBy("audit")).map(({ data }) => data as { size: string; before: string });
    expect(pairs.toSorted((a, b) => Number(a.size) - Number(b.size))).toEqual(
      Array.from({ length: 50 }, (_, i) => ({ size: `${i + 1}`, before: `${i}` })),
    );
    await waitForObject(cluster, archived("latest-sized"), hasData({ size: "50", before: "49" }));
  });

  it("acts on nothing that happens while no operator runs, and on no start", async () => {
    const before = (await madeBy("audit")).length;
    await operator.kill();
    await resize("sized", 51);
    operator = await startOperator(cluster);
    await laterEventProcessed(cluster, operator);
    await resize("sized", 52);
    await waitUntil("the next one is there", async () => (await madeBy("audit")).length > before);
    await laterEventProcessed(cluster, operator);
    expect((await madeBy("audit")).length).toBe(before + 1);
    await waitForObject(cluster, archived("latest-sized"), hasData({ size: "52", before: "51" }));
  });

  it("does not act on creations, or when labels no longer match", async () => {
    const before = (await madeBy("audit")).length;
    await cluster.apply(storedConfigMap("work", "fresh", { size: "1" }, { labels: { audit: "yes" } }));
    await cluster.kubectl("label", "configmap", "fresh", "-n", "work", "audit-");
    await laterEventProcessed(cluster, operator);
    expect((await madeBy("audit")).length).toBe(before);
  });

  it("may be one by its preconditions or by what it reads", async () => {
    await serve("by-precondition", {
      match: maps("implicit"),
      preconditions: { all: [{ key: "{{ request.operation }}", operator: "Equals", value: "UPDATE" }] },
      generate: archiveOf("precondition-{{ request.object.metadata.name }}", { a: "b" }),
    });
    await serve("by-old-object", {
      match: maps("implicit"),
      preconditions: {
        all: [
          {
            key: "{{ request.oldObject.data.size || '' }}",
            operator: "NotEquals",
            value: "{{ request.object.data.size }}",
          },
        ],
      },
      generate: archiveOf("resized-{{ request.object.metadata.name }}", {
        was: "{{ request.oldObject.data.size || 'new' }}",
      }),
    });
    await cluster.apply(storedConfigMap("work", "implicit", { size: "1" }, { labels: { implicit: "yes" } }));
    await waitForObject(cluster, archived("resized-implicit"), hasData({ was: "new" }));
    expect(await cluster.get(...archived("precondition-implicit"))).toBeUndefined();
    await resize("implicit", 2);
    await waitForObject(cluster, archived("resized-implicit"), hasData({ was: "1" }));
    await waitForObject(cluster, archived("precondition-implicit"));
  });

  it("tries again until the API server takes what it makes, and then goes on with the next change", async () => {
    await cluster.apply(
      storedConfigMap("work", "limited", { size: "0" }, { labels: { limited: "yes" } }),
      namespace("limited"),
      {
        ...{ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "none", namespace: "limited" } },
        spec: { hard: { configmaps: "0" } },
      },
    );
    await serve("limited", {
      match: maps("limited", "UPDATE"),
      generate: archiveOf("limited-{{ request.object.data.size }}", AUDIT, {
        namespace: "limited",
        synchronize: false,
      }),
    });
    await waitUntil("the quota counts", async () => {
      const quota = await cluster.get("resourcequota", "limited", "none");
      return JSON.stringify(quota?.status ?? {}).includes("used");
    }).catch(() => {}); // there may be nobody who counts: the API server refuses all the same
    await resize("limited", 1);
    await resize("limited", 2);
    await waitForCondition(cluster, "limited", { type: "InSync", status: "False" });
    await cluster.kubectl("delete", "resourcequota", "none", "-n", "limited");
    for (const size of ["1", "2"]) await waitForObject(cluster, ["configmap", "limited", `limited-${size}`]);
    await waitForCondition(cluster, "limited", { type: "InSync", status: "True" });
  });
});

describe("a rule that fails for long", () => {
  it("keeps the first hundred changes of an object, and tells how many it lost until the policy is changed", async () => {
    await cluster.apply(storedConfigMap("work", "stuck", { size: "0" }, { labels: { stuck: "yes" } }));
    const rule = {
      match: maps("stuck", "UPDATE"),
      generate: archiveOf("stuck-{{ request.object.data.size }}", {}, { namespace: "nowhere", synchronize: false }),
    };
    await serve("stuck", rule);
    for (let size = 1; size <= 103; size++) await resize("stuck", size);
    await waitUntil("the status tells it", async () => {
      const { failures = [] } = await policyStatus(cluster, "stuck");
      return failures.some(
        ({ reason, message }) => reason === "ChangesLost" && message.startsWith("3 changes are lost"),
      );
    });
    await cluster.apply(namespace("nowhere"));
    await waitForObject(cluster, ["configmap", "nowhere", "stuck-100"]);
    expect(await cluster.list("configmaps", "nowhere", "perennial.dev/policy=stuck")).toHaveLength(100);
    await waitForCondition(cluster, "stuck", { type: "InSync", status: "False", reason: "ChangesLost" });
    await serve("stuck", { ...rule, match: maps("unstuck", "UPDATE") });
    await waitForCondition(cluster, "stuck", { type: "InSync", status: "True" });
  });
});

describe("a watch that is cut off", () => {
  let access: ProxiedAccess;

  beforeAll(async () => {
    access = await startProxy(cluster);
    await operator.stop();
    operator = await startOperator(cluster, { flags: ["--kubeconfig", access.kubeconfig] });
    await serve("cut-off", {
      match: maps("cut", "UPDATE", "DELETE"),
      generate: archiveOf(
        "cut-{{ request.operation | to_lower(@) }}-{{ random('[a-z0-9]{8}') }}",
        { now: "{{ request.object.data.size }}", before: "{{ request.oldObject.data.size }}" },
        { synchronize: false },
      ),
    });
    for (const name of ["kept", "doomed"])
      await cluster.apply(storedConfigMap("work", name, { size: "0" }, { labels: { cut: "yes" } }));
    await laterEventProcessed(cluster, operator);
  });

  afterAll(async () => {
    access.proxy.calm();
    await operator.stop();
    await access.proxy.stop();
    operator = await startOperator(cluster);
  });

  const isOfMaps = ({ path, method }: ProxiedRequest): boolean => method === "GET" && path.endsWith("/v1/configmaps");

  /** Each as its name without what is random, and its data. */
  async function seen(): Promise<string[]> {
    const made = await madeBy("cut-off");
    return made
      .map(({ metadata, data }) => `${metadata.name.split("-")[1]} ${JSON.stringify(data)}`)
      .toSorted((a, b) => a.localeCompare(b));
  }

  it("shows one update with the object as it was known, and one deletion, when it begins with a new list", async () => {
    let refused = 0;
    const expired: FaultRule = {
      request: (request) => {
        if (!isOfMaps(request)) return undefined;
        refused += 1;
        const [status, reason] = request.isWatch ? [410, "Expired"] : [503, "ServiceUnavailable"];
        return { fault: "answer", status, body: statusBody(status, reason, "not now") };
      },
    };
    await access.proxy.during(expired, async () => {
      access.proxy.resetAll();
      await waitUntil("a new list was refused", async () => refused >= 2);
      for (const size of [1, 2, 3]) await resize("kept", size);
      await cluster.kubectl("delete", "configmap", "doomed", "-n", "work");
    });
    const expected = ['delete {"before":"0","now":"0"}', 'update {"before":"0","now":"3"}'];
    await waitUntil("both are there", async () => (await seen()).length >= 2);
    expect(await seen()).toEqual(expected);
    access.proxy.resetAll(); // from the last event on: nothing is seen twice
    await laterEventProcessed(cluster, operator);
    expect(await seen()).toEqual(expected);
  });

  it("loses no change for answers that are refused or lost, and makes none twice", async () => {
    const before = (await seen()).length;
    let faults = 0;
    const refusing: FaultRule = {
      request: ({ method, path }) => {
        if (method !== "PATCH" || !path.includes("/archive/configmaps/cut-") || faults >= 6) return undefined;
        faults += 1;
        if (faults % 3 === 0) return { fault: "lose-answer" };
        const [status, reason] = faults % 2 === 0 ? [429, "TooManyRequests"] : [503, "ServiceUnavailable"];
        return { fault: "answer", status, body: statusBody(status, reason, "not now") };
      },
    };
    await access.proxy.during(refusing, async () => {
      for (const size of [4, 5, 6]) await resize("kept", size);
      await waitUntil("all are there", async () => (await seen()).length >= before + 3);
    });
    await laterEventProcessed(cluster, operator);
    expect(faults).toBe(6);
    expect((await seen()).length).toBe(before + 3);
  });
});

async function resize(name: string, size: number): Promise<void> {
  const path = `/api/v1/namespaces/work/configmaps/${name}`;
  const { body } = (await cluster.plane.request("GET", path)) as { body: KubernetesObject };
  const { status } = await cluster.plane.request("PUT", path, { ...body, data: { size: `${size}` } });
  expect(status).toBe(200);
}
