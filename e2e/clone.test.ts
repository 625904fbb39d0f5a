/** Copies of a source: they come with it, follow it, go with it; whoever looks away meanwhile. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  hasData,
  type Labels,
  markAudit,
  namespace,
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
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
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
    await cluster.kubectl("create", "namespace", "whole");
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
