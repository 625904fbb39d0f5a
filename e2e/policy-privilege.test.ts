/** Nobody gains rights by a policy: who writes one has to have, himself, the permissions that it takes. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PolicyStatus } from "../src/policy/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  clusterPolicy,
  condition,
  configMap,
  installKyverno,
  keepKyvernoAlive,
  kyvernoPolicy,
  namespace,
  namespacedPolicy,
  namespacesLabelled,
  type OperatorProcess,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForObject,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let flags: string[];

const GROUP = "rbac.authorization.k8s.io";
const EVERY_VERB = ["get", "list", "watch", "create", "update", "patch", "delete"];

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] };

/** A user of this name, who may write policies, and do this much besides: in a namespace, or everywhere. */
async function grantUser(user: string, rules: Rule[], place?: string): Promise<void> {
  const policies = {
    apiGroups: ["perennial.dev", "kyverno.io"],
    resources: ["policies", "clusterpolicies"],
    verbs: EVERY_VERB,
  };
  const [kind, metadata] = place === undefined ? ["ClusterRole", {}] : ["Role", { namespace: place }];
  const subjects = [{ kind: "User", apiGroup: GROUP, name: user }];
  const of = { apiVersion: `${GROUP}/v1`, metadata: { name: `user-${user}`, ...metadata } };
  const roleRef = { apiGroup: GROUP, kind, name: `user-${user}` };
  await cluster.apply(
    { ...of, kind, rules: [policies, ...rules] },
    { ...of, kind: `${kind}Binding`, roleRef, subjects },
  );
}

function writeAs(user: string, policy: object, ...more: string[]) {
  return cluster.tryKubectlWith(JSON.stringify(policy), "apply", "--server-side", "-f", "-", `--as=${user}`, ...more);
}

const SEES_NAMESPACES: Rule = { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list"] };
const CONFIG_MAPS: Rule = { apiGroups: [""], resources: ["configmaps"], verbs: EVERY_VERB };
const PODS: Rule = { apiGroups: [""], resources: ["pods"], verbs: EVERY_VERB };
const BINDINGS: Rule = { apiGroups: [GROUP], resources: ["rolebindings"], verbs: EVERY_VERB };
const BIND_VIEW: Rule = { apiGroups: [GROUP], resources: ["clusterroles"], verbs: ["bind"], resourceNames: ["view"] };

/** In the namespace of the tenant, for each of his ConfigMaps that asks for it. */
function tenantPolicy(name: string, generate: object, context: object[] = []): object {
  const selector = { matchLabels: { asks: name } };
  const rule = { name: "r", match: { any: [{ resources: { kinds: ["ConfigMap"], selector } }] }, context, generate };
  return namespacedPolicy("team-a", name, rule);
}

function binding(role: string): object {
  const subjects = [{ kind: "User", apiGroup: GROUP, name: "tenant" }];
  return {
    ...{ apiVersion: `${GROUP}/v1`, kind: "RoleBinding", name: `is-${role}`, namespace: "team-a" },
    data: { roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: role }, subjects },
  };
}

const SETTINGS = clusterPolicy("settings", {
  name: "settings",
  match: namespacesLabelled("settings"),
  generate: configMap("settings", { of: TRIGGER_NAME }),
});

