/** Copies of a source: they come with it, follow it, go with it; whoever looks away meanwhile. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  hasData,
  type Labels,
  markAudit,
  namespace,
  namespacedPolicy,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  printRequest,
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
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
  await cluster.apply(namespace("origin"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** For each namespace with the label, a copy of the ConfigMap of that name in `origin`. */
function copying(name: string, more: object = {}): object {
  return clusterPolicy(name, {
    name: "copy",
    match: namespacesLabelled(name),
    generate: {
      apiVersion: "v1",
      kind: "ConfigMap",
      name,
      namespace: TRIGGER_NAME,
      clone: { namespace: "origin", name },
      ...more,
    },
  });
}

function source(name: string, data: Labels, metadata: object = {}): object {
  return storedConfigMap("origin", name, data, metadata);
}

/** The namespace of a test is named like its policy. */
function place(name: string): readonly ["configmap", string, string] {
  return ["configmap", name, name];
}

async function stored(name: string): Promise<KubernetesObject> {
  return waitForObject(cluster, ["configmap", "origin", name]);
}

async function setUp(name: string, data: Labels | undefined, more: object = {}): Promise<void> {
  if (data !== undefined) await cluster.apply(source(name, data));
  await cluster.apply(namespace(name, { [name]: "yes" }), copying(name, more));
  if (data !== undefined) await waitForObject(cluster, place(name), hasData(data));
}

describe("a copy", () => {
  it("has the source's content, labels and annotations, and says where it is from", async () => {
    const metadata = {
      labels: { tier: "gold", "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "release" },
      annotations: { note: "hello", "argocd.argoproj.io/tracking-id": "app:/ConfigMap:origin/whole" },
      finalizers: ["example.com/hold"],
    };
    await cluster.apply({ ...source("whole", { a: "1" }, metadata), binaryData: { b: "AQI=" } });
    await cluster.apply(namespace("whole", { whole: "yes" }), copying("whole"));
    const copy = await waitForObject(cluster, place("whole"), hasData({ a: "1" }));
    expect(copy.binaryData).toEqual({ b: "AQI=" });
    expect(copy.metadata.labels).toMatchObject({ tier: "gold", "app.kubernetes.io/managed-by": "perennial" });
    expect(copy.metadata.labels).not.toHaveProperty(["app.kubernetes.io/instance"]);
    expect(copy.metadata.annotations).toMatchObject({
      note: "hello",
      "perennial.dev/source": "ConfigMap origin/whole",
    });
    expect(copy.metadata.annotations).not.toHaveProperty(["argocd.argoproj.io/tracking-id"]);
    expect(copy.metadata.finalizers).toBeUndefined();
    await waitForCondition(cluster, "whole", { type: "InSync", status: "True" });
    await cluster.kubectl(
      "patch",
      "configmap",
      "whole",
      "-n",
      "origin",
      "--type=merge",
      "-p",
      '{"metadata":{"finalizers":null}}',
    );
  });

  it("is kept exact: what somebody edits, adds or deletes is put right", async () => {
    await setUp("exact", { a: "1" });
    const patch = '{"data":{"a":"2","added":"x"}}';
    await cluster.kubectl("patch", "configmap", "exact", "-n", "exact", "--type=merge", "-p", patch);
    await waitForObject(cluster, place("exact"), hasData({ a: "1" }));
    await cluster.kubectl("delete", "configmap", "exact", "-n", "exact");
    await waitForObject(cluster, place("exact"), hasData({ a: "1" }));
  });
});

describe("a source", () => {
  it("that is missing is named, and is copied as soon as it appears", async () => {
    await setUp("late", undefined);
    const status = await waitForCondition(cluster, "late", {
      type: "InSync",
      status: "False",
      reason: "SourceMissing",
    });
    expect(condition(status, "InSync")?.message).toBe(
      "spec.rules[0].generate.clone: ConfigMap origin/late does not exist; create it, or correct its name and namespace",
    );
    expect(condition(status, "Ready")?.status).toBe("True");
    expect(status.failures).toMatchObject([
      { reason: "SourceMissing", trigger: { name: "late" }, target: { kind: "ConfigMap", namespace: "late" } },
    ]);
    await cluster.apply(source("late", { a: "1" }));
    await waitForObject(cluster, place("late"), hasData({ a: "1" }));
    await waitForCondition(cluster, "late", { type: "InSync", status: "True" });
  });

  it("that changes is followed by one write, and by none when its content is the same", async () => {
    await setUp("changing", { a: "1", b: "1" });
    await waitForCondition(cluster, "changing", { type: "InSync", status: "True" });
    const before = versionOf(await stored("changing"));
    const mark = await markAudit(cluster);
    await cluster.apply(source("changing", { a: "2" }));
    await waitForObject(cluster, place("changing"), hasData({ a: "2" }));
    await cluster.kubectl("annotate", "configmap", "changing", "-n", "origin", "kubectl.kubernetes.io/restartedAt=now");
    await cluster.apply(source("changing", { a: "3" }));
    await waitForObject(cluster, place("changing"), hasData({ a: "3" }));
    const requests = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.resource === "configmaps",
    );
    expect(requests.map(printRequest)).toEqual([
      "patch configmaps changing/changing 200",
      "patch configmaps changing/changing 200",
    ]);
    expect(before).not.toBe(versionOf(await stored("changing"))); // by us, not by the operator: see its requests
  });

  it("that goes takes its copies with it, and brings them back when it is back", async () => {
    await setUp("leaving", { a: "1" });
    await cluster.kubectl("delete", "configmap", "leaving", "-n", "origin");
    await waitUntilGone(cluster, place("leaving"));
    await waitForCondition(cluster, "leaving", { type: "InSync", status: "False", reason: "SourceMissing" });
    await cluster.apply(source("leaving", { a: "2" }));
    await waitForObject(cluster, place("leaving"), hasData({ a: "2" }));
    await waitForCondition(cluster, "leaving", { type: "InSync", status: "True" });
  });
});

