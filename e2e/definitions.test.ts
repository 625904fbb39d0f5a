/** Custom resources as triggers and as targets, whose definitions come, change and go while the operator runs. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  customResourceDefinition,
  type Definition,
  installDefinition,
  installPolicyDefinitions,
  namespacesLabelled,
  type OperatorProcess,
  removeDefinition,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitUntil,
} from "./harness/index.ts";

const GROUP = "test.example.com";
const TEAM: Definition = { group: GROUP, kind: "Team", plural: "teams" };
const TEAMS = `teams.${GROUP}`;
const BOX: Definition = { group: GROUP, kind: "Box", plural: "boxes" };
const BOXES = `boxes.${GROUP}`;
const POLICY_DEFINITIONS = ["clusterpolicies.perennial.dev", "policies.perennial.dev"];
/** Long enough to come back within, short enough to wait for. */
const PRUNE_DELAY = 3_000;
const FLAGS = [`--prune-delay=${PRUNE_DELAY}ms`];

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("test-kinds", [{ apiGroups: [GROUP], resources: ["teams", "boxes", "crates", "pallets"] }]);
  operator = await startOperator(cluster, { flags: FLAGS });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function namespace(name: string, label?: string): object {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: label === undefined ? {} : { [label]: "yes" } },
  };
}

function team(namespace: string, name: string, version = "v1"): object {
  return {
    apiVersion: `${GROUP}/${version}`,
    kind: "Team",
    metadata: { name, namespace },
    spec: { lead: `${name}-lead` },
  };
}

/** For each Team in a namespace, a ConfigMap beside it. */
function teamPolicy(name: string, namespace: string): object {
  return clusterPolicy(name, {
    name: "lead",
    match: { any: [{ resources: { kinds: ["Team"], namespaces: [namespace] } }] },
    generate: {
      ...configMap("{{ request.object.metadata.name }}-lead", { lead: "{{ request.object.spec.lead }}" }),
      namespace: "{{ request.object.metadata.namespace }}",
    },
  });
}

function box(kind: string, version = "v1"): object {
  const data = { spec: { owner: TRIGGER_NAME } };
  return { apiVersion: `${GROUP}/${version}`, kind, name: "box", namespace: TRIGGER_NAME, data };
}

async function appears(resource: string, namespace: string, name: string): Promise<KubernetesObject> {
  let found: KubernetesObject | undefined;
  await waitUntil(`${resource} ${namespace}/${name} is there`, async () => {
    found = await cluster.get(resource, namespace, name);
    return found !== undefined;
  });
  return found as KubernetesObject; // waited for
}

async function isGone(resource: string, namespace: string, name: string): Promise<void> {
  await waitUntil(
    `${resource} ${namespace}/${name} is gone`,
    async () => (await cluster.get(resource, namespace, name)) === undefined,
  );
}

/** A target that came, was wanted no more and went: whatever happened before it was looked at, and is past its prune delay. */
async function waitForPrune(name: string): Promise<void> {
  const label = `prune-${name}`;
  await cluster.apply(
    clusterPolicy(label, { name: "mark", match: namespacesLabelled(label), generate: configMap("mark", {}) }),
    namespace(name, label),
  );
  await appears("configmap", name, "mark");
  await cluster.kubectl("delete", "clusterpolicy", label);
  await isGone("configmap", name, "mark");
}

function version({ metadata }: KubernetesObject): string {
  return `${metadata.uid} ${metadata.resourceVersion}`;
}

async function versionOf(resource: string, namespace: string, name: string): Promise<string | undefined> {
  const object = await cluster.get(resource, namespace, name);
  return object && version(object);
}

