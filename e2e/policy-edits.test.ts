/** A policy may be edited at any time: what it no longer wants goes, what it wants now comes, and nothing else is touched. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  auditBetween,
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  hasData,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  type Place,
  policyStatus,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

const PRUNE_DELAY = 2_000;

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  await start();
  await cluster.apply(namespace("vault"), namespace("archive"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function start(): Promise<void> {
  operator = await startOperator(cluster, { flags: [`--prune-delay=${PRUNE_DELAY}ms`] });
}

/** Each test has a label of its own, and the namespaces that carry it. */
async function createNamespaces(label: string, ...names: string[]): Promise<void> {
  await cluster.apply(...names.map((name) => namespace(name, { [label]: "yes" })));
}

/** In sync, and as it is written now. */
async function applyPolicy(name: string, ...rules: Parameters<typeof clusterPolicy>[1][]): Promise<void> {
  await cluster.apply(clusterPolicy(name, ...rules));
  const { generation } = (await waitForObject(cluster, ["clusterpolicy", "", name])).metadata;
  await waitForObject(cluster, ["clusterpolicy", "", name], ({ status }) =>
    JSON.stringify(status).includes(`"observedGeneration":${generation}`),
  );
  await waitForCondition(cluster, name, { type: "InSync", status: "True" });
}

function map(name: string): Place {
  return ["configmap", ...(name.split("/") as [string, string])]; // "namespace/name"
}

/** In a namespace that is not its trigger's. */
function stored(where: string, data: object = { of: TRIGGER_NAME }, more: object = {}): object {
  return configMap(`${TRIGGER_NAME}-record`, data, { namespace: where, ...more });
}

