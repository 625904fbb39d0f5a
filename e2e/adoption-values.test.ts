/** spec.adoption: what happens to an object that was there before the policy, by whose it is. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  hasData,
  laterEventProcessed,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  policyStatus,
  settingsIn,
  startCluster,
  startOperator,
  storedConfigMap,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const MARKS: { [owner: string]: { labels?: object; annotations?: object } } = {
  nobody: {},
  argo: { annotations: { "argocd.argoproj.io/tracking-id": "apps:/ConfigMap:x/settings" } },
  "flux-kustomize": { labels: { "kustomize.toolkit.fluxcd.io/name": "apps" } },
  "flux-helm": { labels: { "helm.toolkit.fluxcd.io/name": "apps" } },
  helm: { annotations: { "meta.helm.sh/release-name": "shop" } },
  hnc: { labels: { "hnc.x-k8s.io/inherited-from": "parent" } },
  olm: { labels: { "olm.owner": "catalog" } },
  kyverno: { labels: { "generate.kyverno.io/policy-name": "p", "app.kubernetes.io/managed-by": "kyverno" } },
  other: { labels: { "app.kubernetes.io/managed-by": "terraform" } },
};

/** The names of the owners whose objects were left, by the failures of the policy. */
async function leftTo(policy: string, prefix: string): Promise<string[]> {
  const { failures = [] } = await policyStatus(cluster, policy);
  return failures
    .filter(({ reason }) => reason === "Conflict")
    .map(({ target }) => target?.namespace?.slice(prefix.length) ?? "")
    .sort();
}

describe.each([
  { adoption: "Always", left: [] },
  { adoption: "IfUnmanaged", left: Object.keys(MARKS).filter((owner) => owner !== "nobody") },
  { adoption: "Never", left: Object.keys(MARKS) },
])("adoption $adoption", ({ adoption, left }) => {
  const label = adoption.toLowerCase();
  const spaceOf = (owner: string): string => `${label}-${owner}`;
  const rule = {
    name: "settings",
    match: namespacesLabelled(label),
    generate: configMap("settings", { tier: "gold" }),
  };
  const policy = { ...clusterPolicy(label), spec: { adoption, rules: [rule] } };

  it("takes over what it says, with its uid, and leaves the rest as it is and says whose it is", async () => {
    await cluster.apply(...Object.keys(MARKS).map((owner) => namespace(spaceOf(owner), { [label]: "yes" })));
    const theirs = Object.entries(MARKS).map(([owner, metadata]) =>
      storedConfigMap(spaceOf(owner), "settings", { tier: "theirs", extra: "1" }, metadata),
    );
    await cluster.apply(...theirs, namespace(spaceOf("free"), { [label]: "yes" }));
    const before = new Map(
      await Promise.all(
        Object.keys(MARKS).map(
          async (owner) => [owner, await waitForObject(cluster, settingsIn(spaceOf(owner)))] as const,
        ),
      ),
    );
    await cluster.apply(policy);
    await waitForObject(cluster, settingsIn(spaceOf("free")), hasData({ tier: "gold" }));
    await waitForCondition(cluster, label, { type: "Ready", status: "True" });
    await laterEventProcessed(cluster, operator);
    for (const [owner, object] of before) {
      if (left.includes(owner)) {
        expect(versionOf(await waitForObject(cluster, settingsIn(spaceOf(owner))))).toBe(versionOf(object));
      } else {
        const after = await waitForObject(cluster, settingsIn(spaceOf(owner)), hasData({ tier: "gold" }));
        expect(after.metadata.uid).toBe(object.metadata.uid);
        expect(after.metadata.annotations).toMatchObject({ "perennial.dev/adopted": "true" });
      }
    }
    await waitForCondition(cluster, label, { type: "InSync", status: left.length === 0 ? "True" : "False" });
    expect(await leftTo(label, `${label}-`)).toEqual([...left].sort());
  });

  it("deletes only what it made, and releases what it took over", async () => {
    await cluster.kubectl("delete", "pcpol", label);
    await waitUntilGone(cluster, settingsIn(spaceOf("free")));
    for (const owner of Object.keys(MARKS).filter((name) => !left.includes(name))) {
      await waitForObject(
        cluster,
        settingsIn(spaceOf(owner)),
        ({ metadata }) => !("perennial.dev/target" in (metadata.labels ?? {})),
      );
    }
  });
});

describe("adoption Never", () => {
  it("is about what is there first: an object that was made before the edit stays the policy's", async () => {
    const rule = (tier: string) => ({
      name: "r",
      match: namespacesLabelled("turned"),
      generate: configMap("settings", { tier }),
    });
    await cluster.apply(namespace("turned", { turned: "yes" }), clusterPolicy("turned", rule("a")));
    const made = await waitForObject(cluster, settingsIn("turned"), hasData({ tier: "a" }));
    await cluster.apply({ ...clusterPolicy("turned"), spec: { adoption: "Never", rules: [rule("b")] } });
    const kept = await waitForObject(cluster, settingsIn("turned"), hasData({ tier: "b" }));
    expect(kept.metadata.uid).toBe(made.metadata.uid);
  });
});