describe("a kind whose definition is installed while the operator runs", () => {
  it("triggers rules that named it before", async () => {
    await cluster.apply(namespace("teams"), teamPolicy("team-leads", "teams"));
    const status = await waitForCondition(cluster, "team-leads", {
      type: "Ready",
      status: "False",
      reason: "KindUnknown",
    });
    expect(condition(status, "Ready")?.message).toMatch(/Team.*spec\.rules\[0\]\.match/);
    await installDefinition(cluster, TEAM);
    await cluster.apply(team("teams", "green"));
    const made = await appears("configmap", "teams", "green-lead");
    expect(made.data).toEqual({ lead: "green-lead" });
    await waitForCondition(cluster, "team-leads", { type: "Ready", status: "True" });
  });

  it("is generated, and grows back", async () => {
    await cluster.apply(
      namespace("boxed", "boxed"),
      clusterPolicy("boxes", { name: "box", match: namespacesLabelled("boxed"), generate: box("Box") }),
    );
    await waitForCondition(cluster, "boxes", { type: "Ready", status: "False", reason: "KindUnknown" });
    await installDefinition(cluster, BOX);
    const made = await appears(BOXES, "boxed", "box");
    await cluster.kubectl("delete", BOXES, "box", "-n", "boxed");
    await waitUntil("it grows back", async () => {
      const back = await cluster.get(BOXES, "boxed", "box");
      return back !== undefined && back.metadata.uid !== made.metadata.uid;
    });
    await waitForCondition(cluster, "boxes", { type: "InSync", status: "True" });
  });

  it("is exact: what somebody changes or adds is put right", async () => {
    const patch = JSON.stringify({ spec: { owner: "mallory", lid: "open" } });
    await cluster.kubectl("patch", BOXES, "box", "-n", "boxed", "--type=merge", "-p", patch);
    await waitUntil(
      "it is put right",
      async () => JSON.stringify((await cluster.get(BOXES, "boxed", "box"))?.spec) === '{"owner":"boxed"}',
    );
  });
});

describe("a trigger that is a custom resource", () => {
  it("has its target pruned when it was deleted, after the prune delay", async () => {
    await cluster.apply(team("teams", "red"));
    await appears("configmap", "teams", "red-lead");
    const since = performance.now();
    await cluster.kubectl("delete", TEAMS, "red", "-n", "teams");
    await isGone("configmap", "teams", "red-lead");
    expect(performance.now() - since).toBeGreaterThan(PRUNE_DELAY);
    expect(await cluster.get("configmap", "teams", "green-lead")).toBeDefined();
  });

  it("keeps its target when it is replaced within the prune delay", async () => {
    await cluster.apply(team("teams", "blue"));
    const { metadata } = await appears("configmap", "teams", "blue-lead");
    await cluster.kubectl("delete", TEAMS, "blue", "-n", "teams");
    await cluster.apply(team("teams", "blue"));
    await waitForPrune("after-blue");
    expect((await cluster.get("configmap", "teams", "blue-lead"))?.metadata.uid).toBe(metadata.uid);
  });
});

describe("the versions of a kind", () => {
  const CRATE: Definition = { group: GROUP, kind: "Crate", plural: "crates" };
  const CRATES = `crates.${GROUP}`;

  it("may become more: a policy that waits for one goes on", async () => {
    await installDefinition(cluster, CRATE);
    await cluster.apply(
      namespace("crated", "crated"),
      clusterPolicy("crates-v1", { name: "box", match: namespacesLabelled("crated"), generate: box("Crate") }),
      clusterPolicy("crates-v2", {
        name: "box",
        match: namespacesLabelled("crated"),
        generate: { ...box("Crate", "v2"), name: "second" },
      }),
    );
    const first = await appears(CRATES, "crated", "box");
    await waitForCondition(cluster, "crates-v2", { type: "Ready", status: "False", reason: "KindUnknown" });
    await installDefinition(cluster, { ...CRATE, versions: ["v1", "v2"] });
    await appears(CRATES, "crated", "second");
    await waitForCondition(cluster, "crates-v2", { type: "InSync", status: "True" });
    expect(await versionOf(CRATES, "crated", "box")).toBe(version(first));
  });

  it("may become fewer: what was made in the one that is no longer served stays, and comes under control again", async () => {
    const before = await versionOf(CRATES, "crated", "second");
    await cluster.apply(retiring(CRATE, "v2"));
    const status = await waitForCondition(cluster, "crates-v2", {
      type: "Ready",
      status: "False",
      reason: "KindUnknown",
    });
    expect(condition(status, "Ready")?.message).toContain(`${GROUP}/v2/Crate`);
    await cluster.kubectl("delete", CRATES, "box", "-n", "crated");
    await appears(CRATES, "crated", "box"); // the other version is served on
    await waitForPrune("after-retirement");
    expect(await versionOf(CRATES, "crated", "second")).toBe(before);
    await installDefinition(cluster, { ...CRATE, versions: ["v1", "v2"] });
    await waitForCondition(cluster, "crates-v2", { type: "InSync", status: "True" });
    await cluster.kubectl("delete", CRATES, "second", "-n", "crated");
    await appears(CRATES, "crated", "second");
  });

  function retiring(definition: Definition, retired: string): object {
    return customResourceDefinition({ ...definition, versions: ["v1"], retired: [retired] });
  }
});

