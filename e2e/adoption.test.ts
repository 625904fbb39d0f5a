/** Objects that were there before the policy: adopted unless somebody else's, and released, never deleted. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  edit,
  hasData,
  isLeaseRenewal,
  isUnmarked,
  laterEventProcessed,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  type Place,
  printRequest,
  settingsIn,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
  wantingSettings,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
  await cluster.apply(namespace("vault"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const THEIRS = { labels: { team: "red" }, annotations: { note: "mine" } };

describe("an object that was there before the policy", () => {
  it("is adopted: it gets the content that the policy wants, and keeps its uid and what else it carries", async () => {
    await cluster.apply(
      namespace("adopted", { adopted: "yes" }),
      storedConfigMap("adopted", "settings", { tier: "old", extra: "1" }, THEIRS),
    );
    const before = await waitForObject(cluster, settingsIn("adopted"));
    const mark = await markAudit(cluster);
    await cluster.apply(wantingSettings("adopting", "adopted", { tier: "gold" }));
    const after = await waitForObject(cluster, settingsIn("adopted"), hasData({ tier: "gold" }));
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.metadata.annotations).toMatchObject({ "perennial.dev/adopted": "true", note: "mine" });
    expect(after.metadata.labels).toMatchObject({ "app.kubernetes.io/managed-by": "perennial", team: "red" });
    await waitForCondition(cluster, "adopting", { type: "InSync", status: "True" });
    const [first, second] = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.namespace === "adopted",
    );
    // only once the server said that it is there is it read
    expect([first, second].map((request) => request && printRequest(request))).toEqual([
      "patch configmaps adopted/settings 409",
      "get configmaps adopted/settings 200",
    ]);
  });

  it("is kept like any other target from then on, and stays adopted", async () => {
    await edit(cluster, settingsIn("adopted"), { tier: "lead" });
    await waitForObject(cluster, settingsIn("adopted"), hasData({ tier: "gold" }));
    await cluster.apply(wantingSettings("adopting", "adopted", { tier: "platinum" }));
    const edited = await waitForObject(cluster, settingsIn("adopted"), hasData({ tier: "platinum" }));
    expect(edited.metadata.annotations).toMatchObject({ "perennial.dev/adopted": "true" });
  });

  it("stays adopted when its marks were taken off by hand", async () => {
    const marks = ["perennial.dev/claim-", "perennial.dev/target-"];
    await cluster.kubectl("label", "configmap", "settings", "-n", "adopted", ...marks);
    const marked = await waitForObject(
      cluster,
      settingsIn("adopted"),
      (live) => live.metadata.labels?.["perennial.dev/target"] !== undefined,
    );
    expect(marked.metadata.annotations).toMatchObject({ "perennial.dev/adopted": "true" });
  });

  it("stays adopted when the operator is restarted", async () => {
    const before = await waitForObject(cluster, settingsIn("adopted"));
    await operator.stop();
    operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, settingsIn("adopted")))).toBe(versionOf(before));
  });
});

/** What ends the wish for the objects of a policy about two namespaces; they lie there, or in `vault`. */
const ENDS: {
  what: string;
  name: string;
  in?: string;
  end: (name: string, namespaces: string[]) => Promise<unknown>;
}[] = [
  { what: "the policy is deleted", name: "policy", end: (name) => cluster.kubectl("delete", "clusterpolicy", name) },
  { what: "the rule is removed", name: "rule", end: (name) => cluster.apply(adopting(name, {}, [])) },
  {
    what: "the namespace stops matching",
    name: "match",
    end: (name, namespaces) => cluster.kubectl("label", "namespace", ...namespaces, `${name}-`),
  },
  {
    what: "the trigger is deleted",
    name: "trigger",
    in: "vault",
    end: (_name, namespaces) => cluster.kubectl("delete", "namespace", ...namespaces, "--wait=false"),
  },
  {
    what: "the rule gives another name",
    name: "renamed",
    end: (name) => cluster.apply(adopting(name, { name: `${TRIGGER_NAME}-other` })),
  },
  {
    what: "the policy is deleted while the operator is away",
    name: "away",
    end: async (name) => {
      await operator.stop();
      await cluster.kubectl("delete", "clusterpolicy", name);
      operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
    },
  },
];

/** One rule about the labelled namespaces, and one that stays. */
function adopting(name: string, generate: object, rules = ["record"]): object {
  const match = namespacesLabelled(name);
  const record = configMap(`${TRIGGER_NAME}-record`, { of: TRIGGER_NAME }, generate);
  return clusterPolicy(name, ...rules.map((rule) => ({ name: rule, match, generate: record })), {
    name: "stays",
    match,
    generate: configMap("stays", {}),
  });
}

