/** match and exclude: which objects a rule is about, and that it notices when that changes. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  hasData,
  namespace,
  namespacedPolicy,
  namespacesLabelled,
  type OperatorProcess,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const RESULTS = "results";

/** For each trigger a ConfigMap in one place, named after the trigger. */
function register(policy: string): object {
  const object = "request.object";
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: `${policy}.{{ to_lower(${object}.kind) }}.{{ ${object}.metadata.namespace || 'cluster' }}.{{ ${object}.metadata.name }}`,
    namespace: RESULTS,
    data: { data: { apiVersion: `{{ ${object}.apiVersion }}` } },
  };
}

/** What a policy with this match has registered when every trigger was planned, such as `configmap.sel-a.app-1`. */
async function selectedBy(policy: string, match: object, exclude?: object): Promise<string[]> {
  await cluster.apply(
    clusterPolicy(policy, {
      name: "register",
      match,
      ...(exclude === undefined ? {} : { exclude }),
      generate: register(policy),
    }),
  );
  await waitForCondition(cluster, policy, { type: "InSync", status: "True" });
  return registered(policy);
}

async function registered(policy: string): Promise<string[]> {
  const found = await cluster.list("configmaps", RESULTS, `perennial.dev/policy=${policy}`);
  const names: string[] = found.map(({ metadata }) => metadata.name.slice(policy.length + 1));
  return names.sort((a, b) => (a < b ? -1 : 1));
}

async function waitForRegistered(policy: string, expected: string[]): Promise<void> {
  await waitUntil(`${policy} has registered ${expected}`, async () => {
    const found = await registered(policy);
    if (JSON.stringify(found) === JSON.stringify([...expected].sort((a, b) => (a < b ? -1 : 1)))) return true;
    throw new Error(`registered: ${found}`);
  });
}

function serviceAccount(where: string, name: string): object {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace: where, name } };
}

/** Nobody runs it here; it is there to be selected. */
function deployment(where: string, name: string): object {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "example.com/none" }] } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: where, name },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  };
}

function autoscaler(where: string, name: string): object {
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name };
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { namespace: where, name },
    spec: { scaleTargetRef, maxReplicas: 2 },
  };
}

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("more-triggers", [
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: ["get", "list", "watch"] },
  ]);
  await cluster.apply(
    namespace(RESULTS),
    namespace("sel-a", { env: "prod", team: "red" }),
    namespace("sel-b", { env: "test", team: "blue" }),
    namespace("sel-c"),
    storedConfigMap("sel-a", "app-1", {}, { labels: { tier: "web" }, annotations: { "example.com/owner": "ann" } }),
    storedConfigMap("sel-a", "app-2", {}, { labels: { tier: "db" } }),
    storedConfigMap("sel-b", "app-1", {}, { labels: { tier: "web" } }),
    storedConfigMap("sel-c", "app-1"),
    serviceAccount("sel-a", "robot"),
    serviceAccount("sel-b", "robot-2"),
    deployment("sel-a", "shop"),
    autoscaler("sel-a", "shop"),
  );
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const any = (...filters: object[]): object => ({ any: filters.map((resources) => ({ resources })) });
const all = (...filters: object[]): object => ({ all: filters.map((resources) => ({ resources })) });

const MAPS = { kinds: ["ConfigMap"], names: ["app-*"] };

type Row = { title: string; match: object; exclude?: object; expected: string[] };

