/** `kubectl perennial plan --live`: what policies would do to a cluster as it is, with the rights of whoever asks. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlanReport } from "../src/cli/index.ts";
import {
  auditBetween,
  type Cluster,
  clusterPolicy,
  configMap,
  edit,
  hasData,
  markAudit,
  namespace,
  namespacedPolicy,
  namespacesLabelled,
  PROGRAM,
  PROGRAM_PATH,
  settingsIn,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
} from "./harness/index.ts";

type Ran = { code: number; stdout: string; stderr: string };

let cluster: Cluster;
let folder: string;
/** Of a user who may read what the tests are about, but no Secrets. */
let reader: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "perennial-live-"));
  await symlink(PROGRAM, join(folder, "kubectl-perennial"));
  cluster = await startCluster();
  await cluster.apply(namespace("people"), ...accountWithRole("reader", READS));
  reader = await cluster.plane.kubeconfigFor({ namespace: "people", serviceAccount: "reader" });
});

afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const READS = [
  { apiGroups: [""], resources: ["namespaces", "configmaps"], verbs: ["list"] },
  { apiGroups: ["perennial.dev"], resources: ["clusterpolicies", "policies"], verbs: ["list"] },
];

function accountWithRole(name: string, rules: object[]): object[] {
  const rbac = "rbac.authorization.k8s.io";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "people" } },
    { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name: `people-${name}` }, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: `people-${name}` },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: `people-${name}` },
      subjects: [{ kind: "ServiceAccount", name, namespace: "people" }],
    },
  ];
}

