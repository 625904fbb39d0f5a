/** Rules that change existing objects: what they set holds, comes back, is taken back, and is nobody's fight. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  hasData,
  type Labels,
  laterEventProcessed,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  type Place,
  policyStatus,
  startCluster,
  startOperator,
  storedConfigMap,
  type TestRule,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("mutate-existing", [
    { apiGroups: ["", "apps"], resources: ["namespaces", "serviceaccounts", "deployments", "configmaps"] },
  ]);
  operator = await startOperator(cluster);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const RESTRICTED = "pod-security.kubernetes.io/enforce";

function mutating(name: string, match: object, mutate: object): TestRule {
  return { name, match, mutate };
}

function labelledWith(label: string): object {
  return { kinds: ["Namespace"], selector: { matchLabels: { [label]: "*" } } };
}

/** A label on Namespaces that carry another one; each triggers for itself. */
function labelling(name: string, on: string, labels: Labels, more: object = {}): object {
  const targets = [{ apiVersion: "v1", kind: "Namespace", name: TRIGGER_NAME }];
  const patchStrategicMerge = { metadata: { labels } };
  return clusterPolicy(name, mutating("label", namespacesLabelled(on), { targets, patchStrategicMerge, ...more }));
}

async function served(policy: object): Promise<void> {
  await cluster.apply(policy);
  const { name } = (policy as KubernetesObject).metadata;
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
}

function hasLabels(labels: Labels): (object: KubernetesObject) => boolean {
  return ({ metadata }) => Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);
}

function lacksLabel(key: string): (object: KubernetesObject) => boolean {
  return ({ metadata }) => metadata.labels?.[key] === undefined;
}

async function inSync(policy: string, ratio: string): Promise<void> {
  await waitUntil(`${policy} is in sync: ${ratio}`, async () => {
    const { summary } = await policyStatus(cluster, policy);
    if (summary?.ratio === ratio) return true;
    throw new Error(JSON.stringify(await policyStatus(cluster, policy)));
  });
}

const of = (name: string): Place => ["namespace", "", name];

describe("a label on namespaces", () => {
  it("is set on those that are there and on those that come, and comes back", async () => {
    await cluster.apply(namespace("psa-a", { psa: "yes" }), namespace("psa-other"));
    await served(labelling("psa", "psa", { [RESTRICTED]: "restricted" }));
    await waitForObject(cluster, of("psa-a"), hasLabels({ [RESTRICTED]: "restricted" }));
    await cluster.apply(namespace("psa-b", { psa: "yes" }));
    await waitForObject(cluster, of("psa-b"), hasLabels({ [RESTRICTED]: "restricted" }));
    await inSync("psa", "2/2");
    await cluster.kubectl("label", "namespace", "psa-a", "--overwrite", `${RESTRICTED}=privileged`);
    await waitForObject(cluster, of("psa-a"), hasLabels({ [RESTRICTED]: "restricted" }));
    await cluster.kubectl("label", "namespace", "psa-b", `${RESTRICTED}-`);
    await waitForObject(cluster, of("psa-b"), hasLabels({ [RESTRICTED]: "restricted" }));
    await inSync("psa", "2/2");
    await waitUntil("both repairs are told", async () => (await policyStatus(cluster, "psa")).summary?.corrected === 2);
    const { drifts } = await policyStatus(cluster, "psa");
    for (const drift of drifts ?? []) {
      const paths = [expect.stringContaining("enforce")];
      expect(drift).toMatchObject({ target: { kind: "Namespace" }, paths, manager: expect.stringMatching(/^kubectl/) });
      expect(drift.millis).toBeGreaterThan(0);
      expect(drift.millis).toBeLessThan(20_000);
    }
    // who took the label off owns nothing that would tell
    const changed = { target: { name: "psa-a" }, after: '"privileged"', manager: "kubectl-label" };
    expect(drifts?.find(({ after }) => after === changed.after)).toMatchObject(changed);
    expect(drifts).toHaveLength(2);
    expect((await waitForObject(cluster, of("psa-other"))).metadata.labels).not.toHaveProperty(RESTRICTED);
  });

  it("stays when the policy goes, unless the rule takes it back", async () => {
    await cluster.kubectl("delete", "clusterpolicy", "psa");
    await cluster.apply(namespace("kept-a", { kept: "yes", mine: "1" }));
    await served(labelling("reverting", "kept", { set: "1", mine: "1" }, { revertOnDelete: true }));
    await waitForObject(cluster, of("kept-a"), hasLabels({ set: "1" }));
    await cluster.kubectl("delete", "clusterpolicy", "reverting");
    const after = await waitForObject(cluster, of("kept-a"), lacksLabel("set"));
    expect(after.metadata.labels).toMatchObject({ kept: "yes", mine: "1" });
    expect(JSON.stringify(after.metadata)).not.toContain("perennial/");
    expect((await waitForObject(cluster, of("psa-a"))).metadata.labels).toHaveProperty([RESTRICTED], "restricted");
  });

  it("is taken back when the trigger is no trigger any more, but not what somebody else set since", async () => {
    await cluster.apply(namespace("leaves-a", { leaves: "yes" }), namespace("leaves-b", { leaves: "yes" }));
    await served(labelling("leaving", "leaves", { set: "1" }, { revertOnDelete: true }));
    for (const name of ["leaves-a", "leaves-b"]) await waitForObject(cluster, of(name), hasLabels({ set: "1" }));
    await cluster.kubectl("label", "namespace", "leaves-a", "leaves-");
    await waitForObject(cluster, of("leaves-a"), lacksLabel("set"));
    await cluster.kubectl("label", "namespace", "leaves-b", "leaves-", "set=by-me", "--overwrite");
    await inSync("leaving", "0/0");
    expect((await waitForObject(cluster, of("leaves-b"))).metadata.labels).toMatchObject({ set: "by-me" });
  });
});

