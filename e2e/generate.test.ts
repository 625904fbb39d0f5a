/** A policy makes the objects that belong to a namespace, and keeps them as they should be. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimDigest, type KubernetesObject, targetDigest } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  hasData,
  isLeaseRenewal,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  type Place,
  policyStatus,
  printRequest,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const TEAM = "{{ request.object.metadata.labels.team }}";

const BASELINE = clusterPolicy(
  "baseline",
  rule("deny", "networking.k8s.io/v1", "NetworkPolicy", "default-deny", {
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  }),
  rule("quota", "v1", "ResourceQuota", "quota", {
    spec: { hard: { "requests.cpu": "4", "requests.memory": "8Gi", pods: "20" } },
  }),
  rule("limits", "v1", "LimitRange", "limits", {
    spec: { limits: [{ type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: "100m" } }] },
  }),
  rule("viewers", "rbac.authorization.k8s.io/v1", "RoleBinding", "viewers", {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: `${TEAM}-viewers` }],
  }),
  rule("settings", "v1", "ConfigMap", "settings", {
    metadata: { labels: { purpose: "settings" } },
    data: { team: TEAM, greeting: `Welcome to ${TRIGGER_NAME}, ${TEAM}!` },
  }),
);

const TARGETS = [
  ["networkpolicy", "default-deny"],
  ["resourcequota", "quota"],
  ["limitrange", "limits"],
  ["rolebinding", "viewers"],
  ["configmap", "settings"],
] as const;

function rule(name: string, apiVersion: string, kind: string, target: string, data: object) {
  const generate = { apiVersion, kind, name: target, namespace: TRIGGER_NAME, data };
  return { name, match: namespacesLabelled("team"), generate };
}

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
  await cluster.apply(BASELINE);
  await waitForCondition(cluster, "baseline", { type: "Ready", status: "True" });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** A namespace of a team, when all that belongs to it is there and nothing is left to do. */
async function createTeam(name: string, team = "red"): Promise<KubernetesObject[]> {
  await cluster.apply(namespace(name, { team }));
  return targetsIn(name);
}

function targetsIn(name: string): Promise<KubernetesObject[]> {
  return Promise.all(TARGETS.map(([resource, target]) => waitForObject(cluster, [resource, name, target])));
}

/** All that counts of an object: what the server keeps about it is left out. */
function contentOf({ metadata: { labels, annotations }, status: _status, ...rest }: KubernetesObject): string {
  return JSON.stringify({ ...rest, labels, annotations });
}