describe("whatever the source is besides", () => {
  it("may be in the namespace that triggers: there nothing is copied, and nothing is amiss", async () => {
    const policy = clusterPolicy("everywhere", {
      name: "copy",
      match: namespacesLabelled("everywhere"),
      generate: {
        ...{ apiVersion: "v1", kind: "ConfigMap", name: "everywhere", namespace: TRIGGER_NAME },
        clone: { namespace: "origin", name: "everywhere" },
      },
    });
    await cluster.apply(source("everywhere", { a: "1" }));
    const before = versionOf(await stored("everywhere"));
    await cluster.apply(policy, namespace("everywhere", { everywhere: "yes" }));
    await cluster.kubectl("label", "namespace", "origin", "everywhere=yes");
    await waitForObject(cluster, place("everywhere"), hasData({ a: "1" }));
    // the status follows the copies within a second or so
    await expect
      .poll(async () => (await waitForCondition(cluster, "everywhere", { type: "InSync", status: "True" })).summary, {
        timeout: 30_000,
      })
      .toMatchObject({ triggers: 2, desired: 1 });
    expect(versionOf(await stored("everywhere"))).toBe(before);
    await cluster.kubectl("label", "namespace", "origin", "everywhere-");
    await cluster.apply(source("everywhere", { a: "2" }));
    await waitForObject(cluster, place("everywhere"), hasData({ a: "2" }));
    expect((await stored("everywhere")).metadata.labels ?? {}).toEqual({});
  });

  it("may be what another rule generates, and copies follow that", async () => {
    await cluster.apply(
      namespace("chained", { "chain-start": "yes" }),
      namespace("chain-end", { "chain-end": "yes" }),
      clusterPolicy("chain-start", {
        name: "make",
        match: namespacesLabelled("chain-start"),
        generate: {
          ...configMap("link", { a: "1" }),
          data: { metadata: { labels: { kept: "yes" } }, data: { a: "1" } },
        },
      }),
      clusterPolicy("chain-end", {
        name: "copy",
        match: namespacesLabelled("chain-end"),
        generate: {
          ...{ apiVersion: "v1", kind: "ConfigMap", name: "link", namespace: TRIGGER_NAME },
          clone: { namespace: "chained", name: "link" },
        },
      }),
    );
    const copy = await waitForObject(cluster, ["configmap", "chain-end", "link"], hasData({ a: "1" }));
    expect(copy.metadata.labels).toMatchObject({ kept: "yes", "perennial.dev/policy": "chain-end" });
    await cluster.kubectl("delete", "clusterpolicy", "chain-start");
    await waitUntilGone(cluster, ["configmap", "chained", "link"]);
    await waitUntilGone(cluster, ["configmap", "chain-end", "link"]);
  });

  it("may be the trigger itself", async () => {
    await cluster.apply(
      namespace("mirror"),
      namespace("mirrored"),
      clusterPolicy("mirror", {
        name: "copy",
        match: { any: [{ resources: { kinds: ["ConfigMap"], namespaces: ["mirror"], names: ["seen-*"] } }] },
        generate: {
          ...{ apiVersion: "v1", kind: "ConfigMap", name: TRIGGER_NAME, namespace: "mirrored" },
          clone: { namespace: "{{ request.object.metadata.namespace }}", name: TRIGGER_NAME },
        },
      }),
      storedConfigMap("mirror", "seen-one", { a: "1" }),
    );
    await waitForObject(cluster, ["configmap", "mirrored", "seen-one"], hasData({ a: "1" }));
    await cluster.apply(storedConfigMap("mirror", "seen-one", { a: "2" }));
    await waitForObject(cluster, ["configmap", "mirrored", "seen-one"], hasData({ a: "2" }));
    await cluster.kubectl("delete", "configmap", "seen-one", "-n", "mirror");
    await waitUntilGone(cluster, ["configmap", "mirrored", "seen-one"]);
    await cluster.kubectl("delete", "clusterpolicy", "mirror"); // ConfigMaps are not watched whole any more
    await waitForObject(cluster, place("exact"));
    await cluster.apply(source("exact", { a: "after" }));
    await waitForObject(cluster, place("exact"), hasData({ a: "after" }));
  });
});