const ROWS: Row[] = [
  {
    title: "a kind and a name",
    match: any({ kinds: ["Namespace"], names: ["sel-b"] }),
    expected: ["namespace.cluster.sel-b"],
  },
  {
    title: "names with wildcards",
    match: any({ kinds: ["Namespace"], names: ["sel-?"] }),
    expected: ["namespace.cluster.sel-a", "namespace.cluster.sel-b", "namespace.cluster.sel-c"],
  },
  {
    title: "one name, in the older field",
    match: any({ kinds: ["ServiceAccount"], name: "robot" }),
    expected: ["serviceaccount.sel-a.robot"],
  },
  {
    title: "several kinds",
    match: any({ kinds: ["ConfigMap", "ServiceAccount"], names: ["app-2", "robot*"] }),
    expected: ["configmap.sel-a.app-2", "serviceaccount.sel-a.robot", "serviceaccount.sel-b.robot-2"],
  },
  {
    title: "namespaces",
    match: any({ ...MAPS, namespaces: ["sel-a", "sel-c"] }),
    expected: ["configmap.sel-a.app-1", "configmap.sel-a.app-2", "configmap.sel-c.app-1"],
  },
  {
    title: "namespaces with wildcards, of Namespaces themselves",
    match: any({ kinds: ["Namespace"], namespaces: ["*-a", "*-c"] }),
    expected: ["namespace.cluster.sel-a", "namespace.cluster.sel-c"],
  },
  {
    title: "labels",
    match: any({ ...MAPS, selector: { matchLabels: { tier: "web" } } }),
    expected: ["configmap.sel-a.app-1", "configmap.sel-b.app-1"],
  },
  {
    title: "labels by expressions, where NotIn holds without the label too",
    match: any({ ...MAPS, selector: { matchExpressions: [{ key: "tier", operator: "NotIn", values: ["web"] }] } }),
    expected: ["configmap.sel-a.app-2", "configmap.sel-c.app-1"],
  },
  {
    title: "annotations",
    match: any({ ...MAPS, annotations: { "example.com/*": "a*" } }),
    expected: ["configmap.sel-a.app-1"],
  },
  {
    title: "labels of the namespace",
    match: any({ ...MAPS, namespaceSelector: { matchLabels: { env: "prod" } } }),
    expected: ["configmap.sel-a.app-1", "configmap.sel-a.app-2"],
  },
  {
    title: "labels of a Namespace itself",
    match: any({
      kinds: ["Namespace"],
      names: ["sel-*"],
      namespaceSelector: { matchExpressions: [{ key: "team", operator: "Exists" }] },
    }),
    expected: ["namespace.cluster.sel-a", "namespace.cluster.sel-b"],
  },
  {
    title: "any: one of two filters",
    match: any({ ...MAPS, namespaces: ["sel-b"] }, { ...MAPS, selector: { matchLabels: { tier: "db" } } }),
    expected: ["configmap.sel-b.app-1", "configmap.sel-a.app-2"],
  },
  {
    title: "all: both filters",
    match: all(
      { ...MAPS, selector: { matchLabels: { tier: "*" } } },
      { kinds: ["ConfigMap"], namespaceSelector: { matchLabels: { env: "test" } } },
    ),
    expected: ["configmap.sel-b.app-1"],
  },
  {
    title: "a filter written flat",
    match: { resources: { kinds: ["Namespace"], names: ["sel-c"] } },
    expected: ["namespace.cluster.sel-c"],
  },
  {
    title: "exclude by name",
    match: any({ kinds: ["Namespace"], names: ["sel-*"] }),
    exclude: any({ names: ["sel-a"] }),
    expected: ["namespace.cluster.sel-b", "namespace.cluster.sel-c"],
  },
  {
    title: "exclude by any of two filters",
    match: any(MAPS),
    exclude: any({ namespaces: ["sel-c"] }, { selector: { matchLabels: { tier: "db" } } }),
    expected: ["configmap.sel-a.app-1", "configmap.sel-b.app-1"],
  },
  {
    title: "exclude by all of two filters",
    match: any(MAPS),
    exclude: all({ namespaces: ["sel-a"] }, { selector: { matchLabels: { tier: "web" } } }),
    expected: ["configmap.sel-a.app-2", "configmap.sel-b.app-1", "configmap.sel-c.app-1"],
  },
  {
    title: "exclude written flat, by labels of the namespace",
    match: any(MAPS),
    exclude: { resources: { namespaceSelector: { matchLabels: { env: "*" } } } },
    expected: ["configmap.sel-c.app-1"],
  },
  {
    title: "an empty exclude, which excludes nothing",
    match: any({ kinds: ["Namespace"], names: ["sel-a"] }),
    exclude: {},
    expected: ["namespace.cluster.sel-a"],
  },
  {
    title: "group, version and kind",
    match: any({ kinds: ["apps/v1/Deployment"] }),
    expected: ["deployment.sel-a.shop"],
  },
  {
    title: "any version of a group",
    match: any({ kinds: ["apps/*/Deployment"] }),
    expected: ["deployment.sel-a.shop"],
  },
  { title: "any group and version", match: any({ kinds: ["*/*/Deployment"] }), expected: ["deployment.sel-a.shop"] },
  {
    title: "a version alone",
    match: any({ kinds: ["v1/ServiceAccount"], names: ["robot"] }),
    expected: ["serviceaccount.sel-a.robot"],
  },
  {
    title: "nothing at all, which is no failure",
    match: any({ kinds: ["Namespace"], names: ["there-is-none"] }),
    expected: [],
  },
];