describe("the definition of what is generated", () => {
  const PALLET: Definition = { group: GROUP, kind: "Pallet", plural: "pallets" };
  const PALLETS = `pallets.${GROUP}`;

  it("may be removed and installed again: its objects come back", async () => {
    await installDefinition(cluster, PALLET);
    await cluster.apply(
      namespace("stacked", "stacked"),
      clusterPolicy("pallets", { name: "box", match: namespacesLabelled("stacked"), generate: box("Pallet") }),
    );
    await appears(PALLETS, "stacked", "box");
    await removeDefinition(cluster, PALLETS);
    await waitForCondition(cluster, "pallets", { type: "Ready", status: "False", reason: "KindUnknown" });
    await installDefinition(cluster, PALLET);
    await appears(PALLETS, "stacked", "box");
    await waitForCondition(cluster, "pallets", { type: "InSync", status: "True" });
  });

  it("may be replaced in one go", async () => {
    await removeDefinition(cluster, PALLETS);
    await installDefinition(cluster, PALLET);
    await appears(PALLETS, "stacked", "box");
    await cluster.kubectl("delete", PALLETS, "box", "-n", "stacked");
    await appears(PALLETS, "stacked", "box");
  });
});

describe("the definition of what triggers", () => {
  it("may be removed and installed again: no target is lost, and its objects are served when they are back", async () => {
    await cluster.apply(
      namespace("steady"),
      teamPolicy("steady-leads", "steady"),
      team("steady", "one"),
      team("steady", "two"),
    );
    const one = version(await appears("configmap", "steady", "one-lead"));
    const two = version(await appears("configmap", "steady", "two-lead"));
    await waitForCondition(cluster, "steady-leads", { type: "InSync", status: "True" });
    await removeDefinition(cluster, TEAMS);
    await waitForCondition(cluster, "steady-leads", { type: "Ready", status: "False", reason: "KindUnknown" });
    await waitForPrune("while-removed");
    expect(await versionOf("configmap", "steady", "one-lead")).toBe(one);
    await installDefinition(cluster, TEAM);
    await waitForCondition(cluster, "steady-leads", { type: "Ready", status: "True" });
    await waitForPrune("after-reinstalled");
    expect(await versionOf("configmap", "steady", "one-lead")).toBe(one);
    expect(await versionOf("configmap", "steady", "two-lead")).toBe(two);
    await cluster.apply({ ...team("steady", "one"), spec: { lead: "new-lead" } });
    await waitUntil(
      "its target follows it again",
      async () =>
        JSON.stringify((await cluster.get("configmap", "steady", "one-lead"))?.data) === '{"lead":"new-lead"}',
    );
    expect((await versionOf("configmap", "steady", "one-lead"))?.split(" ")[0]).toBe(one.split(" ")[0]);
    await waitForPrune("after-one-came-back");
    expect(await versionOf("configmap", "steady", "two-lead")).toBe(two);
  });

  it("may be removed and installed again while the operator is away: no target is lost", async () => {
    await cluster.apply(team("steady", "two"), team("steady", "three"));
    await appears("configmap", "steady", "three-lead");
    await waitForCondition(cluster, "steady-leads", { type: "InSync", status: "True" });
    const three = await versionOf("configmap", "steady", "three-lead");
    await operator.stop();
    await removeDefinition(cluster, TEAMS);
    await installDefinition(cluster, TEAM);
    operator = await startOperator(cluster, { flags: FLAGS });
    await waitForCondition(cluster, "steady-leads", { type: "Ready", status: "True" });
    await waitForPrune("after-absence");
    expect(await versionOf("configmap", "steady", "three-lead")).toBe(three);
  });
});

