/** Writes that come too late: made for an object that somebody deleted, replaced or changed meanwhile, they do nothing. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { applyStep, type Outcome } from "../src/apply/index.ts";
import { type ClusterClient, connectCluster, loadCredentials } from "../src/cluster/index.ts";
import type { KubernetesObject, ObjectRef, Resource } from "../src/object/index.ts";
import type { WriteStep } from "../src/plan/index.ts";
import { type Cluster, type Labels, startCluster, storedConfigMap, versionOf, waitForObject } from "./harness/index.ts";

const RESOURCE: Resource = {
  ...{ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  verbs: ["get", "patch", "delete"],
};
const NAME = "contested";
const PLACE = ["configmap", "default", NAME] as const;
const TARGET: ObjectRef = { group: "", kind: "ConfigMap", namespace: "default", name: NAME };

let cluster: Cluster;
let client: ClusterClient;

beforeAll(async () => {
  cluster = await startCluster();
  client = connectCluster(await loadCredentials(cluster.plane.kubeconfig));
});

afterAll(async () => {
  await client?.close();
  await cluster?.stop();
});

/** As somebody else stores it; what is there already goes first. */
async function stored(data: Labels): Promise<KubernetesObject> {
  await cluster.kubectl("delete", "configmap", NAME, "-n", "default", "--ignore-not-found");
  await cluster.apply(storedConfigMap("default", NAME, data, { labels: { mine: "yes" } }));
  return waitForObject(cluster, PLACE);
}

/** What is taken back from an object says nothing of how that was: it is read first. */
type Guarded = Exclude<WriteStep["verb"], "revert">;

type Meant = { [verb in Guarded]: (seen: KubernetesObject) => WriteStep };

const shared = { target: TARGET, resource: RESOURCE, because: "a test" };

function desired(data: Labels): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NAME, namespace: "default" }, data };
}

/** Each kind of step, made for the object as it was seen. */
const MEANT: Meant = {
  apply: ({ metadata: { uid = "" } }) => ({
    ...shared,
    verb: "apply",
    object: desired({ of: "us" }),
    precondition: { uid },
  }),
  patch: ({ metadata: { resourceVersion = "" } }) => ({
    ...shared,
    verb: "patch",
    patch: [
      { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
      { op: "remove", path: "/data/of" },
    ],
    precondition: { resourceVersion },
  }),
  release: ({ metadata: { uid = "" } }) => ({ ...shared, verb: "release", precondition: { uid } }),
  mutate: (seen) => ({
    ...shared,
    verb: "mutate",
    manager: "perennial/0123456789abcdef",
    write: { applied: desired({ of: "us" }) },
    seen,
    object: desired({ of: "us" }),
    precondition: { uid: seen.metadata.uid ?? "", resourceVersion: seen.metadata.resourceVersion ?? "" },
  }),
  delete: ({ metadata: { uid = "" } }) => ({ ...shared, verb: "delete", precondition: { uid } }),
};
const VERBS = Object.keys(MEANT) as Guarded[];

describe.each(VERBS)("a late %s", (verb) => {
  let seen: KubernetesObject;
  beforeEach(async () => {
    seen = await stored({ of: "somebody" });
  });

  it("leaves an object alone that was deleted and made again meanwhile, and reads what is there", async () => {
    const now = await stored({ of: "somebody else" });
    expect(await send(verb, seen)).toMatchObject({ type: "outdated", object: { metadata: { uid: now.metadata.uid } } });
    expect(versionOf(await waitForObject(cluster, PLACE))).toBe(versionOf(now));
  });

  it("does not bring an object back that was deleted meanwhile", async () => {
    await cluster.kubectl("delete", "configmap", NAME, "-n", "default");
    expect(await send(verb, seen)).toMatchObject({ type: "gone" });
    expect(await cluster.get(...PLACE)).toBeUndefined();
  });
});

describe("a first write", () => {
  const first: WriteStep = { ...shared, verb: "apply", object: desired({ of: "us" }), precondition: { absent: true } };

  it("leaves an object alone that is there, and reads it", async () => {
    const there = await stored({ of: "somebody" });
    expect(await applyStep(client, first)).toMatchObject({
      type: "outdated",
      object: { metadata: { uid: there.metadata.uid }, data: { of: "somebody" } },
    });
    expect(versionOf(await waitForObject(cluster, PLACE))).toBe(versionOf(there));
  });

  it("makes the object when it is not there", async () => {
    await cluster.kubectl("delete", "configmap", NAME, "-n", "default", "--ignore-not-found");
    expect(await applyStep(client, first)).toMatchObject({ type: "written", created: true });
  });
});

describe("a late patch", () => {
  it("leaves an object alone that was changed meanwhile", async () => {
    const seen = await stored({ of: "somebody" });
    await cluster.kubectl("annotate", "configmap", NAME, "-n", "default", "touched=yes");
    const now = await waitForObject(cluster, PLACE);
    expect(await send("patch", seen)).toMatchObject({ type: "outdated" });
    expect(versionOf(await waitForObject(cluster, PLACE))).toBe(versionOf(now));
  });
});

describe("a release", () => {
  it("takes off our marks and no others", async () => {
    const { metadata } = await stored({ of: "somebody" });
    const labels = [
      "app.kubernetes.io/managed-by=perennial",
      "perennial.dev/claim=c",
      "perennial.dev/target=t",
      "perennial.dev/policy=p",
    ];
    await cluster.kubectl("label", "configmap", NAME, "-n", "default", ...labels);
    await cluster.kubectl("annotate", "configmap", NAME, "-n", "default", "perennial.dev/rule=r", "note=mine");
    expect(await send("release", { ...desired({}), metadata })).toMatchObject({ type: "written" });
    const after = await waitForObject(cluster, PLACE);
    expect(after.metadata.labels).toEqual({ mine: "yes" });
    expect(after.metadata.annotations).toEqual({ note: "mine" });
    expect(after.data).toEqual({ of: "somebody" });
  });

  it("leaves the label of a manager that took the object over meanwhile", async () => {
    const { metadata } = await stored({ of: "somebody" });
    await cluster.kubectl("label", "configmap", NAME, "-n", "default", "app.kubernetes.io/managed-by=Helm");
    await cluster.kubectl("label", "configmap", NAME, "-n", "default", "perennial.dev/claim=c");
    expect(await send("release", { ...desired({}), metadata })).toMatchObject({ type: "written" });
    const after = await waitForObject(cluster, PLACE);
    expect(after.metadata.labels).toEqual({ mine: "yes", "app.kubernetes.io/managed-by": "Helm" });
  });
});

function send(verb: Guarded, seen: KubernetesObject): Promise<Outcome> {
  return applyStep(client, MEANT[verb](seen));
}