describe("match and exclude", () => {
  it.each(ROWS.map((row, i) => ({ ...row, policy: `row-${i}` })))(
    "select by $title",
    async ({ policy, match, exclude, expected }) => {
      expect(await selectedBy(policy, match, exclude)).toEqual([...expected].sort((a, b) => (a < b ? -1 : 1)));
    },
  );

  it("show a rule the object in the version that it names", async () => {
    await selectedBy("scaler-v1", any({ kinds: ["autoscaling/v1/HorizontalPodAutoscaler"] }));
    await selectedBy("scaler-v2", any({ kinds: ["autoscaling/v2/HorizontalPodAutoscaler"] }));
    const name = "horizontalpodautoscaler.sel-a.shop";
    await waitForObject(
      cluster,
      ["configmap", RESULTS, `scaler-v1.${name}`],
      hasData({ apiVersion: "autoscaling/v1" }),
    );
    await waitForObject(
      cluster,
      ["configmap", RESULTS, `scaler-v2.${name}`],
      hasData({ apiVersion: "autoscaling/v2" }),
    );
  });

  it("name a version that is not served: the policy says so, and others go on", async () => {
    await cluster.apply(
      clusterPolicy("unserved", {
        name: "register",
        match: any({ kinds: ["apps/v7/Deployment"] }),
        generate: register("unserved"),
      }),
    );
    const status = await waitForCondition(cluster, "unserved", {
      type: "Ready",
      status: "False",
      reason: "KindUnknown",
    });
    expect(condition(status, "Ready")?.message).toContain("apps/v7/Deployment");
    expect(await selectedBy("served", any({ kinds: ["Namespace"], names: ["sel-a"] }))).toEqual([
      "namespace.cluster.sel-a",
    ]);
  });

  it("are not about what was generated: a rule on ConfigMaps that makes ConfigMaps does not feed on them", async () => {
    const found = await selectedBy(
      "feeder",
      any({ kinds: ["ConfigMap"], names: ["app-1", "feeder*"], namespaces: ["sel-a", RESULTS] }),
    );
    expect(found).toEqual(["configmap.sel-a.app-1"]);
    await cluster.kubectl("delete", "configmap", "feeder.configmap.sel-a.app-1", "-n", RESULTS);
    await waitForObject(cluster, ["configmap", RESULTS, "feeder.configmap.sel-a.app-1"]);
    expect(await registered("feeder")).toEqual(["configmap.sel-a.app-1"]);
  });
});

