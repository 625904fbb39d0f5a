/** Generated objects of other kinds than the usual: custom resources, and what lies in no namespace. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  ALL_VERBS,
  type Cluster,
  clusterPolicy,
  type Definition,
  installDefinition,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  type Place,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const GROUP = "targets.example.com";
const QUEUE: Definition = { group: GROUP, kind: "Queue", plural: "queues" };
const TIER: Definition = { group: GROUP, kind: "Tier", plural: "tiers", scope: "Cluster" };
const LATE: Definition = { group: GROUP, kind: "Late", plural: "lates" };

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("custom", [{ apiGroups: [GROUP], resources: ["queues", "tiers", "lates"] }]);
  await cluster.grant("roles", [
    { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: [...ALL_VERBS, "escalate"] },
    { apiGroups: [""], resources: ["namespaces"], verbs: ALL_VERBS },
  ]);
  await installDefinition(cluster, QUEUE);
  await installDefinition(cluster, TIER);
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** In each namespace with the label (or for it), one object with this spec. */
function making(policy: string, kind: string, spec: object, more: object = {}): object {
  const generate = { apiVersion: `${GROUP}/v1`, kind, name: TRIGGER_NAME, data: { spec }, ...more };
  return clusterPolicy(policy, { name: "make", match: namespacesLabelled(policy), generate });
}

const IN_TRIGGER = { namespace: TRIGGER_NAME };

function hasSpec(spec: object): (object: KubernetesObject) => boolean {
  return (object) => JSON.stringify(object.spec) === JSON.stringify(spec);
}

describe("a generated custom resource", () => {
  const place: Place = ["queues", "orders", "orders"];

  it("is made, kept exactly so, follows its rule, and goes with its trigger", async () => {
    const spec = { limits: [{ name: "cpu", value: 7 }], size: 2 };
    await cluster.apply(namespace("orders", { orders: "yes" }), making("orders", "Queue", spec, IN_TRIGGER));
    await waitForObject(cluster, place, hasSpec(spec));
    const edits = '{"spec":{"size":9,"added":true,"limits":[]}}';
    await cluster.kubectl("patch", "queues", "orders", "-n", "orders", "--type=merge", "-p", edits);
    await waitForObject(cluster, place, hasSpec(spec));
    await cluster.kubectl("patch", "queues", "orders", "-n", "orders", "--type=merge", "-p", '{"status":{"ready":1}}');
    await cluster.apply(making("orders", "Queue", { size: 3 }, IN_TRIGGER));
    const live = await waitForObject(cluster, place, hasSpec({ size: 3 }));
    expect(live.status).toEqual({ ready: 1 }); // nobody's business
    await waitForCondition(cluster, "orders", { type: "InSync", status: "True" });
    await cluster.kubectl("label", "namespace", "orders", "orders-");
    await waitUntilGone(cluster, place);
  });

  it("is made as soon as its kind is installed", async () => {
    await cluster.apply(namespace("late", { late: "yes" }), making("late", "Late", { size: 1 }, IN_TRIGGER));
    await waitForCondition(cluster, "late", { type: "Ready", status: "False", reason: "KindUnknown" });
    await installDefinition(cluster, LATE);
    await waitForObject(cluster, ["lates", "late", "late"], hasSpec({ size: 1 }));
    await waitForCondition(cluster, "late", { type: "InSync", status: "True" });
  });
});

describe("a generated object that lies in no namespace", () => {
  const tier: Place = ["tiers", "", "gold"];

  it("is made, put right, put back, and goes with its trigger, whose end does not take it along by itself", async () => {
    await cluster.apply(namespace("gold", { tiers: "yes" }), making("tiers", "Tier", { size: 1 }));
    await waitForObject(cluster, tier, hasSpec({ size: 1 }));
    await cluster.kubectl("patch", "tiers", "gold", "--type=merge", "-p", '{"spec":{"size":2,"added":true}}');
    await waitForObject(cluster, tier, hasSpec({ size: 1 }));
    await cluster.kubectl("delete", "tiers", "gold");
    await waitForObject(cluster, tier, hasSpec({ size: 1 }));
    await cluster.kubectl("delete", "namespace", "gold", "--wait=false");
    await waitUntilGone(cluster, tier);
  });

  it("may be a ClusterRole of a tenant", async () => {
    const rules = [{ apiGroups: [""], resources: ["namespaces"], resourceNames: [TRIGGER_NAME], verbs: ["get"] }];
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      name: `read-${TRIGGER_NAME}`,
      data: { rules },
    };
    await cluster.apply(
      namespace("tenant", { roles: "yes" }),
      clusterPolicy("roles", { name: "role", match: namespacesLabelled("roles"), generate: role }),
    );
    const made = await waitForObject(cluster, ["clusterrole", "", "read-tenant"]);
    expect(made.rules).toEqual([{ ...rules[0], resourceNames: ["tenant"] }]);
    await cluster.kubectl("delete", "clusterpolicies.perennial.dev", "roles");
    await waitUntilGone(cluster, ["clusterrole", "", "read-tenant"]);
  });

  it("is refused a namespace", async () => {
    await cluster.apply(making("placed", "Tier", { size: 1 }, IN_TRIGGER));
    const status = await waitForCondition(cluster, "placed", { type: "Ready", status: "False" });
    expect(JSON.stringify(status)).toContain("Tier is cluster-scoped: remove the namespace");
  });
});