describe("other typical uses", () => {
  it("gives the default service accounts a pull secret", async () => {
    await cluster.apply(namespace("pull-a", { pull: "yes" }));
    const account: Place = ["serviceaccount", "pull-a", "default"];
    await cluster.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "pull-a" },
    });
    const targets = [{ apiVersion: "v1", kind: "ServiceAccount", name: "default", namespace: TRIGGER_NAME }];
    const patchStrategicMerge = { imagePullSecrets: [{ name: "registry" }] };
    await served(clusterPolicy("pull", mutating("pull", namespacesLabelled("pull"), { targets, patchStrategicMerge })));
    const secrets = async (wanted: unknown): Promise<void> => {
      await waitForObject(
        cluster,
        account,
        (object) =>
          JSON.stringify((object as { imagePullSecrets?: unknown }).imagePullSecrets) === JSON.stringify(wanted),
      );
    };
    await secrets([{ name: "registry" }]);
    await cluster.kubectl("patch", "serviceaccount", "-n", "pull-a", "default", "-p", '{"imagePullSecrets":[]}');
    await secrets([{ name: "registry" }]);
    await inSync("pull", "1/1");
  });

  it("annotates Deployments with what their ConfigMap says, when that changes", async () => {
    await cluster.apply(
      namespace("roll"),
      storedConfigMap("roll", "settings", { level: "1" }, { labels: { roll: "yes" } }),
    );
    await cluster.apply(deployment("roll", "web", { roll: "settings" }), deployment("roll", "other", {}));
    const match = { any: [{ resources: { kinds: ["ConfigMap"], selector: { matchLabels: { roll: "yes" } } } }] };
    const selector = { matchLabels: { roll: "settings" } };
    const targets = [
      { apiVersion: "apps/v1", kind: "Deployment", namespace: "{{ request.object.metadata.namespace }}", selector },
    ];
    const annotations = { level: "{{ request.object.data.level }}", of: "{{ target.metadata.name }}" };
    const patchStrategicMerge = { spec: { template: { metadata: { annotations } } } };
    await served(clusterPolicy("roll", mutating("roll", match, { targets, patchStrategicMerge })));
    const annotated = (level: string) => (object: KubernetesObject) =>
      JSON.stringify(object).includes(`"annotations":{"level":"${level}","of":"web"}`);
    await waitForObject(cluster, ["deployment", "roll", "web"], annotated("1"));
    await cluster.apply(storedConfigMap("roll", "settings", { level: "2" }, { labels: { roll: "yes" } }));
    await waitForObject(cluster, ["deployment", "roll", "web"], annotated("2"));
    await inSync("roll", "1/1");
    expect(JSON.stringify(await waitForObject(cluster, ["deployment", "roll", "other"]))).not.toContain('"level"');
  });

  it("sets a finalizer, again and again", async () => {
    const place: Place = ["configmap", "held-a", "held"];
    const hold = "example.com/hold";
    await cluster.apply(namespace("held-a", { held: "yes" }), storedConfigMap("held-a", "held"));
    const targets = [{ apiVersion: "v1", kind: "ConfigMap", name: "held", namespace: TRIGGER_NAME }];
    const patchStrategicMerge = { metadata: { finalizers: [hold] } };
    await served(clusterPolicy("held", mutating("hold", namespacesLabelled("held"), { targets, patchStrategicMerge })));
    const isHeld = ({ metadata }: KubernetesObject): boolean => metadata.finalizers?.includes(hold) === true;
    const before = versionOf(await waitForObject(cluster, place, isHeld));
    await inSync("held", "1/1");
    await cluster.kubectl("patch", "configmap", "-n", "held-a", "held", "-p", '{"metadata":{"finalizers":null}}');
    await waitForObject(cluster, place, (object) => isHeld(object) && versionOf(object) !== before);
    await inSync("held", "1/1");
  });

  it("removes what a JSON patch removes, again and again", async () => {
    await cluster.apply(namespace("less-a", { less: "yes", bad: "1" }));
    const targets = [{ apiVersion: "v1", kind: "Namespace", name: TRIGGER_NAME }];
    const patchesJson6902 = "- {op: remove, path: /metadata/labels/bad}";
    await served(clusterPolicy("less", mutating("less", namespacesLabelled("less"), { targets, patchesJson6902 })));
    await waitForObject(cluster, of("less-a"), lacksLabel("bad"));
    await cluster.kubectl("label", "namespace", "less-a", "bad=2");
    await waitForObject(cluster, of("less-a"), lacksLabel("bad"));
    await inSync("less", "1/1");
  });
});