describe("an edited policy", () => {
  /** One rule is edited; the other one, of the same policy, must not be written. */
  async function expectEdit(label: string, before: object, after: object, check: () => Promise<void>): Promise<void> {
    const match = namespacesLabelled(label);
    const bystander = { name: "bystander", match, generate: configMap("bystander", { of: TRIGGER_NAME }) };
    await createNamespaces(label, `${label}-a`, `${label}-b`);
    await applyPolicy(label, { name: "edited", match, generate: before }, bystander);
    const untouched = await Promise.all(
      ["a", "b"].map((end) => waitForObject(cluster, map(`${label}-${end}/bystander`))),
    );
    await applyPolicy(label, { name: "edited", match, generate: after }, bystander);
    await check();
    const still = await Promise.all(["a", "b"].map((end) => waitForObject(cluster, map(`${label}-${end}/bystander`))));
    expect(still.map(versionOf)).toEqual(untouched.map(versionOf));
  }

  it("has its new data written to the targets that are there", async () => {
    let uid: string | undefined;
    await createNamespaces("data", "data-a");
    await applyPolicy("data", {
      name: "edited",
      match: namespacesLabelled("data"),
      generate: configMap("settings", { tier: "gold", zone: "a" }),
    });
    uid = (await waitForObject(cluster, map("data-a/settings"))).metadata.uid;
    await expectEdit(
      "data",
      configMap("settings", { tier: "gold", zone: "a" }),
      configMap("settings", { tier: "lead", region: "eu" }),
      async () => {
        const live = await waitForObject(cluster, map("data-a/settings"), hasData({ tier: "lead", region: "eu" }));
        expect(live.metadata.uid).toBe(uid);
      },
    );
  });

  it("has its targets under the new name, and no longer under the old one", async () => {
    await expectEdit("names", configMap("old-name", { k: "v" }), configMap("new-name", { k: "v" }), async () => {
      for (const end of ["a", "b"]) {
        await waitForObject(cluster, map(`names-${end}/new-name`), hasData({ k: "v" }));
        await waitUntilGone(cluster, map(`names-${end}/old-name`));
      }
    });
  });

  it("has its targets in the new namespace, and no longer in the old one", async () => {
    await expectEdit("places", stored("vault"), stored("archive"), async () => {
      for (const end of ["a", "b"]) {
        await waitForObject(cluster, map(`archive/places-${end}-record`), hasData({ of: `places-${end}` }));
        await waitUntilGone(cluster, map(`vault/places-${end}-record`));
      }
    });
  });

  it("has its targets in the new kind, and no longer in the old one", async () => {
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      name: "thing",
      namespace: TRIGGER_NAME,
      data: { spec: { hard: { pods: "3" } } },
    };
    await expectEdit("kinds", configMap("thing", { k: "v" }), quota, async () => {
      for (const end of ["a", "b"]) {
        await waitForObject(cluster, ["resourcequota", `kinds-${end}`, "thing"]);
        await waitUntilGone(cluster, map(`kinds-${end}/thing`));
      }
    });
  });

  it("has targets where it matches now, none where it did, and leaves those where it still does", async () => {
    await cluster.apply(
      namespace("match-old", { before: "yes" }),
      namespace("match-both", { before: "yes", since: "yes" }),
      namespace("match-new", { since: "yes" }),
    );
    const rule = { name: "settings", generate: configMap("settings", { k: "v" }) };
    await applyPolicy("matching", { ...rule, match: namespacesLabelled("before") });
    const before = await waitForObject(cluster, map("match-both/settings"));
    await applyPolicy("matching", { ...rule, match: namespacesLabelled("since") });
    await waitForObject(cluster, map("match-new/settings"));
    await waitUntilGone(cluster, map("match-old/settings"));
    expect(versionOf(await waitForObject(cluster, map("match-both/settings")))).toBe(versionOf(before));
  });

  it("keeps its targets when a rule is renamed: they change hands and are never deleted", async () => {
    await createNamespaces("renamed", "renamed-a", "renamed-b");
    const rule = { match: namespacesLabelled("renamed"), generate: configMap("settings", { k: "v" }) };
    await applyPolicy("renamed", { name: "first-name", ...rule });
    const before = await Promise.all([
      waitForObject(cluster, map("renamed-a/settings")),
      waitForObject(cluster, map("renamed-b/settings")),
    ]);
    await applyPolicy("renamed", { name: "second-name", ...rule });
    const isRenamed = ({ metadata }: (typeof before)[0]): boolean =>
      metadata.annotations?.["perennial.dev/rule"] === "second-name";
    const after = await Promise.all([
      waitForObject(cluster, map("renamed-a/settings"), isRenamed),
      waitForObject(cluster, map("renamed-b/settings"), isRenamed),
    ]);
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
    await cluster.kubectl("delete", "configmap", "settings", "-n", "renamed-a");
    await waitForObject(cluster, map("renamed-a/settings"), isRenamed); // the new rule holds it
  });

  it("loses the targets of a rule that was removed, and only those", async () => {
    await createNamespaces("removed", "removed-a");
    const match = namespacesLabelled("removed");
    const stays = { name: "stays", match, generate: configMap("stays", { k: "v" }) };
    await applyPolicy("removed", stays, { name: "goes", match, generate: configMap("goes", { k: "v" }) });
    const before = await waitForObject(cluster, map("removed-a/stays"));
    await applyPolicy("removed", stays);
    await waitUntilGone(cluster, map("removed-a/goes"));
    expect(versionOf(await waitForObject(cluster, map("removed-a/stays")))).toBe(versionOf(before));
  });

  it("keeps what it made while an edit makes it invalid, and goes on when it is corrected", async () => {
    await createNamespaces("typo", "typo-a");
    const match = namespacesLabelled("typo");
    await applyPolicy("typo", { name: "settings", match, generate: configMap("settings", { k: "v" }) });
    const before = await waitForObject(cluster, map("typo-a/settings"));
    await cluster.apply(
      clusterPolicy("typo", {
        name: "settings",
        match,
        generate: configMap("settings", { k: "{{ request.object.metadata. }}" }),
      }),
    );
    await waitForCondition(cluster, "typo", { type: "Ready", status: "False", reason: "InvalidPolicy" });
    expect(versionOf(await waitForObject(cluster, map("typo-a/settings")))).toBe(versionOf(before));
    await applyPolicy("typo", { name: "settings", match, generate: configMap("settings", { k: "corrected" }) });
    await waitForObject(cluster, map("typo-a/settings"), hasData({ k: "corrected" }));
  });
});

describe("a trigger", () => {
  it("that stops matching, or is deleted, takes its targets along, wherever they lie", async () => {
    await createNamespaces("leaving", "leaving-a", "leaving-b", "leaving-c");
    await applyPolicy("leaving", { name: "record", match: namespacesLabelled("leaving"), generate: stored("vault") });
    const stays = await waitForObject(cluster, map("vault/leaving-c-record"));
    await cluster.kubectl("label", "namespace", "leaving-a", "leaving-");
    await waitUntilGone(cluster, map("vault/leaving-a-record"));
    await cluster.kubectl("delete", "namespace", "leaving-b", "--wait=false");
    await waitUntilGone(cluster, map("vault/leaving-b-record"));
    expect(versionOf(await waitForObject(cluster, map("vault/leaving-c-record")))).toBe(versionOf(stays));
    await cluster.kubectl("label", "namespace", "leaving-a", "leaving=again");
    await waitForObject(cluster, map("vault/leaving-a-record"));
  });

  it("that is deleted and made again has its targets again", async () => {
    await createNamespaces("returning", "returning-a");
    await applyPolicy("returning", {
      name: "record",
      match: namespacesLabelled("returning"),
      generate: stored("vault"),
    });
    await cluster.kubectl("delete", "namespace", "returning-a");
    await waitUntilGone(cluster, map("vault/returning-a-record"));
    await createNamespaces("returning", "returning-a");
    const { metadata } = await waitForObject(cluster, ["namespace", "", "returning-a"]);
    await waitForObject(
      cluster,
      map("vault/returning-a-record"),
      (live) => live.metadata.annotations?.["perennial.dev/trigger"]?.includes(metadata.uid ?? "?") === true,
    );
  });
});

