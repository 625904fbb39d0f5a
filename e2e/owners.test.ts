/** Owners in a rule's data: set, kept, and refused where they cannot be. */

import { afterAll, beforeAll, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  settingsIn,
  startCluster,
  startOperator,
  storedConfigMap,
  waitForCondition,
  waitForObject,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const TRIGGER_OWNER = {
  apiVersion: "{{ request.kind.version }}",
  kind: "{{ request.kind.kind }}",
  name: "{{ request.object.metadata.name }}",
  uid: "{{ request.object.metadata.uid }}",
};

function owned(name: string, ownerReferences: object[], data: object = {}): object {
  const generate = { ...configMap("settings", {}), data: { metadata: { ownerReferences }, data } };
  return clusterPolicy(name, { name: "r", match: namespacesLabelled(name), generate });
}

function owners({ metadata }: KubernetesObject): string[] {
  return (metadata.ownerReferences ?? []).map(({ kind, name }) => `${kind} ${name}`);
}

function hasOwners(...wanted: string[]): (object: KubernetesObject) => boolean {
  return (object) => JSON.stringify(owners(object)) === JSON.stringify(wanted);
}

it("the owner is set, comes back when somebody takes it off, and goes when the rule names it no more", async () => {
  await cluster.apply(namespace("owned", { owned: "yes" }), owned("owned", [TRIGGER_OWNER]));
  const made = await waitForObject(cluster, settingsIn("owned"), hasOwners("Namespace owned"));
  await waitForCondition(cluster, "owned", { type: "InSync", status: "True" });
  const patch = JSON.stringify({ metadata: { ownerReferences: null } });
  await cluster.kubectl("patch", "configmap", "settings", "-n", "owned", "--type=merge", "-p", patch);
  const put = await waitForObject(cluster, settingsIn("owned"), hasOwners("Namespace owned"));
  expect(put.metadata.uid).toBe(made.metadata.uid);
  await cluster.apply(owned("owned", []));
  await waitForObject(cluster, settingsIn("owned"), hasOwners());
  await waitForCondition(cluster, "owned", { type: "InSync", status: "True" });
});

it("another owner that somebody adds is his affair: nothing is written", async () => {
  await cluster.apply(namespace("shared", { shared: "yes" }), owned("shared", [TRIGGER_OWNER]));
  await cluster.apply(storedConfigMap("shared", "other"));
  await waitForObject(cluster, settingsIn("shared"), hasOwners("Namespace shared"));
  const other = await waitForObject(cluster, ["configmap", "shared", "other"]);
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "other", uid: other.metadata.uid };
  const patch = JSON.stringify([{ op: "add", path: "/metadata/ownerReferences/-", value: reference }]);
  await cluster.kubectl("patch", "configmap", "settings", "-n", "shared", "--type=json", "-p", patch);
  await cluster.apply(owned("shared", [TRIGGER_OWNER], { more: "x" })); // a write of ours leaves it, too
  const both = await waitForObject(
    cluster,
    settingsIn("shared"),
    ({ data }) => JSON.stringify(data) === '{"more":"x"}',
  );
  expect(owners(both)).toEqual(["Namespace shared", "ConfigMap other"]);
});

it("a trigger that lies elsewhere is no owner: the object would be collected as garbage again and again", async () => {
  const generate = {
    ...configMap("settings", {}, { namespace: "elsewhere" }),
    data: { metadata: { ownerReferences: [{ ...TRIGGER_OWNER }] } },
  };
  const match = { any: [{ resources: { kinds: ["ConfigMap"], names: ["starter"] } }] };
  await cluster.apply(namespace("elsewhere"), namespace("here"), storedConfigMap("here", "starter"));
  await cluster.apply(clusterPolicy("across", { name: "r", match, generate }));
  const status = await waitForCondition(cluster, "across", {
    type: "InSync",
    status: "False",
    reason: "InvalidTarget",
  });
  expect(status.failures?.[0]?.message).toContain("cannot be owned by its trigger");
  expect(await cluster.get("configmap", "elsewhere", "settings")).toBeUndefined();
});