function deployment(namespaceName: string, name: string, labels: Labels): object {
  const app = { app: name };
  const template = { metadata: { labels: app }, spec: { containers: [{ name: "c", image: "i" }] } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: namespaceName, name, labels },
    spec: { replicas: 0, selector: { matchLabels: app }, template },
  };
}

describe("what would never come to rest", () => {
  it("is named, and nothing is written", async () => {
    await cluster.apply(namespace("undo-a", { undo: "yes" }));
    const before = versionOf(await waitForObject(cluster, of("undo-a")));
    const targets = [{ apiVersion: "v1", kind: "Namespace", name: TRIGGER_NAME }];
    const set = (colour: string) => ({ targets, patchStrategicMerge: { metadata: { labels: { colour } } } });
    const match = namespacesLabelled("undo");
    await cluster.apply(
      clusterPolicy("undo", mutating("red", match, set("red")), mutating("blue", match, set("blue"))),
    );
    await waitForCondition(cluster, "undo", { type: "InSync", status: "False", reason: "NotConvergent" });
    const { failures } = await policyStatus(cluster, "undo");
    expect(failures?.map(({ rule }) => rule).sort()).toEqual(["blue", "red"]);
    expect(failures?.[0]?.message).toMatch(/colour.*rule (red|blue) of ClusterPolicy undo.*rule (red|blue) of/);
    const growing = "- {op: add, path: /metadata/labels/n, value: '{{ target.metadata.labels.n || `0` }}1'}";
    await cluster.apply(clusterPolicy("grow", mutating("grow", match, { targets, patchesJson6902: growing })));
    await waitForCondition(cluster, "grow", { type: "InSync", status: "False", reason: "NotConvergent" });
    expect(versionOf(await waitForObject(cluster, of("undo-a")))).toBe(before);
    await cluster.apply(clusterPolicy("undo", mutating("red", match, set("red"))));
    await waitForObject(cluster, of("undo-a"), hasLabels({ colour: "red" }));
  });
});