beforeAll(async () => {
  cluster = await startCluster();
  await installKyverno(cluster);
  await cluster.apply(namespace("team-a"), namespace("shop", { settings: "yes" }), {
    ...{
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "ask", namespace: "team-a", labels: { asks: "view" } },
    },
  });
  await grantUser("poor", []);
  await grantUser("able", [SEES_NAMESPACES, CONFIG_MAPS]);
  await grantUser("tenant", [CONFIG_MAPS, PODS, BINDINGS, BIND_VIEW], "team-a");
  flags = [...(await webhookFlags()), "--kyverno"];
  operator = await startOperator(cluster, { flags });
  await waitUntil("the webhook is called", async () => {
    const { code } = await writeAs("poor", SETTINGS, "--dry-run=server");
    return code !== 0;
  });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

describe("who may not do what a policy does", () => {
  it("may not write it, and is told every verb that is missing, and where", async () => {
    const { code, stderr } = await writeAs("poor", SETTINGS);
    expect(code).toBe(1);
    expect(stderr).toContain("Forbidden");
    expect(stderr).toContain("a policy has Perennial do only what its author may do himself; poor may not:");
    expect(stderr).toContain("spec.rules[0].match: list namespaces");
    expect(stderr).toContain(
      "spec.rules[0].generate: get, create, patch, delete configmaps settings in all namespaces",
    );
    expect(stderr).toContain("Have these permissions granted");
  });

  it("may not make an edit that needs more", async () => {
    expect((await writeAs("able", SETTINGS)).code).toBe(0);
    await waitForObject(cluster, ["configmap", "shop", "settings"]);
    const secrets = { ...configMap("copies", {}), kind: "Secret" };
    const edited = clusterPolicy("settings", { name: "settings", match: namespacesLabelled("x"), generate: secrets });
    expect((await writeAs("able", edited)).stderr).toContain("secrets copies in all namespaces");
  });

  it("may label and delete it, as before", async () => {
    const policy = ["clusterpolicies.perennial.dev", "settings", "--as=poor"];
    expect((await cluster.tryKubectl("label", ...policy, "a=b")).stderr).toBe("");
    expect((await cluster.tryKubectl("delete", ...policy)).stderr).toBe("");
  });

  it("may not read by it what he may not read", async () => {
    const clone = { namespace: "team-a", name: "token" };
    const secret = { apiVersion: "v1", kind: "Secret", name: "copy", namespace: "team-a", clone };
    const copied = await writeAs("tenant", tenantPolicy("copies", secret));
    expect(copied.stderr).toContain("spec.rules[0].generate.clone: get secrets token in namespace team-a");
    const made = {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "made",
      namespace: "team-a",
      data: { data: { a: "{{ x }}" } },
    };
    const urlPath = "/api/v1/namespaces/team-a/secrets";
    const context = [{ name: "x", apiCall: { urlPath, jmesPath: "items[0].data | to_string(@)" } }];
    const read = await writeAs("tenant", tenantPolicy("reads", made, context));
    expect(read.stderr).toContain("spec.rules[0].context[0].apiCall.urlPath: list secrets in namespace team-a");
    const plain = { ...made, data: { data: { a: "{{ request.namespace }}" } } };
    expect((await writeAs("tenant", tenantPolicy("makes", plain))).stderr).toBe("");
  });

  it("may not make by it a policy, which would be the operator's", async () => {
    const policy = { ...binding("view"), apiVersion: "perennial.dev/v1", kind: "Policy", data: { spec: {} } };
    const { stderr } = await writeAs("tenant", tenantPolicy("policies", policy));
    expect(stderr).toContain("spec.rules[0].generate: do everything with every resource in namespace team-a");
  });
});

describe("roles", () => {
  it("are bound by nobody who may not bind them", async () => {
    const { code, stderr } = await writeAs("tenant", tenantPolicy("admin", binding("cluster-admin")));
    expect(code).toBe(1);
    expect(stderr).toContain(
      "spec.rules[0].generate.data.roleRef: bind clusterroles.rbac.authorization.k8s.io cluster-admin in namespace team-a",
    );
  });

  it("are bound by who may", async () => {
    expect((await writeAs("tenant", tenantPolicy("view", binding("view")))).stderr).toBe("");
    await waitForObject(cluster, ["rolebinding", "team-a", "is-view"]);
  });

  it("are written by who has all that they grant", async () => {
    await grantUser(
      "tenant",
      [CONFIG_MAPS, PODS, BINDINGS, BIND_VIEW, { ...BINDINGS, resources: ["roles"] }],
      "team-a",
    );
    const role = (resources: string[]) => ({
      ...{ apiVersion: `${GROUP}/v1`, kind: "Role", name: "reader", namespace: "team-a" },
      data: { rules: [{ apiGroups: [""], resources, verbs: ["get", "list"] }] },
    });
    const refused = await writeAs("tenant", tenantPolicy("role", role(["pods", "secrets"])));
    expect(refused.stderr).toContain("escalate roles.rbac.authorization.k8s.io reader in namespace team-a, nor all");
    const allowed = await writeAs("tenant", tenantPolicy("role", role(["pods"])));
    expect(allowed.code).toBe(0);
  });
});

describe("what the operator itself may not do", () => {
  const pods = { ...configMap("made", {}), kind: "Pod", data: { spec: { containers: [{ name: "a", image: "a" }] } } };
  const rule = { name: "pods", match: namespacesLabelled("pods"), generate: pods };

  it("is a warning in perennial.dev, and PermissionsGranted says so when it comes to it", async () => {
    const { code, stderr } = await cluster.tryKubectlWith(
      JSON.stringify(clusterPolicy("pods", rule)),
      "apply",
      "-f",
      "-",
    );
    expect(code).toBe(0);
    expect(stderr).toContain(
      "Warning: Perennial itself may not get, list, watch, create, patch, delete pods made in all namespaces",
    );
    await cluster.apply(namespace("crew", { pods: "yes" }));
    await waitUntil("its status says so", async () => {
      const policy = await cluster.get("clusterpolicies.perennial.dev", "", "pods");
      return condition((policy?.status ?? {}) as PolicyStatus, "PermissionsGranted")?.status === "False"; // as the operator writes it
    });
  });

  it("refuses a policy of kyverno.io", async () => {
    const policy = JSON.stringify(kyvernoPolicy("pods", [{ ...rule, generate: { ...pods, synchronize: true } }]));
    const { code, stderr } = await cluster.tryKubectlWith(policy, "apply", "-f", "-");
    expect(code).toBe(1);
    expect(stderr).toContain("Perennial itself may not:");
    expect(stderr).toContain("create, patch, delete pods made in all namespaces");
  });
});

async function failurePolicies(): Promise<string> {
  const found = await cluster.get("validatingwebhookconfiguration", "", CONFIGURATION);
  return ((found?.webhooks ?? []) as unknown as { failurePolicy: string }[]).map((hook) => hook.failurePolicy).join();
}

describe("policies of kyverno.io", () => {
  const policy = kyvernoPolicy("copies", [
    { name: "r", match: namespacesLabelled("copies"), generate: configMap("copies", { a: "b" }) },
  ]);

  it("are judged like ours", async () => {
    expect((await writeAs("poor", policy)).stderr).toContain("poor may not:");
  });

  it("are left alone while Kyverno is alive, and judged again afterwards", async () => {
    const stopKyverno = await keepKyvernoAlive(cluster);
    await waitUntil("nobody waits for an answer", async () => (await failurePolicies()) === "Fail,Ignore");
    expect((await writeAs("poor", policy, "--dry-run=server")).stderr).toBe("");
    await stopKyverno();
    await waitUntil("an answer is waited for", async () => (await failurePolicies()) === "Fail,Fail");
    expect((await writeAs("poor", policy)).stderr).toContain("poor may not:");
  });
});

describe("while nobody can check it", () => {
  it("a policy is not written, but labelled", async () => {
    expect(await failurePolicies()).toBe("Fail,Fail");
    await operator.stop();
    const { code, stderr } = await writeAs("able", SETTINGS);
    expect(code).toBe(1);
    expect(stderr).toContain("failed calling webhook");
    await cluster.kubectl("label", "clusterpolicies.perennial.dev", "pods", "a=b");
  });

  it("or may not ask, it is not written either", async () => {
    const role = ["clusterrole", "perennial-operator-webhook"];
    const taken = [{ op: "remove", path: "/rules/1" }];
    await cluster.kubectl("patch", ...role, "--type=json", "-p", JSON.stringify(taken));
    operator = await startOperator(cluster, { flags });
    await waitUntil("it says that it may not ask", async () => {
      const { code, stderr } = await writeAs("able", SETTINGS);
      return code === 1 && stderr.includes("the API server did not say whether able may");
    });
  });

  it("it is written where authors are trusted, whoever they are", async () => {
    await operator.stop();
    operator = await startOperator(cluster, { flags: [...flags, "--trust-policy-authors"] });
    await waitUntil("poor may write it", async () => (await writeAs("poor", SETTINGS)).code === 0);
    await waitUntil("nobody waits for an answer", async () => (await failurePolicies()) === "Ignore,Ignore");
  });
});