describe("what a policy generates", () => {
  it("appears in a namespace that matches, five kinds of it, and in no other", async () => {
    await cluster.apply(namespace("plain"));
    const made = await createTeam("shop");
    expect(made.map(({ kind }) => kind)).toEqual([
      "NetworkPolicy",
      "ResourceQuota",
      "LimitRange",
      "RoleBinding",
      "ConfigMap",
    ]);
    const marked = await Promise.all(
      TARGETS.map(([resource]) => cluster.list(resource, "plain", "perennial.dev/target")),
    );
    expect(marked.flat()).toEqual([]); // plain was created first, so it was decided about first
  });

  it("appears in namespaces that were there before the policy", async () => {
    await cluster.apply(namespace("veteran", { "older-than": "the-policy" }));
    const match = namespacesLabelled("older-than");
    await cluster.apply(
      clusterPolicy("late", { name: "greet", match, generate: configMap("greeting", { hello: TRIGGER_NAME }) }),
    );
    await waitForObject(cluster, ["configmap", "veteran", "greeting"], hasData({ hello: "veteran" }));
  });

  it("has the values of its namespace where the rule has variables", async () => {
    const [, , , viewers, settings] = await createTeam("kitchen", "blue");
    expect(settings?.data).toEqual({ team: "blue", greeting: "Welcome to kitchen, blue!" });
    expect(viewers?.subjects).toEqual([{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "blue-viewers" }]);
  });

  it("follows its namespace when a value changes there", async () => {
    await createTeam("movers", "green");
    await cluster.kubectl("label", "namespace", "movers", "team=teal", "--overwrite");
    await waitForObject(
      cluster,
      ["configmap", "movers", "settings"],
      hasData({ team: "teal", greeting: "Welcome to movers, teal!" }),
    );
    await waitForObject(cluster, ["rolebinding", "movers", "viewers"], ({ subjects }) =>
      JSON.stringify(subjects).includes("teal-viewers"),
    );
  });

  it("says whose it is: marks to decide by, and annotations to read", async () => {
    const [settings] = (await createTeam("marked")).slice(-1);
    const trigger = await waitForObject(cluster, ["namespace", "", "marked"]);
    const identity = {
      policy: { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name: "baseline" },
      rule: "settings",
      trigger: { group: "", kind: "Namespace", namespace: "", name: "marked" },
      triggerUid: trigger.metadata.uid ?? "",
    };
    const claim = claimDigest(identity);
    const target = { group: "", kind: "ConfigMap", namespace: "marked", name: "settings" };
    expect(settings?.metadata.labels).toEqual({
      purpose: "settings",
      "app.kubernetes.io/managed-by": "perennial",
      "perennial.dev/claim": claim,
      "perennial.dev/target": targetDigest("perennial-system", claim, target),
      "perennial.dev/policy": "baseline",
    });
    expect(settings?.metadata.annotations?.["perennial.dev/rule"]).toBe("settings");
    expect(settings?.metadata.annotations?.["perennial.dev/policy-ref"]).toContain("baseline");
    expect(settings?.metadata.annotations?.["perennial.dev/trigger"]).toContain("marked");
    expect(settings?.metadata.managedFields?.map(({ manager }) => manager)).toEqual(["perennial"]);
  });
});

type Damage = { what: string; target: (typeof TARGETS)[number]; patch: object };

const DAMAGES: Damage[] = [
  { what: "a value that was changed", target: ["configmap", "settings"], patch: { data: { team: "mallory" } } },
  { what: "a key that was removed", target: ["configmap", "settings"], patch: { data: { greeting: null } } },
  { what: "a key that was added", target: ["configmap", "settings"], patch: { data: { backdoor: "open" } } },
  { what: "everything that was removed", target: ["configmap", "settings"], patch: { data: null } },
  { what: "egress that was opened", target: ["networkpolicy", "default-deny"], patch: { spec: { egress: [{}] } } },
  {
    what: "a policy type that was removed",
    target: ["networkpolicy", "default-deny"],
    patch: { spec: { policyTypes: ["Ingress"] } },
  },
  { what: "a limit that was raised", target: ["resourcequota", "quota"], patch: { spec: { hard: { pods: "2000" } } } },
  { what: "a limit that was lifted", target: ["resourcequota", "quota"], patch: { spec: { hard: { pods: null } } } },
  { what: "a limit that was added", target: ["resourcequota", "quota"], patch: { spec: { hard: { services: "1" } } } },
  {
    what: "a default that was changed",
    target: ["limitrange", "limits"],
    patch: { spec: { limits: [{ type: "Container", default: { cpu: "8" }, defaultRequest: { cpu: "100m" } }] } },
  },
  {
    what: "a subject that was added",
    target: ["rolebinding", "viewers"],
    patch: {
      subjects: [
        { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "red-viewers" },
        { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "mallory" },
      ],
    },
  },
  {
    what: "its own labels",
    target: ["configmap", "settings"],
    patch: { metadata: { labels: { purpose: "nothing" } } },
  },
];

