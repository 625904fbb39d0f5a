/** Mutate rules about what is sent to subresources, and rules about objects, which leave that alone. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../src/object/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  namespace,
  type OperatorProcess,
  startCluster,
  startOperator,
  waitForCondition,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const CONTAINERS = [{ name: "app", image: "app:1" }];

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: await webhookFlags() });
  await cluster.apply(namespace("shop"));
  await waitUntil("Pods may be created", async () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" }, spec: { containers: CONTAINERS } };
    return (await cluster.plane.request("POST", "/api/v1/namespaces/shop/pods", pod)).status === 201;
  });
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: CONTAINERS } };
  await cluster.apply({
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "shop" } },
    spec: { replicas: 1, selector: { matchLabels: { app: "web" } }, template },
  });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function serve(name: string, kinds: string[], mutate: object, more: object = {}): Promise<void> {
  const rules = [{ name: "change", match: { any: [{ resources: { kinds } }] }, mutate, ...more }];
  await cluster.apply({ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name }, spec: { rules } });
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
}

async function replicas(): Promise<unknown> {
  return (await cluster.get("deployment", "shop", "web"))?.spec;
}

describe("a rule about scaling", () => {
  beforeAll(async () => {
    const all = [{ key: "{{ request.object.spec.replicas || `0` }}", operator: "GreaterThan", value: 3 }];
    await serve(
      "most",
      ["Deployment/scale"],
      { patchStrategicMerge: { spec: { replicas: 3 } } },
      { preconditions: { all } },
    );
  });

  it("changes what is asked for", async () => {
    await cluster.kubectl("scale", "deployment", "web", "-n", "shop", "--replicas=7");
    expect(await replicas()).toMatchObject({ replicas: 3 });
    await cluster.kubectl("scale", "deployment", "web", "-n", "shop", "--replicas=2");
    expect(await replicas()).toMatchObject({ replicas: 2 });
  });

  it("leaves the Deployment itself alone", async () => {
    const patch = JSON.stringify({ spec: { replicas: 5 } });
    await cluster.kubectl("patch", "deployment", "web", "-n", "shop", "--type=merge", "-p", patch);
    expect(await replicas()).toMatchObject({ replicas: 5 });
  });

  it("has the API server ask for that alone", async () => {
    const found = await cluster.get("mutatingwebhookconfiguration", "", CONFIGURATION);
    const [webhook] = (found?.webhooks ?? []) as JsonObject[];
    expect(webhook?.rules).toEqual([
      {
        ...{ apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments/scale"], scope: "Namespaced" },
        operations: ["CREATE", "UPDATE"],
      },
    ]);
  });
});

describe("a rule about the Deployment itself", () => {
  it("leaves its scale alone, though the API server asks for both", async () => {
    await serve("sized", ["Deployment"], { patchStrategicMerge: { spec: { replicas: 1 } } });
    await cluster.kubectl("scale", "deployment", "web", "-n", "shop", "--replicas=2");
    expect(await replicas()).toMatchObject({ replicas: 2 });
    await cluster.kubectl("annotate", "deployment", "web", "-n", "shop", "touched=yes");
    expect(await replicas()).toMatchObject({ replicas: 1 });
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "sized");
  });
});

describe("a rule about a part of Pods", () => {
  it("changes what is written through their status", async () => {
    await serve("told", ["Pod/status"], { patchStrategicMerge: { status: { message: "seen by a rule" } } });
    const patch = JSON.stringify({ status: { reason: "Test" } });
    await cluster.kubectl("patch", "pod", "web", "-n", "shop", "--subresource=status", "--type=merge", "-p", patch);
    const pod = await cluster.get("pod", "shop", "web");
    expect(pod?.status).toMatchObject({ reason: "Test", message: "seen by a rule" });
  });

  it("changes the containers that are added to debug them", async () => {
    await serve("debugging", ["Pod/ephemeralcontainers"], {
      patchStrategicMerge: { spec: { ephemeralContainers: [{ "(name)": "*", imagePullPolicy: "Always" }] } },
    });
    const patch = JSON.stringify({
      spec: { ephemeralContainers: [{ name: "debug", image: "debug:1", imagePullPolicy: "Never" }] },
    });
    const where = ["pod", "web", "-n", "shop", "--subresource=ephemeralcontainers"];
    await cluster.kubectl("patch", ...where, "-p", patch);
    const pod = await cluster.get("pod", "shop", "web");
    expect(pod?.spec).toMatchObject({ ephemeralContainers: [{ name: "debug", imagePullPolicy: "Always" }] });
  });
});