describe.each(ENDS)("when $what", ({ name, in: where, end }) => {
  const adopted: Place = ["configmap", where ?? name, `${name}-record`];
  const made: Place = ["configmap", where ?? `${name}-made`, `${name}-made-record`];

  it("an adopted object is released with the content that it has, and one that was made is deleted", async () => {
    await cluster.apply(namespace(name, { [name]: "yes" }), namespace(`${name}-made`, { [name]: "yes" }));
    await cluster.apply(storedConfigMap(adopted[1], adopted[2], { tier: "old" }, THEIRS));
    await cluster.apply(adopting(name, where === undefined ? {} : { namespace: where }));
    const before = await waitForObject(cluster, adopted, hasData({ of: name }));
    await waitForObject(cluster, made);
    await end(name, [name, `${name}-made`]);
    const after = await waitForObject(cluster, adopted, isUnmarked);
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.data).toEqual({ of: name });
    expect(after.metadata).toMatchObject(THEIRS);
    expect(Object.keys(after.metadata.labels ?? {})).toEqual(["team"]);
    expect(Object.keys(after.metadata.annotations ?? {})).toEqual(["note"]);
    await waitUntilGone(cluster, made);
  });
});

const OTHERS: { manager: string; metadata: object; shown: string; letGo: string[] }[] = [
  {
    manager: "Helm",
    metadata: { annotations: { "meta.helm.sh/release-name": "shop" } },
    shown: "Helm shop",
    letGo: ["annotate", "meta.helm.sh/release-name-"],
  },
  {
    manager: "another managed-by",
    metadata: { labels: { "app.kubernetes.io/managed-by": "terraform" } },
    shown: "terraform",
    letGo: ["label", "app.kubernetes.io/managed-by-"],
  },
  {
    manager: "Argo CD",
    metadata: { annotations: { "argocd.argoproj.io/tracking-id": "apps:v1/ConfigMap:x/settings" } },
    shown: "Argo CD",
    letGo: ["annotate", "argocd.argoproj.io/tracking-id-"],
  },
];

describe.each(OTHERS.map((other, i) => ({ ...other, name: `foreign-${i}` })))(
  "an object of $manager",
  ({ name, metadata, shown, letGo }) => {
    it("is left as it is: Conflict names its owner, and other namespaces are served", async () => {
      await cluster.apply(namespace(name, { [name]: "yes" }), namespace(`${name}-free`, { [name]: "yes" }));
      await cluster.apply(storedConfigMap(name, "settings", { tier: "theirs" }, metadata));
      const before = await waitForObject(cluster, settingsIn(name));
      await cluster.apply(wantingSettings(name, name, { tier: "gold" }));
      const status = await waitForCondition(cluster, name, { type: "InSync", status: "False", reason: "Conflict" });
      expect(condition(status, "Ready")).toMatchObject({ status: "True" });
      expect(status.failures?.map(({ target }) => `${target?.namespace}/${target?.name}`)).toEqual([
        `${name}/settings`,
      ]);
      expect(status.failures?.[0]?.message).toContain(shown);
      await waitForObject(cluster, settingsIn(`${name}-free`), hasData({ tier: "gold" }));
      expect(versionOf(await waitForObject(cluster, settingsIn(name)))).toBe(versionOf(before));
    });

    it("is adopted when its owner lets it go", async () => {
      const [verb = "", key = ""] = letGo;
      await cluster.kubectl(verb, "configmap", "settings", "-n", name, key);
      await waitForObject(cluster, settingsIn(name), hasData({ tier: "gold" }));
      await waitForCondition(cluster, name, { type: "InSync", status: "True" });
    });
  },
);

describe("an object of another manager, of a kind of which else only marked objects are watched", () => {
  beforeAll(async () => {
    await cluster.apply(namespace("evicted", { evicted: "yes" }));
    const metadata = { labels: { "app.kubernetes.io/managed-by": "Helm" } };
    await cluster.apply(storedConfigMap("evicted", "settings", {}, metadata));
    await cluster.apply(wantingSettings("evicted", "evicted", { tier: "gold" }));
    await waitForCondition(cluster, "evicted", { type: "InSync", status: "False", reason: "Conflict" });
  });

  it("is watched while the conflict lasts: nothing is asked again and again", async () => {
    await waitUntil("the operator asks no more", async () => {
      const mark = await markAudit(cluster);
      await waitUntil(
        "the Lease is renewed twice",
        async () => (await operatorRequests(cluster, mark)).filter(isLeaseRenewal).length >= 2,
      );
      const requests = await operatorRequests(cluster, mark);
      return !requests.some(({ objectRef }) => objectRef?.namespace === "evicted");
    });
  });

  it("makes room for ours when it is deleted, and is no drift", async () => {
    await cluster.kubectl("delete", "configmap", "settings", "-n", "evicted");
    const ours = await waitForObject(cluster, settingsIn("evicted"), hasData({ tier: "gold" }));
    expect(ours.metadata.annotations?.["perennial.dev/adopted"]).toBeUndefined();
    const status = await waitForCondition(cluster, "evicted", { type: "InSync", status: "True" });
    expect(status).toMatchObject({ summary: { corrected: 0 }, drifts: [] });
  });
});