describe("the definitions of the policies themselves", () => {
  const keeper = clusterPolicy("keeper", {
    name: "keep",
    match: namespacesLabelled("kept"),
    generate: configMap("kept", { a: "b" }),
  });
  let before: string;

  /** Applied again, the policy is served again, and nothing was written to get there. */
  async function expectServedAgain(): Promise<void> {
    await waitUntil("the policy is taken again", async () => {
      await cluster.apply(keeper);
      return true;
    });
    await waitForCondition(cluster, "keeper", { type: "InSync", status: "True" });
    expect(await versionOf("configmap", "kept", "kept")).toBe(before);
    await cluster.kubectl("delete", "configmap", "kept", "-n", "kept");
    before = version(await appears("configmap", "kept", "kept"));
  }

  it("may be removed and installed again: no target is lost, nor written", async () => {
    await cluster.apply(namespace("kept", "kept"), keeper);
    before = version(await appears("configmap", "kept", "kept"));
    await waitForCondition(cluster, "keeper", { type: "InSync", status: "True" });
    for (const definition of POLICY_DEFINITIONS) await removeDefinition(cluster, definition);
    await installPolicyDefinitions(cluster);
    await waitForPrune("after-policies");
    expect(await versionOf("configmap", "kept", "kept")).toBe(before);
    await expectServedAgain();
  });

  it("may be away for longer than the prune delay", async () => {
    for (const definition of POLICY_DEFINITIONS) await removeDefinition(cluster, definition);
    await new Promise((resolve) => setTimeout(resolve, PRUNE_DELAY + 1_000)); // no policy can be applied to tell the time by
    expect(await versionOf("configmap", "kept", "kept")).toBe(before);
    await installPolicyDefinitions(cluster);
    await waitForPrune("after-a-while");
    expect(await versionOf("configmap", "kept", "kept")).toBe(before);
    await expectServedAgain();
  });

  it("may be removed, and installed again after a restart of the operator", async () => {
    for (const definition of POLICY_DEFINITIONS) await removeDefinition(cluster, definition);
    await operator.stop();
    operator = await startOperator(cluster, { flags: FLAGS, waitReady: false });
    await waitUntil("it waits for them", async () => {
      const answer = await fetch(`${operator.url}/readyz`);
      return answer.status === 503 && (await answer.text()).includes("clusterpolicies.perennial.dev");
    });
    expect(await versionOf("configmap", "kept", "kept")).toBe(before);
    await installPolicyDefinitions(cluster);
    await operator.ready();
    await waitForPrune("after-restart");
    expect(await versionOf("configmap", "kept", "kept")).toBe(before);
    await expectServedAgain();
  });

  it("may be replaced while the operator is away", async () => {
    await operator.stop();
    for (const definition of POLICY_DEFINITIONS) await removeDefinition(cluster, definition);
    await installPolicyDefinitions(cluster);
    operator = await startOperator(cluster, { flags: FLAGS });
    await waitForPrune("after-replacement");
    expect(await versionOf("configmap", "kept", "kept")).toBe(before);
    await expectServedAgain();
  });

  it("does not hide that a policy was deleted for good", async () => {
    await cluster.kubectl("delete", "clusterpolicy", "keeper");
    await isGone("configmap", "kept", "kept");
  });
});