/** As typed: kubectl finds the plugin by its name. */
async function planLive(policies: readonly object[], ...args: string[]): Promise<Ran> {
  const file = join(folder, "policies.json");
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: policies }));
  const env = {
    ...process.env,
    KUBECONFIG: reader,
    PATH: [folder, dirname(cluster.plane.kubectl), PROGRAM_PATH].join(":"),
  };
  return new Promise((resolve) => {
    execFile("kubectl", ["perennial", "plan", "--live", "-f", file, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

async function reportOf(policies: readonly object[], code: number, ...args: string[]): Promise<PlanReport> {
  const ran = await planLive(policies, "-o", "json", ...args);
  expect(ran, ran.stderr).toMatchObject({ code, stderr: "" });
  return JSON.parse(ran.stdout);
}

function actionsOf({ targets }: PlanReport): string[] {
  return targets
    .filter(({ action }) => action !== "none")
    .map(({ action, target: { kind, namespace: where, name } }) => `${action} ${kind} ${where ?? ""}/${name}`);
}

/** `settings` in each namespace that carries the label. */
function settingsFor(label: string, data: { [key: string]: string }, name = "settings"): object {
  return clusterPolicy(label, {
    name: "settings",
    match: namespacesLabelled(label),
    generate: configMap(name, data),
  });
}

describe("before a policy is applied", () => {
  it("says what it would create and why, and only lists", async () => {
    await cluster.apply(namespace("new-a", { fresh: "yes" }), namespace("new-b"));
    const from = await markAudit(cluster);
    const { code, stdout } = await planLive([settingsFor("fresh", { mode: "strict" })]);
    const requests = await auditBetween(cluster, from, await markAudit(cluster));
    expect(stdout).toContain(
      "+ create ConfigMap new-a/settings\n      rule settings, for Namespace new-a: it does not exist",
    );
    expect(stdout).toContain("Plan: 1 to create, 0 to change, 0 to delete, 0 to keep as they are.");
    expect(code).toBe(1);
    const mine = requests.filter(({ user }) => user.username === "system:serviceaccount:people:reader");
    expect(mine.length).toBeGreaterThan(2);
    expect(new Set(mine.map(({ verb }) => verb))).toEqual(new Set(["get", "list"]));
    expect(await cluster.get(...settingsIn("new-a"))).toBeUndefined();
  });

  it("knows what is there already: it is adopted, with the fields that would change", async () => {
    await cluster.apply(namespace("old-a", { old: "yes" }), storedConfigMap("old-a", "settings", { mode: "lax" }));
    const report = await reportOf([settingsFor("old", { mode: "strict" })], 1);
    expect(report.targets).toMatchObject([
      {
        action: "change",
        because: expect.stringContaining("it exists and"),
        changes: [{ path: "/data/mode", from: "lax", to: "strict" }],
      },
    ]);
  });

  it("knows that a namespace is missing, which files cannot tell", async () => {
    await cluster.apply(namespace("lone", { lone: "yes" }));
    const policy = clusterPolicy("lone", {
      name: "elsewhere",
      match: namespacesLabelled("lone"),
      generate: configMap("settings", {}, { namespace: "nowhere" }),
    });
    const report = await reportOf([policy], 2);
    expect(report.targets).toMatchObject([{ action: "fail", reason: "NamespaceMissing" }]);
  });
});

describe("once a policy is served", () => {
  beforeAll(async () => {
    await using operator = await startOperator(cluster);
    await cluster.apply(namespace("served-a", { served: "yes" }), settingsFor("served", { mode: "strict" }));
    await waitForObject(cluster, settingsIn("served-a"), hasData({ mode: "strict" }));
    await waitForCondition(cluster, "served", { type: "InSync", status: "True" });
    expect(await operator.stop()).toBe(0);
  });

  it("has nothing to do", async () => {
    const { code, stdout, stderr } = await planLive([settingsFor("served", { mode: "strict" })]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "Nothing to do: 1 as they should be.\n", stderr: "" });
  });

  it("says what an edit of the policy would do, also to what it no longer wants", async () => {
    const changed = await reportOf([settingsFor("served", { mode: "lax" })], 1);
    expect(changed.targets).toMatchObject([{ changes: [{ path: "/data/mode", from: "strict", to: "lax" }] }]);
    const renamed = await reportOf([settingsFor("served", { mode: "strict" }, "options")], 1);
    expect(actionsOf(renamed)).toEqual(["create ConfigMap served-a/options", "delete ConfigMap served-a/settings"]);
  });

  it("leaves to another policy what is that one's", async () => {
    const rival = clusterPolicy("rival", {
      name: "settings",
      match: namespacesLabelled("served"),
      generate: configMap("settings", { mode: "lax" }),
    });
    const report = await reportOf([rival], 2);
    expect(report.targets).toMatchObject([{ action: "fail", reason: "Conflict" }]);
    expect(report.targets[0]?.because).toContain("rule settings of ClusterPolicy served");
  });

  it("sees what somebody added, by who owns which field", async () => {
    await edit(cluster, settingsIn("served-a"), { extra: "1" });
    const report = await reportOf([settingsFor("served", { mode: "strict" })], 1);
    expect(report.targets).toMatchObject([{ action: "change", changes: [{ path: "/data/extra", from: "1" }] }]);
  });
});

describe("what cannot be known", () => {
  it("is an error that says which permission is missing, not an empty list", async () => {
    await cluster.apply(namespace("secretive", { secretive: "yes" }));
    const copies = clusterPolicy("secretive", {
      name: "copy",
      match: namespacesLabelled("secretive"),
      generate: {
        apiVersion: "v1",
        kind: "Secret",
        name: "registry",
        namespace: TRIGGER_NAME,
        clone: { namespace: "people", name: "registry" },
      },
    });
    const { code, stdout, stderr } = await planLive([copies]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("cannot list secrets: you need the permission to list secrets in all namespaces");
  });

  it("is a kind that the cluster does not serve", async () => {
    const unknown = clusterPolicy("unknown", {
      name: "unknown",
      match: namespacesLabelled("unknown"),
      generate: { apiVersion: "t.example.com/v1", kind: "Gizmo", name: "g", namespace: TRIGGER_NAME, data: {} },
    });
    const { code, stderr } = await planLive([unknown]);
    expect(code).toBe(2);
    expect(stderr).toContain("t.example.com/v1/Gizmo (spec.rules[0].generate) is not served by the cluster");
  });

  it("is a cluster that cannot be reached, or a context that is not there", async () => {
    const nowhere = await planLive([settingsFor("served", {})], "--kubeconfig", join(folder, "nothing"));
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot tell how to reach the cluster") });
    const other = await planLive([settingsFor("served", {})], "--context", "other");
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('has no context "other"') });
  });
});

it("never prints what Secrets hold", async () => {
  await cluster.apply(
    ...accountWithRole("keeper", [...READS, { apiGroups: [""], resources: ["secrets"], verbs: ["list"] }]),
    namespace("vault"),
    namespace("copied", { copied: "yes" }),
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "key", namespace: "vault" },
      stringData: { key: "hunter2-x" },
    },
  );
  const keeper = await cluster.plane.kubeconfigFor({ namespace: "people", serviceAccount: "keeper" });
  const copies = clusterPolicy("copied", {
    name: "copy",
    match: namespacesLabelled("copied"),
    generate: {
      apiVersion: "v1",
      kind: "Secret",
      name: "key",
      namespace: TRIGGER_NAME,
      clone: { namespace: "vault", name: "key" },
    },
  });
  const { code, stdout } = await planLive([copies], "--kubeconfig", keeper);
  expect(code).toBe(1);
  expect(stdout).toContain("(masked)");
  expect(stdout).not.toContain("hunter2");
  expect(stdout).not.toContain(btoa("hunter2-x"));
});