describe("a change of what is selected", () => {
  it("is followed when an object comes, changes its labels, and goes", async () => {
    const match = any({ kinds: ["ServiceAccount"], selector: { matchLabels: { registered: "yes" } } });
    expect(await selectedBy("moving", match)).toEqual([]);
    await cluster.apply({
      ...serviceAccount("sel-b", "mover"),
      metadata: { namespace: "sel-b", name: "mover", labels: { registered: "yes" } },
    });
    await waitForRegistered("moving", ["serviceaccount.sel-b.mover"]);
    await cluster.kubectl("label", "serviceaccount", "mover", "-n", "sel-b", "registered=no", "--overwrite");
    await waitForRegistered("moving", []);
    await cluster.kubectl("label", "serviceaccount", "mover", "-n", "sel-b", "registered=yes", "--overwrite");
    await waitForRegistered("moving", ["serviceaccount.sel-b.mover"]);
    await cluster.kubectl("delete", "serviceaccount", "mover", "-n", "sel-b");
    await waitForRegistered("moving", []);
  });

  it("is followed when the labels of a namespace change, for what lies in it", async () => {
    await cluster.apply(namespace("sel-later"), storedConfigMap("sel-later", "app-9"));
    const match = any({
      kinds: ["ConfigMap"],
      names: ["app-*"],
      namespaceSelector: { matchLabels: { audited: "yes" } },
    });
    expect(await selectedBy("audited", match)).toEqual([]);
    await cluster.kubectl("label", "namespace", "sel-later", "audited=yes");
    await waitForRegistered("audited", ["configmap.sel-later.app-9"]);
    await cluster.kubectl("label", "namespace", "sel-later", "audited-");
    await waitForRegistered("audited", []);
  });

  it("is followed when the labels of a namespace begin and cease to exclude what lies in it", async () => {
    await cluster.apply(namespace("sel-exempt"), storedConfigMap("sel-exempt", "app-9"));
    const match = any({ kinds: ["ConfigMap"], names: ["app-*"], namespaces: ["sel-exempt"] });
    const exclude = any({ namespaceSelector: { matchLabels: { exempt: "yes" } } });
    expect(await selectedBy("exempting", match, exclude)).toEqual(["configmap.sel-exempt.app-9"]);
    await cluster.kubectl("label", "namespace", "sel-exempt", "exempt=yes");
    await waitForRegistered("exempting", []);
    await cluster.kubectl("label", "namespace", "sel-exempt", "exempt-");
    await waitForRegistered("exempting", ["configmap.sel-exempt.app-9"]);
  });
});

