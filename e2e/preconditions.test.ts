/** A write that comes too late changes nothing: the object is another one, or another version, than the plan was made for. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyStep } from "../src/apply/index.ts";
import { type ClusterClient, connectCluster, loadCredentials } from "../src/cluster/index.ts";
import type { WriteStep } from "../src/plan/index.ts";
import { type Cluster, namespace, startCluster, storedConfigMap, versionOf, waitForObject } from "./harness/index.ts";

let cluster: Cluster;
let client: ClusterClient;

beforeAll(async () => {
  cluster = await startCluster();
  client = connectCluster(await loadCredentials(cluster.plane.kubeconfig));
  await cluster.apply(namespace("late"), storedConfigMap("late", "settings", { tier: "theirs" }));
});

afterAll(async () => {
  await client?.close();
  await cluster?.stop();
});

const SHARED = {
  target: { group: "", kind: "ConfigMap", namespace: "late", name: "settings" },
  resource: { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true, verbs: [] },
  because: "it was another one",
};
const OBJECT = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: "late", name: "settings" },
  data: { tier: "ours" },
};
/** Of an object of that name that is no more. */
const uid = "11111111-2222-4333-8444-555555555555";
const OLD = "1";

const LATE_WRITES: readonly WriteStep[] = [
  { ...SHARED, verb: "apply", object: OBJECT, precondition: { absent: true } },
  { ...SHARED, verb: "apply", object: OBJECT, precondition: { uid } },
  {
    ...SHARED,
    verb: "patch",
    patch: [
      { op: "replace", path: "/metadata/resourceVersion", value: OLD },
      { op: "remove", path: "/data/tier" },
    ],
    precondition: { resourceVersion: OLD },
  },
  { ...SHARED, verb: "release", precondition: { uid } },
  { ...SHARED, verb: "delete", precondition: { uid } },
];

describe("a write to what has become another object", () => {
  it.each(LATE_WRITES.map((step) => [`${step.verb} ${JSON.stringify(step.precondition)}`, step] as const))(
    "changes nothing, and gives what is there now: %s",
    async (_title, step) => {
      const before = await waitForObject(cluster, ["configmap", "late", "settings"]);
      const outcome = await applyStep(client, step);
      expect(outcome).toMatchObject({ type: "outdated", object: { metadata: { uid: before.metadata.uid } } });
      expect(versionOf(await waitForObject(cluster, ["configmap", "late", "settings"]))).toBe(versionOf(before));
    },
  );
});
