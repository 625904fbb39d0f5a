/** What the operator may not do to the targets of a mutate rule is named with how to grant it, stops nothing else, and heals. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const SEE = ["get", "list", "watch"];

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("see-deployments", [{ apiGroups: ["apps"], resources: ["deployments"], verbs: SEE }]);
  operator = await startOperator(cluster);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function deployment(where: string): object {
  const app = { app: "web" };
  const template = { metadata: { labels: app }, spec: { containers: [{ name: "c", image: "i" }] } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: where, name: "web" },
    spec: { replicas: 1, selector: { matchLabels: app }, template },
  };
}

const SET = { metadata: { labels: { set: "1" } } };

/** Changes the targets of a kind in the namespaces that carry a label of its name. */
function changing(name: string, [apiVersion, kind]: [string, string], patchStrategicMerge: object = SET): object {
  const targets = [{ apiVersion, kind, namespace: TRIGGER_NAME }];
  const mutate = { targets, patchStrategicMerge, revertOnDelete: kind === "Deployment" };
  return clusterPolicy(name, { name: "change", match: namespacesLabelled(name), mutate });
}

const isSet = ({ metadata }: KubernetesObject): boolean => metadata.labels?.set === "1";
const hasReplicas =
  (count: number) =>
  ({ spec }: KubernetesObject): boolean =>
    (spec as { replicas?: number }).replicas === count;

/** The message of the condition. */
async function missing(policy: string): Promise<string> {
  const status = await waitForCondition(cluster, policy, { type: "PermissionsGranted", status: "False" });
  return condition(status, "PermissionsGranted")?.message ?? "";
}

async function healed(policy: string): Promise<void> {
  await waitForCondition(cluster, policy, { type: "PermissionsGranted", status: "True" });
  await waitForCondition(cluster, policy, { type: "InSync", status: "True" });
  await waitUntil(
    `${policy} fails no more`,
    async () => ((await policyStatus(cluster, policy)).failures ?? []).length === 0,
  );
}

const HOW = 'grant it with a ClusterRole labelled perennial.dev/aggregate-to-operator: "true"';

describe("a missing permission", () => {
  it("to scale is named with the subresource, while other rules go on, and heals when it is granted", async () => {
    await cluster.apply(namespace("scaled", { scaled: "yes" }), deployment("scaled"));
    await cluster.apply(changing("scaled", ["apps/v1", "Deployment/scale"], { spec: { replicas: 0 } }));
    expect(await missing("scaled")).toContain(`may not patch deployments/scale.apps in namespace scaled; ${HOW}`);
    await cluster.apply(namespace("beside", { beside: "yes" }));
    const beside = { apiVersion: "v1", kind: "ConfigMap", name: "made", namespace: TRIGGER_NAME, data: {} };
    await cluster.apply(
      clusterPolicy("beside", { name: "make", match: namespacesLabelled("beside"), generate: beside }),
    );
    await waitForObject(cluster, ["configmap", "beside", "made"]);
    expect(hasReplicas(1)(await waitForObject(cluster, ["deployment", "scaled", "web"]))).toBe(true);
    await cluster.grant("scale", [{ apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["patch"] }]);
    await waitForObject(cluster, ["deployment", "scaled", "web"], hasReplicas(0));
    await healed("scaled");
  });

  it("to patch is named, and heals when it is granted, also for what is to be taken back", async () => {
    await cluster.apply(namespace("labelled", { labelled: "yes" }), deployment("labelled"));
    await cluster.apply(changing("labelled", ["apps/v1", "Deployment"]));
    expect(await missing("labelled")).toContain(`may not patch deployments.apps in namespace labelled; ${HOW}`);
    const patch = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"] }];
    await cluster.grant("patch", patch);
    await waitForObject(cluster, ["deployment", "labelled", "web"], isSet);
    await healed("labelled");
    await cluster.kubectl("delete", "clusterrole", "perennial-test-patch");
    await waitUntil("it may patch no more", async () => {
      const account = "system:serviceaccount:perennial-system:perennial";
      const { stdout } = await cluster.tryKubectl("auth", "can-i", "patch", "deployments.apps", "--as", account, "-A");
      return stdout.trim() === "no";
    });
    await cluster.kubectl("label", "namespace", "labelled", "labelled-");
    expect(await missing("labelled")).toContain("may not patch deployments.apps in namespace labelled");
    await cluster.grant("patch", patch);
    await waitForObject(cluster, ["deployment", "labelled", "web"], (object) => !isSet(object));
    await healed("labelled");
  });

  it("to watch makes the policy not ready, and heals when it is granted", async () => {
    await cluster.apply(namespace("watched", { watched: "yes" }));
    await cluster.apply(changing("watched", ["v1", "Service"]));
    await cluster.kubectl("create", "service", "clusterip", "web", "--tcp=80", "-n", "watched");
    const status = await waitForCondition(cluster, "watched", {
      type: "Ready",
      status: "False",
      reason: "PermissionMissing",
    });
    expect(condition(status, "Ready")?.message).toContain(`may not list and watch services`);
    expect(await missing("watched")).toContain(HOW);
    await cluster.grant("services", [{ apiGroups: [""], resources: ["services"] }]);
    await waitForObject(cluster, ["service", "watched", "web"], isSet);
    await waitForCondition(cluster, "watched", { type: "Ready", status: "True" });
    await healed("watched");
  });
});
