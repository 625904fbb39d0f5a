/** Mutate rules that depend on who sent the request: subjects, roles and cluster roles, and as variables. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  namespace,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  waitForCondition,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: await webhookFlags() });
  await cluster.apply(namespace("shop"), namespace("other"));
  const edit = ["create", "clusterrolebinding", "writers", "--clusterrole=edit"];
  await cluster.kubectl(...edit, "--user=ann", "--user=bob", "--serviceaccount=shop:robot");
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const ROBOT = "system:serviceaccount:shop:robot";

/** A rule about ConfigMaps whose names begin so, that sets the label `seen`. */
async function serve(name: string, { match = {}, exclude = {}, seen = "yes" }, spec: object = {}): Promise<void> {
  const resources = { kinds: ["ConfigMap"], names: [`${name}*`] };
  const rule = {
    ...{ name: "label", match: { any: [{ resources, ...match }] }, exclude },
    mutate: { patchStrategicMerge: { metadata: { labels: { seen } } } },
  };
  const metadata = { name };
  await cluster.apply({
    apiVersion: "perennial.dev/v1",
    kind: "ClusterPolicy",
    metadata,
    spec: { ...spec, rules: [rule] },
  });
}

async function ready(name: string): Promise<void> {
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
}

let made = 0;

/** What the label `seen` is on an object that somebody creates. */
async function seenBy(prefix: string, user: string, ...groups: string[]): Promise<string | undefined> {
  made += 1;
  const name = `${prefix}-${made}`;
  const object = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" } });
  const as = [`--as=${user}`, ...groups.map((group) => `--as-group=${group}`)];
  const { code, stderr } = await cluster.tryKubectlWith(object, "create", "-f", "-", ...as);
  if (code !== 0) throw new Error(stderr);
  return (await cluster.get("configmap", "shop", name))?.metadata.labels?.seen;
}

describe("a mutate rule", () => {
  it("goes by the subjects that match names", async () => {
    const subjects = [
      { kind: "User", name: "a?n" },
      { kind: "Group", name: "dev*" },
      { kind: "ServiceAccount", namespace: "shop", name: "robot" },
    ];
    await serve("subjects", { match: { subjects } });
    await ready("subjects");
    expect(await seenBy("subjects", "ann")).toBe("yes");
    expect(await seenBy("subjects", "bob")).toBeUndefined();
    expect(await seenBy("subjects", "bob", "developers")).toBe("yes");
    expect(await seenBy("subjects", ROBOT)).toBe("yes");
  });

  it("leaves out whom exclude names", async () => {
    await serve("excluded", { exclude: { any: [{ subjects: [{ kind: "User", name: "bob" }] }] } });
    await ready("excluded");
    expect(await seenBy("excluded", "ann")).toBe("yes");
    expect(await seenBy("excluded", "bob")).toBeUndefined();
  });

  it("that asks for roles waits for the permission to read bindings, and says so", async () => {
    await serve("roles", { match: { roles: ["other:helper"] }, seen: "helper" }, { failurePolicy: "Ignore" });
    await serve(
      "told",
      { seen: "{{ join('.', request.clusterRoles[?!starts_with(@, 'system:')]) }}" },
      { failurePolicy: "Ignore" },
    );
    await waitForCondition(cluster, "roles", { type: "Ready", status: "False", reason: "PermissionMissing" });
    const message = (await policyStatus(cluster, "roles")).conditions?.find(({ type }) => type === "Ready")?.message;
    expect(message).toContain("may not list and watch clusterrolebindings.rbac.authorization.k8s.io");
    await cluster.grant("bindings", [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterrolebindings"] }]);
    await ready("roles");
    await ready("told");
  });

  it("goes by roles as bindings give them at the time", async () => {
    expect(await seenBy("roles", "ann")).toBeUndefined();
    await cluster.kubectl("create", "rolebinding", "helpers", "-n", "other", "--role=helper", "--user=ann");
    await waitUntil("the binding is seen", async () => (await seenBy("roles", "ann")) === "helper");
    expect(await seenBy("roles", "bob")).toBeUndefined();
    await cluster.kubectl("delete", "rolebinding", "helpers", "-n", "other");
    await waitUntil("the binding is gone", async () => (await seenBy("roles", "ann")) === undefined);
  });

  it("reads roles as variables, by user, group and service account", async () => {
    expect(await seenBy("told", "ann")).toBe("edit");
    await cluster.kubectl(
      "create",
      "rolebinding",
      "robots",
      "-n",
      "shop",
      "--clusterrole=view",
      "--serviceaccount=shop:robot",
    );
    await cluster.kubectl("create", "clusterrolebinding", "ops", "--clusterrole=admin", "--group=ops");
    await waitUntil("the bindings are seen", async () => (await seenBy("told", ROBOT, "ops")) === "admin.edit.view");
  });
});

describe("a policy that is not written well", () => {
  it("is refused with the paths", async () => {
    const subjects = [{ kind: "ServiceAccount", name: "robot" }];
    await expect(serve("bad", { match: { subjects } })).rejects.toThrow(
      "spec.rules[0].match.any[0].subjects[0].namespace",
    );
    await expect(serve("bad", { match: { roles: ["helper"] } })).rejects.toThrow("spec.rules[0].match.any[0].roles[0]");
  });
});
