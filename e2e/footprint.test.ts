/** What the operator leaves in the cluster: its targets, the status of policies, and three objects of its own. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Audited,
  type AuditMark,
  type Cluster,
  clusterPolicy,
  configMap,
  edit,
  hasData,
  laterEventProcessed,
  markAudit,
  namespace,
  namespacedPolicy,
  namespacesLabelled,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  operatorRequests,
  type Place,
  settingsIn,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  versionOf,
  waitForObject,
  waitUntilGone,
  wantingSettings,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let start: AuditMark;

beforeAll(async () => {
  cluster = await startCluster();
  start = await markAudit(cluster);
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const TRIGGERS: Place[] = [
  ["namespace", "", "shop"],
  ["secret", "shop", "token"],
];

describe("a whole life of targets: made, edited, deleted, given up, pruned", () => {
  let before: KubernetesObject[];

  it("happens", async () => {
    await cluster.apply(namespace("shop", { shop: "yes" }), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "token", namespace: "shop" },
    });
    before = await Promise.all(TRIGGERS.map((place) => waitForObject(cluster, place)));
    await cluster.apply(
      wantingSettings("settings", "shop", { k: "v" }),
      clusterPolicy("second", { name: "two", match: namespacesLabelled("shop"), generate: configMap("two", {}) }),
      namespacedPolicy("shop", "tokens", {
        name: "record",
        match: { any: [{ resources: { kinds: ["Secret"] } }] },
        generate: { ...configMap(`${TRIGGER_NAME}-record`, {}), namespace: "shop" },
      }),
    );
    for (const name of ["settings", "two", "token-record"]) await waitForObject(cluster, ["configmap", "shop", name]);
    await edit(cluster, settingsIn("shop"), { k: "mallory" });
    await waitForObject(cluster, settingsIn("shop"), hasData({ k: "v" }));
    await cluster.kubectl("delete", "configmap", "settings", "-n", "shop");
    await waitForObject(cluster, settingsIn("shop"));
    await cluster.kubectl("delete", "clusterpolicy", "second");
    await waitUntilGone(cluster, ["configmap", "shop", "two"]);
    await laterEventProcessed(cluster, operator);
  });

  it("writes nothing on triggers", async () => {
    const after = await Promise.all(TRIGGERS.map((place) => waitForObject(cluster, place)));
    expect(after.map(versionOf)).toEqual(before.map(versionOf));
  });

  it("writes nothing but targets, the status of policies, and what is its own", async () => {
    const writes = (await operatorRequests(cluster, start)).filter(({ verb }) => !["get", "list"].includes(verb));
    expect(new Set(writes.map(printWrite))).toEqual(
      new Set([
        "patch configmaps of shop",
        "delete configmaps of shop",
        "patch configmaps of the namespaces of later tests",
        "patch clusterpolicies/status",
        "patch policies/status of shop",
        "create leases of the operator",
        "update leases of the operator",
        "patch configmaps of the operator",
        "patch secrets of the operator",
      ]),
    );
  });

  it("puts finalizers and owners on nothing", async () => {
    const resources = ["configmaps", "secrets", "clusterpolicies", "policies", "namespaces", "leases"];
    const objects = (await Promise.all(resources.map((resource) => cluster.list(resource)))).flat();
    const withFinalizers = objects.filter(({ metadata }) => (metadata.finalizers ?? []).length > 0);
    expect(withFinalizers.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
    const targets = objects.filter(({ metadata }) => metadata.labels?.["perennial.dev/target"] !== undefined);
    expect(targets.length).toBeGreaterThan(2);
    expect(targets.flatMap(({ metadata }) => metadata.ownerReferences ?? [])).toEqual([]);
  });

  it("keeps three objects of its own: a Lease, a ConfigMap, a Secret", async () => {
    const resources = ["leases", "configmaps", "secrets"];
    const own = (await Promise.all(resources.map((resource) => cluster.list(resource, OPERATOR_NAMESPACE)))).flat();
    expect(own.map(({ kind, metadata }) => `${kind} ${metadata.name}`).filter((name) => !isOfTheCluster(name))).toEqual(
      ["Lease perennial", "ConfigMap perennial-inventory", "Secret perennial"],
    );
  });
});

/** Kubernetes puts one into each namespace. */
function isOfTheCluster(name: string): boolean {
  return name === "ConfigMap kube-root-ca.crt";
}

function printWrite({ verb, objectRef = {} }: Audited): string {
  const { resource, subresource, namespace: where = "" } = objectRef;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const place =
    where === OPERATOR_NAMESPACE ? "the operator" : where.replace(/^later-\d+$/, "the namespaces of later tests");
  return `${verb} ${what}${place === "" ? "" : ` of ${place}`}`;
}