describe("a source that is named by expressions", () => {
  const policy = clusterPolicy("tiers", {
    name: "copy",
    match: namespacesLabelled("tier"),
    generate: {
      ...{ apiVersion: "v1", kind: "ConfigMap", name: "tier", namespace: TRIGGER_NAME },
      clone: { namespace: "origin", name: "tier-{{ request.object.metadata.labels.tier }}" },
    },
  });

  it("is the one that each trigger means, also after it means another one", async () => {
    await cluster.apply(source("tier-gold", { a: "gold" }), source("tier-tin", { a: "tin" }));
    await cluster.apply(policy, namespace("rich", { tier: "gold" }), namespace("poor", { tier: "tin" }));
    await waitForObject(cluster, ["configmap", "rich", "tier"], hasData({ a: "gold" }));
    const poor = await waitForObject(cluster, ["configmap", "poor", "tier"], hasData({ a: "tin" }));
    await cluster.apply(source("tier-gold", { a: "more gold" }));
    await waitForObject(cluster, ["configmap", "rich", "tier"], hasData({ a: "more gold" }));
    expect(versionOf(await waitForObject(cluster, ["configmap", "poor", "tier"]))).toBe(versionOf(poor));
    await cluster.kubectl("label", "namespace", "poor", "tier=gold", "--overwrite");
    const promoted = await waitForObject(cluster, ["configmap", "poor", "tier"], hasData({ a: "more gold" }));
    expect(promoted.metadata.uid).toBe(poor.metadata.uid);
    expect(promoted.metadata.annotations).toMatchObject({ "perennial.dev/source": "ConfigMap origin/tier-gold" });
  });

  it("takes with it only the copies of itself", async () => {
    await cluster.kubectl("label", "namespace", "poor", "tier=tin", "--overwrite");
    await waitForObject(cluster, ["configmap", "poor", "tier"], hasData({ a: "tin" }));
    await cluster.kubectl("delete", "configmap", "tier-tin", "-n", "origin");
    await waitUntilGone(cluster, ["configmap", "poor", "tier"]);
    await waitForObject(cluster, ["configmap", "rich", "tier"], hasData({ a: "more gold" }));
    await waitForCondition(cluster, "tiers", { type: "InSync", status: "False", reason: "SourceMissing" });
    await cluster.kubectl("label", "namespace", "poor", "tier-");
    await waitForCondition(cluster, "tiers", { type: "InSync", status: "True" });
  });

  it("is said to be missing by the name that the trigger gives", async () => {
    await cluster.apply(namespace("odd", { tier: "paper" }));
    const status = await waitForCondition(cluster, "tiers", {
      type: "InSync",
      status: "False",
      reason: "SourceMissing",
    });
    expect(condition(status, "InSync")?.message).toContain("ConfigMap origin/tier-paper");
    await cluster.apply(source("tier-paper", { a: "paper" }));
    await waitForObject(cluster, ["configmap", "odd", "tier"], hasData({ a: "paper" }));
  });
});