it("a Policy is planned with the rights of a tenant, who sees his own namespace only", async () => {
  await cluster.apply(
    namespace("tenant"),
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "tenant", namespace: "tenant" } },
    ...tenantRights(),
    storedConfigMap("tenant", "origin", { a: "1" }),
  );
  const tenant = await cluster.plane.kubeconfigFor({ namespace: "tenant", serviceAccount: "tenant" });
  const policy = namespacedPolicy("tenant", "copy", {
    name: "copy",
    match: { any: [{ resources: { kinds: ["ConfigMap"], names: ["origin"] } }] },
    generate: configMap("copy", { a: "{{ request.object.data.a }}" }, { namespace: "tenant" }),
  });
  const report = await reportOf([policy], 1, "--kubeconfig", tenant);
  expect(actionsOf(report)).toEqual(["create ConfigMap tenant/copy"]);
});

function tenantRights(): object[] {
  const rbac = "rbac.authorization.k8s.io";
  const subjects = [{ kind: "ServiceAccount", name: "tenant", namespace: "tenant" }];
  const role = (kind: string, metadata: object, rules: object[]): object => ({
    apiVersion: `${rbac}/v1`,
    kind,
    metadata,
    rules,
  });
  const binding = (kind: string, metadata: object, of: string): object => ({
    apiVersion: `${rbac}/v1`,
    kind,
    metadata,
    roleRef: { apiGroup: rbac, kind: of, name: "tenant" },
    subjects,
  });
  const inNamespace = { name: "tenant", namespace: "tenant" };
  return [
    role("Role", inNamespace, [
      { apiGroups: [""], resources: ["configmaps"], verbs: ["list"] },
      { apiGroups: ["perennial.dev"], resources: ["policies"], verbs: ["list"] },
    ]),
    binding("RoleBinding", inNamespace, "Role"),
    role("ClusterRole", { name: "tenant" }, [
      { apiGroups: [""], resources: ["namespaces"], resourceNames: ["tenant"], verbs: ["list"] },
      { apiGroups: ["perennial.dev"], resources: ["clusterpolicies"], verbs: ["list"] },
    ]),
    binding("ClusterRoleBinding", { name: "tenant" }, "ClusterRole"),
  ];
}