describe("drift", () => {
  beforeAll(async () => {
    await createTeam("garden");
  });

  it.each(DAMAGES)("puts back $what ($target.0)", async ({ target: [resource, name], patch }) => {
    const place: Place = [resource, "garden", name];
    const before = await waitForObject(cluster, place);
    await cluster.kubectl("patch", resource, name, "-n", "garden", "--type=merge", "-p", JSON.stringify(patch));
    const after = await waitForObject(cluster, place, (live) => contentOf(live) === contentOf(before));
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion); // the damage was real
  });

  it.each(TARGETS)("makes a deleted %s again", async (resource, name) => {
    const before = await waitForObject(cluster, [resource, "garden", name]);
    await cluster.kubectl("delete", resource, name, "-n", "garden");
    const after = await waitForObject(cluster, [resource, "garden", name]);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(contentOf(after)).toBe(contentOf(before));
  });

  it("is ended also when somebody replaces the whole object", async () => {
    const before = await waitForObject(cluster, ["configmap", "garden", "settings"]);
    const { labels = {}, annotations = {} } = before.metadata;
    await cluster.plane.request("DELETE", "/api/v1/namespaces/garden/configmaps/settings");
    // whoever comes first: 409 when it had grown back already
    await cluster.plane.request(
      "POST",
      "/api/v1/namespaces/garden/configmaps",
      storedConfigMap("garden", "settings", { evil: "yes" }, { labels, annotations }),
    );
    const after = await waitForObject(
      cluster,
      ["configmap", "garden", "settings"],
      (live) => contentOf(live) === contentOf(before),
    );
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
  });

  it("leaves the labels and annotations of others alone", async () => {
    await cluster.kubectl("label", "configmap", "settings", "-n", "garden", "cost-center=42");
    await cluster.kubectl("annotate", "configmap", "settings", "-n", "garden", "reviewed-by=ann");
    await cluster.kubectl(
      "patch",
      "configmap",
      "settings",
      "-n",
      "garden",
      "--type=merge",
      "-p",
      '{"data":{"team":"mallory"}}',
    );
    const healed = await waitForObject(
      cluster,
      ["configmap", "garden", "settings"],
      hasData({ team: "red", greeting: "Welcome to garden, red!" }),
    );
    expect(healed.metadata.labels).toMatchObject({ "cost-center": "42" });
    expect(healed.metadata.annotations).toMatchObject({ "reviewed-by": "ann" });
  });
});