describe("a target that is generated too", () => {
  it("is at rest with both", async () => {
    await cluster.apply(namespace("both-a", { both: "yes" }));
    const match = namespacesLabelled("both");
    const made = { name: "made", match, generate: configMap("made", { own: "1" }) };
    const targets = [{ apiVersion: "v1", kind: "ConfigMap", name: "made", namespace: TRIGGER_NAME }];
    const patchStrategicMerge = { metadata: { labels: { more: "1" } }, data: { more: "2" } };
    await cluster.apply(clusterPolicy("both", made, mutating("more", match, { targets, patchStrategicMerge })));
    const place: Place = ["configmap", "both-a", "made"];
    const isBoth = (object: KubernetesObject): boolean =>
      JSON.stringify(object.data) === '{"more":"2","own":"1"}' && object.metadata.labels?.more === "1";
    await waitForObject(cluster, place, isBoth);
    await inSync("both", "2/2");
    const rest = versionOf(await waitForObject(cluster, place));
    await cluster.apply(namespace("both-b", { both: "yes" }));
    await waitForObject(cluster, ["configmap", "both-b", "made"], isBoth);
    await inSync("both", "4/4");
    expect(versionOf(await waitForObject(cluster, place))).toBe(rest);
    await cluster.kubectl("patch", "configmap", "-n", "both-a", "made", "-p", '{"data":{"own":"x","more":"y"}}');
    await waitForObject(cluster, place, isBoth);
  });
});

describe("a target that was there and is generated since", () => {
  it("has what both want, whichever comes first", async () => {
    await cluster.apply(namespace("taken-a"), storedConfigMap("taken-a", "taken", { foreign: "1" }));
    const match = namespacesLabelled("taken");
    const targets = [{ apiVersion: "v1", kind: "ConfigMap", name: "taken", namespace: TRIGGER_NAME }];
    const mutate = { targets, patchStrategicMerge: { data: { more: "2" } } };
    await cluster.apply(
      clusterPolicy("taken-m", mutating("more", match, mutate)),
      clusterPolicy("taken-g", { name: "made", match, generate: configMap("taken", { own: "1" }) }),
    );
    await cluster.kubectl("label", "namespace", "taken-a", "taken=yes");
    await waitForObject(cluster, ["configmap", "taken-a", "taken"], hasData({ more: "2", own: "1" }));
    for (const policy of ["taken-m", "taken-g"]) await inSync(policy, "1/1");
  });
});

describe("a rule that acts on changes", () => {
  const place: Place = ["configmap", "edge-a", "log"];
  const targets = [{ apiVersion: "v1", kind: "ConfigMap", name: "log", namespace: TRIGGER_NAME }];

  it("changes its targets once for each change, and leaves them alone after that", async () => {
    await cluster.apply(namespace("edge-a", { edge: "yes" }), storedConfigMap("edge-a", "log", { n: "" }));
    const patchesJson6902 = "- {op: replace, path: /data/n, value: '{{ target.data.n }}1'}";
    const mutate = { targets, patchesJson6902, mutateExistingOnPolicyUpdate: false };
    await served(clusterPolicy("edge", mutating("edge", namespacesLabelled("edge"), mutate)));
    await cluster.kubectl("annotate", "namespace", "edge-a", "change=1");
    await waitForObject(cluster, place, hasData({ n: "1" }));
    await cluster.kubectl("annotate", "namespace", "edge-a", "change=2", "--overwrite");
    await waitForObject(cluster, place, hasData({ n: "11" }));
    await cluster.kubectl("patch", "configmap", "-n", "edge-a", "log", "-p", '{"data":{"n":"mine"}}');
    await laterEventProcessed(cluster, operator);
    expect((await waitForObject(cluster, place)).data).toEqual({ n: "mine" });
    expect((await policyStatus(cluster, "edge")).rules).toMatchObject([{ type: "Edge" }]);
    await cluster.kubectl("delete", "clusterpolicy", "edge");
  });

  it("may read what was before, and the time", async () => {
    await cluster.apply(namespace("edge-b", { before: "yes", colour: "red" }), storedConfigMap("edge-b", "log"));
    const was = "{{ request.oldObject.metadata.labels.colour }}";
    const patchStrategicMerge = { data: { was, at: "{{ time_now_utc() }}" } };
    const match = { any: [{ resources: { ...labelledWith("before"), operations: ["UPDATE"] } }] };
    await served(clusterPolicy("before", mutating("before", match, { targets, patchStrategicMerge })));
    await cluster.kubectl("label", "namespace", "edge-b", "colour=blue", "--overwrite");
    const { data } = await waitForObject(cluster, ["configmap", "edge-b", "log"], ({ data }) => data !== undefined);
    expect(data).toEqual({ was: "red", at: expect.stringMatching(/^\d{4}-/) });
  });
});