describe("a rule that is edited", () => {
  it("goes from data to clone and back on the same object", async () => {
    const data = { clone: undefined, data: { data: { a: "data" } } };
    await setUp("swapped", undefined, data);
    const first = await waitForObject(cluster, place("swapped"), hasData({ a: "data" }));
    await cluster.apply(source("swapped", { b: "clone" }));
    await cluster.apply(copying("swapped"));
    const second = await waitForObject(cluster, place("swapped"), hasData({ b: "clone" }));
    await cluster.apply(copying("swapped", data));
    const third = await waitForObject(cluster, place("swapped"), hasData({ a: "data" }));
    expect([second.metadata.uid, third.metadata.uid]).toEqual([first.metadata.uid, first.metadata.uid]);
    expect(third.metadata.annotations).not.toHaveProperty(["perennial.dev/source"]);
  });

  it("copies another source", async () => {
    await setUp("renamed", { a: "1" });
    await cluster.apply(source("renamed-too", { b: "2" }));
    await cluster.apply(copying("renamed", { clone: { namespace: "origin", name: "renamed-too" } }));
    await waitForObject(cluster, place("renamed"), hasData({ b: "2" }));
    await cluster.kubectl("delete", "configmap", "renamed", "-n", "origin"); // it means nothing any more
    await cluster.apply(source("renamed-too", { b: "3" }));
    await waitForObject(cluster, place("renamed"), hasData({ b: "3" }));
  });

  it("never writes or deletes what has become the source", async () => {
    await setUp("promoted", undefined, { clone: undefined, data: { data: { a: "1" } } });
    const made = await waitForObject(cluster, place("promoted"), hasData({ a: "1" }));
    await cluster.apply(namespace("promoted-too", { promoted: "yes" }));
    await cluster.apply(copying("promoted", { clone: { namespace: "promoted", name: "promoted" } }));
    await waitForObject(cluster, ["configmap", "promoted-too", "promoted"], ({ metadata }) =>
      Object.hasOwn(metadata.annotations ?? {}, "perennial.dev/source"),
    );
    await waitForCondition(cluster, "promoted", { type: "InSync", status: "True" });
    expect(versionOf(await waitForObject(cluster, place("promoted")))).toBe(versionOf(made));
  });

  it("leaves its copies when it says so, and takes them with it else", async () => {
    await setUp("orphaned", { a: "1" }, { orphanDownstreamOnPolicyDelete: true });
    await setUp("taken", { a: "1" });
    await cluster.kubectl("delete", "clusterpolicy", "orphaned", "taken");
    await waitUntilGone(cluster, place("taken"));
    const left = await waitForObject(
      cluster,
      place("orphaned"),
      ({ metadata }) => metadata.labels?.["perennial.dev/claim"] === undefined,
    );
    expect(left.data).toEqual({ a: "1" });
    expect(left.metadata.annotations ?? {}).not.toHaveProperty(["perennial.dev/source"]);
  });
});