describe("status", () => {
  const match = namespacesLabelled("watched");

  beforeAll(async () => {
    await cluster.apply(namespace("watched-a", { watched: "yes" }), namespace("watched-b", { watched: "yes" }));
    await cluster.apply(
      clusterPolicy(
        "watched",
        { name: "tier", match, generate: configMap("tier", { tier: "gold" }) },
        { name: "owner", match, generate: configMap("owner", { owner: TRIGGER_NAME }) },
      ),
    );
    await waitForCondition(cluster, "watched", { type: "InSync", status: "True" });
  });

  it("shows in kubectl's columns how it stands", async () => {
    const [header, row] = (await cluster.kubectl("get", "pcpol", "watched")).trim().split("\n");
    expect(header?.split(/\s{2,}/)).toEqual(["NAME", "MODE", "READY", "TRIGGERS", "IN-SYNC", "CORRECTED", "AGE"]);
    expect(row?.split(/\s{2,}/).slice(0, 6)).toEqual(["watched", "Correct", "True", "2", "4/4", "0"]);
    const wide = await cluster.kubectl("get", "pcpol", "watched", "-o", "wide");
    expect(wide).toContain("MESSAGE");
    expect(wide).toContain("4 of 4 objects in sync");
  });

  it("has five conditions about the current generation, and figures for each rule", async () => {
    const status = await policyStatus(cluster, "watched");
    const told = status.conditions?.map(
      ({ type, status, reason, observedGeneration }) => `${type}=${status} ${reason} ${observedGeneration}`,
    );
    expect(told).toEqual([
      "Ready=True Planned 1",
      "InSync=True AllInSync 1",
      "Reconciling=False Planned 1",
      "Stalled=False Progressing 1",
      "PermissionsGranted=True Granted 1",
    ]);
    expect(status.observedGeneration).toBe(1);
    expect(status.summary).toEqual({ triggers: 2, desired: 4, inSync: 4, corrected: 0, ratio: "4/4" });
    expect(
      status.rules?.map(({ name, type, desired, inSync, failed }) => ({ name, type, desired, inSync, failed })),
    ).toEqual([
      { name: "tier", type: "Generate", desired: 2, inSync: 2, failed: 0 },
      { name: "owner", type: "Generate", desired: 2, inSync: 2, failed: 0 },
    ]);
  });

  it("records what was changed, from what to what, and under which name", async () => {
    await cluster.kubectl(
      "patch",
      "configmap",
      "tier",
      "-n",
      "watched-a",
      "--type=merge",
      "--field-manager=mallory",
      "-p",
      '{"data":{"tier":"lead"}}',
    );
    await waitForCorrections(1);
    const { drifts } = await policyStatus(cluster, "watched");
    expect(drifts).toEqual([
      {
        rule: "tier",
        target: { apiVersion: "v1", kind: "ConfigMap", namespace: "watched-a", name: "tier" },
        paths: ["/data/tier"],
        before: '"gold"',
        after: '"lead"',
        manager: "mallory",
        millis: expect.any(Number),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    ]);
  });

  it("records what was added and what was deleted, the latest first", async () => {
    await cluster.kubectl(
      "patch",
      "configmap",
      "tier",
      "-n",
      "watched-b",
      "--type=merge",
      "--field-manager=eve",
      "-p",
      '{"data":{"extra":"1"}}',
    );
    await waitForCorrections(2);
    await cluster.kubectl("delete", "configmap", "owner", "-n", "watched-b");
    await waitForCorrections(3);
    const { drifts = [] } = await policyStatus(cluster, "watched");
    expect(
      drifts.map(({ target: { namespace: where, name }, paths, before, after, manager }) => ({
        where,
        name,
        paths,
        before,
        after,
        manager,
      })),
    ).toEqual([
      { where: "watched-b", name: "owner", paths: [], after: "deleted" },
      { where: "watched-b", name: "tier", paths: ["/data/extra"], after: '"1"', manager: "eve" },
      {
        where: "watched-a",
        name: "tier",
        paths: ["/data/tier"],
        before: '"gold"',
        after: '"lead"',
        manager: "mallory",
      },
    ]);
    expect(await cluster.kubectl("describe", "pcpol", "watched")).toContain("mallory");
  });

  it("says what fails, and that the policy is served nevertheless", async () => {
    const generate = configMap("Not A Name", { key: "value" });
    await cluster.apply(namespace("failing", { failing: "yes" }));
    await cluster.apply(
      clusterPolicy("failing", {
        name: "broken",
        match: namespacesLabelled("failing"),
        generate: { ...generate, name: "{{ to_upper(request.object.metadata.name) }}" },
      }),
    );
    const status = await waitForCondition(cluster, "failing", {
      type: "InSync",
      status: "False",
      reason: "InvalidTarget",
    });
    expect(condition(status, "Ready")).toMatchObject({ status: "True" });
    expect(condition(status, "Stalled")).toMatchObject({ status: "False" });
    expect(status.failures).toEqual([
      {
        rule: "broken",
        trigger: { apiVersion: "v1", kind: "Namespace", name: "failing" },
        target: { apiVersion: "v1", kind: "ConfigMap", namespace: "failing", name: "FAILING" },
        reason: "InvalidTarget",
        message: expect.stringContaining("RFC 1123"),
        time: expect.any(String),
      },
    ]);
    await cluster.kubectl("delete", "clusterpolicy", "failing"); // what fails is tried again, now and then
  });

  async function waitForCorrections(count: number): Promise<void> {
    await waitUntil(`${count} corrections are counted`, async () => {
      const { summary } = await policyStatus(cluster, "watched");
      if (summary?.corrected !== count) throw new Error(JSON.stringify(summary));
      return summary.inSync === summary.desired;
    });
  }
});

describe("nothing is written when nothing differs", () => {
  it("makes each object with exactly one write, and without reading anything", async () => {
    const mark = await markAudit(cluster);
    await createTeam("thrifty");
    await processed("after-thrifty");
    const requests = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.namespace === "thrifty",
    );
    expect(requests.map(printRequest).sort((a, b) => (a < b ? -1 : 1))).toEqual([
      "patch configmaps thrifty/settings 201",
      "patch limitranges thrifty/limits 201",
      "patch networkpolicies thrifty/default-deny 201",
      "patch resourcequotas thrifty/quota 201",
      "patch rolebindings thrifty/viewers 201",
    ]);
  });

  it("puts back a changed value with one write, and takes out an addition with one", async () => {
    await createTeam("damaged");
    const mark = await markAudit(cluster);
    await cluster.kubectl(
      "patch",
      "configmap",
      "settings",
      "-n",
      "damaged",
      "--type=merge",
      "-p",
      '{"data":{"team":"mallory"}}',
    );
    await waitForObject(
      cluster,
      ["configmap", "damaged", "settings"],
      hasData({ team: "red", greeting: "Welcome to damaged, red!" }),
    );
    await cluster.kubectl(
      "patch",
      "networkpolicy",
      "default-deny",
      "-n",
      "damaged",
      "--type=merge",
      "-p",
      '{"spec":{"egress":[{}]}}',
    );
    await waitForObject(
      cluster,
      ["networkpolicy", "damaged", "default-deny"],
      (live) => !JSON.stringify(live.spec).includes("egress"),
    );
    await processed("after-damaged");
    const requests = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.namespace === "damaged",
    );
    expect(requests.map(printRequest)).toEqual([
      "patch configmaps damaged/settings 200",
      "patch networkpolicies damaged/default-deny 200",
    ]);
  });

  it("leaves everything as it is when a namespace or a target changes in what no rule is about", async () => {
    const before = await createTeam("quiet");
    const mark = await markAudit(cluster);
    await cluster.kubectl("annotate", "namespace", "quiet", "note=unrelated");
    await cluster.kubectl("label", "configmap", "settings", "-n", "quiet", "foreign=label");
    await processed("after-quiet");
    const requests = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.namespace === "quiet",
    );
    expect(requests.map(printRequest)).toEqual([]);
    const after = await targetsIn("quiet");
    expect(after.slice(0, 4).map(versionOf)).toEqual(before.slice(0, 4).map(versionOf)); // the last one has its label
  });

  it("leaves everything as it is when the policy is applied again unchanged", async () => {
    const before = await targetsIn("quiet");
    const mark = await markAudit(cluster);
    await cluster.apply(BASELINE);
    await cluster.kubectl("annotate", "clusterpolicy", "baseline", "note=unrelated");
    await processed("after-again");
    expect((await targetsIn("quiet")).map(versionOf)).toEqual(before.map(versionOf));
    const requests = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.namespace === "quiet",
    );
    expect(requests.map(printRequest)).toEqual([]);
  });

  it("asks for nothing at rest but to keep its Lease", async () => {
    await waitUntil("it is at rest", async () => (await requestsDuringRenewals(1)).every(isLeaseRenewal));
    const requests = await requestsDuringRenewals(4);
    expect(requests.filter((request) => !isLeaseRenewal(request)).map(printRequest)).toEqual([]);
    expect(requests.length).toBeGreaterThanOrEqual(4);
  });

  /** A namespace that came later has its objects: what came before it was looked at. */
  async function processed(name: string): Promise<void> {
    await createTeam(name);
    await waitForCondition(cluster, "baseline", { type: "InSync", status: "True" });
  }

  async function requestsDuringRenewals(renewals: number) {
    const mark = await markAudit(cluster);
    const counted = async (): Promise<boolean> =>
      (await operatorRequests(cluster, mark)).filter(isLeaseRenewal).length >= renewals;
    await waitUntil(`${renewals} renewals of the Lease`, counted, { interval: 300 });
    return operatorRequests(cluster, mark);
  }
});