describe("a rule that was edited", () => {
  const TAKEN_BACK = { revertOnDelete: true };

  it("takes back what it does not set any more, and where it does not set it any more", async () => {
    await cluster.apply(namespace("edited-a", { edited: "yes" }));
    await served(labelling("edited", "edited", { old: "1", stays: "1" }, TAKEN_BACK));
    await waitForObject(cluster, of("edited-a"), hasLabels({ old: "1", stays: "1" }));
    await served(labelling("edited", "edited", { stays: "1", young: "1" }, TAKEN_BACK));
    const after = await waitForObject(cluster, of("edited-a"), lacksLabel("old"));
    expect(after.metadata.labels).toMatchObject({ edited: "yes", stays: "1", young: "1" });
    await inSync("edited", "1/1");
    const rest = versionOf(await waitForObject(cluster, of("edited-a")));
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, of("edited-a")))).toBe(rest);
  });

  it("while the operator was down takes back the same after its start, also where nobody looks any more", async () => {
    const target = (kind: string, name: string): object => ({ apiVersion: "v1", kind, namespace: "narrow", name });
    const narrow = (kind: string, name: string, labels: Labels): object => {
      const mutate = { targets: [target(kind, name)], patchStrategicMerge: { metadata: { labels } }, ...TAKEN_BACK };
      return clusterPolicy("narrow", mutating("label", namespacesLabelled("narrow"), mutate));
    };
    const maps = ["first", "second"].map((name) => storedConfigMap("narrow", name));
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "bot", namespace: "narrow" } };
    const untouched = (name: string): Place => ["configmap", "narrow", name];
    await cluster.apply(namespace("narrow", { narrow: "yes" }), ...maps, account);
    await served(narrow("ConfigMap", "first", { set: "1" }));
    await waitForObject(cluster, untouched("first"), hasLabels({ set: "1" }));
    await operator.stop();
    await cluster.apply(narrow("ConfigMap", "second", { set: "1" }));
    await cluster.apply(labelling("edited", "edited", { young: "1" }, TAKEN_BACK));
    operator = await startOperator(cluster);
    await waitForObject(cluster, untouched("second"), hasLabels({ set: "1" }));
    await waitForObject(cluster, untouched("first"), lacksLabel("set"));
    await waitForObject(cluster, of("edited-a"), lacksLabel("stays"));
    await operator.stop();
    await cluster.apply(narrow("ServiceAccount", "bot", { set: "1" }));
    operator = await startOperator(cluster);
    await waitForObject(cluster, ["serviceaccount", "narrow", "bot"], hasLabels({ set: "1" }));
    await waitForObject(cluster, untouched("second"), lacksLabel("set"));
    await operator.stop();
    await cluster.kubectl("label", "namespace", "narrow", "narrow-");
    operator = await startOperator(cluster);
    await waitForObject(cluster, ["serviceaccount", "narrow", "bot"], lacksLabel("set"));
    await inSync("narrow", "0/0");
  });
});

describe("a restart", () => {
  it("writes nothing, and takes back what went meanwhile", async () => {
    await cluster.apply(namespace("again-a", { again: "yes" }), namespace("again-b", { gone: "yes" }));
    await served(labelling("again", "again", { again2: "1" }));
    await served(labelling("gone", "gone", { gone2: "1" }, { revertOnDelete: true }));
    await waitForObject(cluster, of("again-a"), hasLabels({ again2: "1" }));
    await waitForObject(cluster, of("again-b"), hasLabels({ gone2: "1" }));
    await inSync("again", "1/1");
    const rest = await Promise.all(
      [of("again-a"), ["configmap", "both-a", "made"] as const].map((place) => waitForObject(cluster, place)),
    );
    await operator.stop();
    await cluster.kubectl("delete", "clusterpolicy", "gone");
    operator = await startOperator(cluster);
    await waitForObject(cluster, of("again-b"), lacksLabel("gone2"));
    await cluster.apply(namespace("again-c", { again: "yes" }));
    await waitForObject(cluster, of("again-c"), hasLabels({ again2: "1" }));
    await inSync("again", "2/2");
    const after = await Promise.all(
      [of("again-a"), ["configmap", "both-a", "made"] as const].map((place) => waitForObject(cluster, place)),
    );
    expect(after.map(versionOf)).toEqual(rest.map(versionOf));
    await waitUntilGone(cluster, ["clusterpolicy", "", "gone"]);
  });
});