describe("a policy that is deleted", () => {
  it("takes its targets along, when the prune delay is over and not before", async () => {
    await createNamespaces("doomed", "doomed-a");
    await applyPolicy("doomed", {
      name: "settings",
      match: namespacesLabelled("doomed"),
      generate: configMap("settings", { k: "v" }),
    });
    const from = await markAudit(cluster);
    await cluster.kubectl("delete", "clusterpolicy", "doomed");
    await waitUntilGone(cluster, map("doomed-a/settings"));
    const requests = await auditBetween(cluster, from, await markAudit(cluster));
    const moments = ["clusterpolicies", "configmaps"].map((resource) => {
      const deletion = requests.find(({ verb, objectRef }) => verb === "delete" && objectRef?.resource === resource);
      return new Date(deletion?.requestReceivedTimestamp ?? 0).getTime();
    });
    const [policyWent = 0, targetWent = 0] = moments;
    expect(policyWent).toBeGreaterThan(0);
    expect(targetWent - policyWent).toBeGreaterThanOrEqual(PRUNE_DELAY);
  });

  it("leaves the targets behind, as nobody's, when it says so: orphanDownstreamOnPolicyDelete", async () => {
    await createNamespaces("orphaned", "orphaned-a");
    const generate = configMap("settings", { k: "v" }, { orphanDownstreamOnPolicyDelete: true });
    await applyPolicy("orphaned", { name: "settings", match: namespacesLabelled("orphaned"), generate });
    const before = await waitForObject(cluster, map("orphaned-a/settings"));
    await cluster.kubectl("delete", "clusterpolicy", "orphaned");
    const after = await waitForObject(cluster, map("orphaned-a/settings"), isUnmarked);
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.data).toEqual({ k: "v" });
    await cluster.kubectl(
      "patch",
      "configmap",
      "settings",
      "-n",
      "orphaned-a",
      "--type=merge",
      "-p",
      '{"data":{"k":"mine"}}',
    );
    await pruneDelayPassed("after-orphaned");
    expect((await waitForObject(cluster, map("orphaned-a/settings"))).data).toEqual({ k: "mine" });
  });

  it("and applied again at once loses nothing: no target is deleted, and none is written", async () => {
    await createNamespaces("replaced", "replaced-a", "replaced-b");
    const match = namespacesLabelled("replaced");
    const policy = clusterPolicy("replaced", { name: "settings", match, generate: configMap("settings", { k: "v" }) });
    await applyPolicy("replaced", { name: "settings", match, generate: configMap("settings", { k: "v" }) });
    const before = await Promise.all([
      waitForObject(cluster, map("replaced-a/settings")),
      waitForObject(cluster, map("replaced-b/settings")),
    ]);
    await cluster.kubectl("delete", "clusterpolicy", "replaced");
    await cluster.apply(policy);
    await waitForCondition(cluster, "replaced", { type: "InSync", status: "True" });
    await pruneDelayPassed("after-replaced");
    const after = await Promise.all([
      waitForObject(cluster, map("replaced-a/settings")),
      waitForObject(cluster, map("replaced-b/settings")),
    ]);
    expect(after.map(versionOf)).toEqual(before.map(versionOf));
    await cluster.kubectl("delete", "configmap", "settings", "-n", "replaced-a");
    await waitForObject(cluster, map("replaced-a/settings")); // and it is kept as before
  });

  it("while the operator is not there has its targets deleted when it is back", async () => {
    await createNamespaces("unseen", "unseen-a");
    await applyPolicy("unseen", {
      name: "settings",
      match: namespacesLabelled("unseen"),
      generate: configMap("settings", { k: "v" }),
    });
    await operator.stop();
    await cluster.kubectl("delete", "clusterpolicy", "unseen");
    await start();
    await waitUntilGone(cluster, map("unseen-a/settings"));
  });

  function isUnmarked({
    metadata: { labels = {}, annotations = {} },
  }: {
    metadata: { labels?: object; annotations?: object };
  }): boolean {
    return [...Object.keys(labels), ...Object.keys(annotations)].every(
      (key) => !key.startsWith("perennial.dev/") && key !== "app.kubernetes.io/managed-by",
    );
  }

  /** What was deleted after everything else is gone: whatever was due before it has happened. */
  async function pruneDelayPassed(name: string): Promise<void> {
    await createNamespaces(name, name);
    await applyPolicy(name, {
      name: "settings",
      match: namespacesLabelled(name),
      generate: configMap("settings", { k: "v" }),
    });
    await cluster.kubectl("delete", "clusterpolicy", name);
    await waitUntilGone(cluster, map(`${name}/settings`));
  }
});