describe("a namespaced Policy", () => {
  beforeAll(async () => {
    await cluster.apply(
      namespace("tenant", { home: "yes" }),
      namespace("neighbour", { home: "yes" }),
      storedConfigMap("tenant", "app-1", { to: "tenant" }),
      storedConfigMap("neighbour", "app-1", { to: "tenant" }),
    );
  });

  it("sees and writes only its own namespace", async () => {
    const generate = {
      apiVersion: "v1",
      kind: "Secret",
      name: `of-${TRIGGER_NAME}`,
      namespace: "tenant",
      data: { type: "Opaque" },
    };
    await cluster.apply(namespacedPolicy("tenant", "local", { name: "local", match: any(MAPS), generate }));
    const status = await waitForCondition(cluster, "local", { type: "InSync", status: "True", namespace: "tenant" });
    expect(status.summary).toMatchObject({ triggers: 1, desired: 1 }); // the neighbour's app-1 is none
    await waitForObject(cluster, ["secret", "tenant", "of-app-1"]);
    await cluster.apply(storedConfigMap("neighbour", "app-2"), storedConfigMap("tenant", "app-3"));
    await waitForObject(cluster, ["secret", "tenant", "of-app-3"]);
    expect(await cluster.get("secret", "tenant", "of-app-2")).toBeUndefined();
    expect(await cluster.get("secret", "neighbour", "of-app-2")).toBeUndefined();
  });

  it("and a ClusterPolicy of the same name do not get in each other's way", async () => {
    const generate = (name: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      name,
      namespace: "tenant",
      data: { type: "Opaque" },
    });
    const match = any({ ...MAPS, names: ["app-1"] });
    const wide = {
      name: "twin",
      match: any({ kinds: ["ConfigMap"], names: ["app-1"], namespaces: ["tenant"] }),
      generate: generate("of-cluster-twin"),
    };
    await cluster.apply(
      clusterPolicy("twin", wide),
      namespacedPolicy("tenant", "twin", { name: "twin", match, generate: generate("of-local-twin") }),
    );
    await waitForObject(cluster, ["secret", "tenant", "of-cluster-twin"]);
    const stays = await waitForObject(cluster, ["secret", "tenant", "of-local-twin"]);
    await cluster.kubectl("delete", "clusterpolicy", "twin");
    await waitUntilGone(cluster, ["secret", "tenant", "of-cluster-twin"]);
    expect((await waitForObject(cluster, ["secret", "tenant", "of-local-twin"])).metadata.uid).toBe(stays.metadata.uid);
  });

  it("is not served when it names another namespace to write to: Ready says which field", async () => {
    const generate = configMap("intruder", { k: "v" }, { namespace: "neighbour" });
    await cluster.apply(
      namespacedPolicy("tenant", "outside", { name: "outside", match: any({ kinds: ["ServiceAccount"] }), generate }),
    );
    const status = await waitForCondition(cluster, "outside", {
      ...{ type: "Ready", status: "False", reason: "InvalidPolicy" },
      namespace: "tenant",
    });
    expect(condition(status, "Ready")?.message).toMatch(/spec\.rules\[0\]\.generate\.namespace.*neighbour/);
    expect(condition(status, "Stalled")?.status).toBe("True");
    expect(await cluster.get("configmap", "neighbour", "intruder")).toBeUndefined();
  });

  it("fails with OutsideNamespace where a variable gives another namespace, and writes nothing there", async () => {
    await cluster.apply(
      storedConfigMap("tenant", "route-in", { to: "tenant" }),
      storedConfigMap("tenant", "route-out", { to: "neighbour" }),
    );
    const generate = {
      apiVersion: "v1",
      kind: "Secret",
      name: `made-by-${TRIGGER_NAME}`,
      namespace: "{{ request.object.data.to }}",
      data: { type: "Opaque" },
    };
    const match = any({ kinds: ["ConfigMap"], names: ["route-*"] });
    const rule = { name: "routed", match, generate };
    await cluster.apply(namespacedPolicy("tenant", "routed", rule));
    const status = await waitForCondition(cluster, "routed", {
      type: "InSync",
      status: "False",
      reason: "OutsideNamespace",
      namespace: "tenant",
    });
    await waitForObject(cluster, ["secret", "tenant", "made-by-route-in"]);
    expect(status.failures?.map(({ reason, trigger }) => `${reason} ${trigger?.namespace}/${trigger?.name}`)).toEqual([
      "OutsideNamespace tenant/route-out",
    ]);
    expect(await cluster.get("secret", "neighbour", "made-by-route-out")).toBeUndefined();
    await cluster.kubectl(
      "patch",
      "configmap",
      "route-out",
      "-n",
      "tenant",
      "--type=merge",
      "-p",
      '{"data":{"to":"tenant"}}',
    );
    await waitForObject(cluster, ["secret", "tenant", "made-by-route-out"]);
    await waitForCondition(cluster, "routed", { type: "InSync", status: "True", namespace: "tenant" });
  });

  it("does not see cluster-scoped kinds, its own namespace included", async () => {
    const generate = configMap("mine", { k: "v" }, { namespace: "tenant" });
    await cluster.apply(
      namespacedPolicy("tenant", "wide", { name: "wide", match: namespacesLabelled("home"), generate }),
    );
    const status = await waitForCondition(cluster, "wide", { type: "Ready", status: "False", namespace: "tenant" });
    expect(condition(status, "Ready")?.message).toContain("Namespace");
    expect(await cluster.get("configmap", "tenant", "mine")).toBeUndefined();
  });
});