describe("a copy that is made once", () => {
  it("is made when the source appears, follows nothing, and stays when the source goes", async () => {
    await setUp("once", undefined, { synchronize: false });
    await waitForCondition(cluster, "once", { type: "InSync", status: "False", reason: "SourceMissing" });
    await cluster.apply(source("once", { a: "1" }));
    const made = await waitForObject(cluster, place("once"), hasData({ a: "1" }));
    await cluster.apply(source("once", { a: "2" }));
    await cluster.apply(source("exact", { a: "as well" }));
    await waitForObject(cluster, place("exact"), hasData({ a: "as well" })); // so that change was seen too
    await cluster.kubectl("delete", "configmap", "once", "-n", "origin");
    await cluster.apply(source("exact", { a: "again" }));
    await waitForObject(cluster, place("exact"), hasData({ a: "again" }));
    await waitForCondition(cluster, "once", { type: "InSync", status: "True" });
    expect(versionOf(await waitForObject(cluster, place("once")))).toBe(versionOf(made));
  });
});

describe("a Policy", () => {
  function confined(name: string, clone: object): object {
    return namespacedPolicy("confined", name, {
      name: "copy",
      match: { any: [{ resources: { kinds: ["ServiceAccount"], names: [name] } }] },
      generate: { apiVersion: "v1", kind: "ConfigMap", name: `${name}-copy`, namespace: "confined", clone },
    });
  }

  beforeAll(async () => {
    await cluster.apply(
      namespace("confined"),
      storedConfigMap("confined", "own", { a: "1" }),
      source("foreign", { a: "2" }),
    );
    for (const name of ["near", "far", "further"])
      await cluster.kubectl("create", "serviceaccount", name, "-n", "confined");
  });

  it("copies within its namespace", async () => {
    await cluster.apply(confined("near", { namespace: "{{ request.object.metadata.namespace }}", name: "own" }));
    await waitForObject(cluster, ["configmap", "confined", "near-copy"], hasData({ a: "1" }));
  });

  it("is invalid with a source written out elsewhere", async () => {
    await cluster.apply(confined("far", { namespace: "origin", name: "foreign" }));
    const status = await waitForCondition(cluster, "far", {
      ...{ type: "Ready", status: "False", reason: "InvalidPolicy" },
      namespace: "confined",
    });
    expect(condition(status, "Ready")?.message).toMatch(
      /^spec\.rules\[0\]\.generate\.clone\.namespace: "origin": Outside/,
    );
  });

  it("fails with a source that an expression puts elsewhere", async () => {
    await cluster.apply(confined("further", { namespace: "{{ 'origin' }}", name: "foreign" }));
    const status = await waitForCondition(cluster, "further", {
      ...{ type: "InSync", status: "False", reason: "OutsideNamespace" },
      namespace: "confined",
    });
    expect(condition(status, "InSync")?.message).toContain("clone.namespace is origin: a Policy copies only from");
    expect(await cluster.get("configmap", "confined", "further-copy")).toBeUndefined();
  });
});

describe("many copies", () => {
  const COUNT = 100;
  const names = Array.from({ length: COUNT }, (_, i) => `many-${i}`);

  async function waitForAll(data: Labels): Promise<void> {
    await waitUntil("every copy has the content", async () => {
      const copies = await cluster.list("configmaps", "", "perennial.dev/policy=many");
      const isAsWanted = hasData(data);
      return copies.length === COUNT && copies.every(isAsWanted);
    });
  }

  it("follow a change of their source by one write each", async () => {
    await cluster.apply(source("many", { a: "1" }), copying("many"));
    await cluster.apply(...names.map((name) => namespace(name, { many: "yes" })));
    await waitForAll({ a: "1" });
    await waitForCondition(cluster, "many", { type: "InSync", status: "True" });
    const mark = await markAudit(cluster);
    await cluster.apply(source("many", { a: "2" }));
    const changed = versionOf(await stored("many"));
    await waitForAll({ a: "2" });
    await waitForCondition(cluster, "many", { type: "InSync", status: "True" });
    const requests = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.resource !== "leases" && objectRef?.subresource !== "status",
    );
    const expected = names.map((name) => `patch configmaps ${name}/many 200`);
    expect(requests.map(printRequest).sort(byText)).toEqual(expected.sort(byText));
    expect(versionOf(await stored("many"))).toBe(changed);
  });
});

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