describe("synchronize: false", () => {
  const match = namespacesLabelled("once");
  const generate = configMap("welcome", { hello: TRIGGER_NAME }, { synchronize: false });
  const control = { name: "control", match, generate: configMap("control", { of: TRIGGER_NAME }) };

  beforeAll(async () => {
    await createNamespaces("once", "once-early", "once-edited", "once-deleted", "once-kept");
    await applyPolicy("once", { name: "welcome", match, generate }, control);
  });

  it("makes the object once, for namespaces that were there and for new ones", async () => {
    await waitForObject(cluster, map("once-early/welcome"), hasData({ hello: "once-early" }));
    await createNamespaces("once", "once-late");
    await waitForObject(cluster, map("once-late/welcome"), hasData({ hello: "once-late" }));
  });

  it("leaves what was edited", async () => {
    await cluster.kubectl(
      "patch",
      "configmap",
      "welcome",
      "-n",
      "once-edited",
      "--type=merge",
      "-p",
      '{"data":{"hello":"mine"}}',
    );
    await laterEventProcessed();
    await cluster.kubectl("annotate", "namespace", "once-edited", "touched=yes"); // not even then
    await laterEventProcessed();
    expect((await waitForObject(cluster, map("once-edited/welcome"))).data).toEqual({ hello: "mine" });
  });

  it("leaves it deleted, and stays in sync", async () => {
    await cluster.kubectl("delete", "configmap", "welcome", "-n", "once-deleted");
    const { summary } = await policyStatus(cluster, "once");
    await laterEventProcessed();
    expect(await cluster.get(...map("once-deleted/welcome"))).toBeUndefined();
    await waitUntil("the status is of after that", async () => {
      const { summary: now } = await policyStatus(cluster, "once");
      return (now?.corrected ?? 0) > (summary?.corrected ?? 0); // the control object that was made again
    });
    expect(condition(await policyStatus(cluster, "once"), "InSync")).toMatchObject({ status: "True" });
  });

  it("leaves it deleted also when the operator is restarted", async () => {
    await operator.stop();
    await start();
    await laterEventProcessed();
    expect(await cluster.get(...map("once-deleted/welcome"))).toBeUndefined();
    expect((await waitForObject(cluster, map("once-edited/welcome"))).data).toEqual({ hello: "mine" });
  });

  it("makes it again when its namespace changes", async () => {
    await cluster.kubectl("annotate", "namespace", "once-deleted", "touched=yes");
    await waitForObject(cluster, map("once-deleted/welcome"), hasData({ hello: "once-deleted" }));
  });

  it("leaves it when its namespace no longer matches, and when the policy goes", async () => {
    await cluster.kubectl("label", "namespace", "once-kept", "once-");
    await waitUntilGone(cluster, map("once-kept/control"));
    expect((await waitForObject(cluster, map("once-kept/welcome"))).data).toEqual({ hello: "once-kept" });
    await cluster.kubectl("delete", "clusterpolicy", "once");
    await waitUntilGone(cluster, map("once-early/control"));
    const left = await waitForObject(
      cluster,
      map("once-early/welcome"),
      ({ metadata }) => metadata.labels?.["perennial.dev/claim"] === undefined,
    );
    expect(left.data).toEqual({ hello: "once-early" });
  });

  it("does not take over an object that is there already", async () => {
    await cluster.apply(
      namespace("once-taken", { taken: "yes" }),
      storedConfigMap("once-taken", "welcome", { hello: "theirs" }),
    );
    await cluster.apply(clusterPolicy("taken", { name: "welcome", match: namespacesLabelled("taken"), generate }));
    await waitForCondition(cluster, "taken", { type: "InSync", status: "True" });
    const { data, metadata } = await waitForObject(cluster, map("once-taken/welcome"));
    expect(data).toEqual({ hello: "theirs" });
    expect(metadata.labels).toBeUndefined();
  });

  /** A control object that is deleted and made again: what was seen before that was worked on. */
  async function laterEventProcessed(): Promise<void> {
    const { metadata } = await waitForObject(cluster, map("once-early/control"));
    await cluster.kubectl("delete", "configmap", "control", "-n", "once-early");
    await waitForObject(cluster, map("once-early/control"), (live) => live.metadata.uid !== metadata.uid);
    await waitUntil("nothing is waiting", async () => /perennial_queue_depth 0\n/.test(await operator.metrics()));
  }
});
