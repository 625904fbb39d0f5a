/** What keeps a policy from its targets: it is said in words, stops nobody else, and heals by itself within seconds. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  installDefinition,
  namespacesLabelled,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitUntil,
} from "./harness/index.ts";

/** What "within seconds" means on a slow machine. */
const SECONDS = { deadline: 10_000 };
const READ = ["get", "list", "watch"];
const WRITE = ["create", "patch", "delete"];

let cluster: Cluster;
let operator: OperatorProcess;

/** Only ConfigMaps may be managed from the start: each test grants, or does not grant, what else it needs. */
beforeAll(async () => {
  cluster = await startCluster({ grantUsualKinds: false });
  await cluster.grant("configmaps", [{ apiGroups: [""], resources: ["configmaps"] }]);
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
  await cluster.apply(generating("good", "others", configMap("good", { a: "b" })));
  await waitForCondition(cluster, "good", { type: "Ready", status: "True" });
  await exhaustQuota("long-exhausted");
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** A policy of one rule for the namespaces with a label. */
function generating(name: string, label: string, generate: object): object {
  return clusterPolicy(name, { name: "make", match: namespacesLabelled(label), generate });
}

function namespace(name: string, ...labels: string[]): object {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: Object.fromEntries(labels.map((label) => [label, "yes"])) },
  };
}

async function appears(resource: string, namespace: string, name: string, options = SECONDS): Promise<void> {
  await waitUntil(
    `${resource} ${namespace}/${name} is there`,
    async () => (await cluster.get(resource, namespace, name)) !== undefined,
    options,
  );
}

async function disappears(resource: string, namespace: string, name: string): Promise<void> {
  await waitUntil(
    `${resource} ${namespace}/${name} is gone`,
    async () => (await cluster.get(resource, namespace, name)) === undefined,
    SECONDS,
  );
}

/** Another policy goes on: what it wants in a new namespace is made, and deleted when it is no longer wanted. */
async function expectOthersServed(name: string): Promise<void> {
  await cluster.apply(namespace(name, "others"));
  await appears("configmap", name, "good");
  await cluster.kubectl("label", "namespace", name, "others-");
  await disappears("configmap", name, "good");
}

function quota(namespace: string, count: string): object {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "few", namespace },
    spec: { hard: { "count/configmaps": count } },
  };
}

/** A namespace that takes no more ConfigMaps, and a policy that wants one there; the policy and the label are named like it. */
async function exhaustQuota(name: string): Promise<void> {
  await cluster.apply(namespace(name), quota(name, "0"));
  await waitUntil("the quota holds", async () => {
    const status = (await cluster.get("resourcequota", name, "few"))?.status;
    return JSON.stringify(status ?? {}).includes('"hard"');
  });
  await cluster.kubectl("label", "namespace", name, `${name}=yes`);
  await cluster.apply(generating(name, name, configMap("wanted", { a: "b" })));
}

describe("a kind that the API server does not know", () => {
  const GADGETS = { group: "heal.example.com", kind: "Gadget", plural: "gadgets" };
  const GADGET = {
    apiVersion: "heal.example.com/v1",
    kind: "Gadget",
    name: "gadget",
    namespace: TRIGGER_NAME,
    data: { spec: { size: 1 } },
  };

  it("is named in the status, and used as soon as it is installed", async () => {
    await cluster.grant("gadgets", [{ apiGroups: ["heal.example.com"], resources: ["gadgets"] }]);
    await cluster.apply(namespace("with-gadget", "gadget"), generating("gadgets", "gadget", GADGET));
    const status = await waitForCondition(cluster, "gadgets", {
      type: "Ready",
      status: "False",
      reason: "KindUnknown",
    });
    expect(condition(status, "Ready")?.message).toMatch(/heal\.example\.com\/v1\/Gadget.*spec\.rules\[0\]\.generate/);
    await expectOthersServed("beside-gadgets");
    await installDefinition(cluster, GADGETS);
    await appears("gadgets.heal.example.com", "with-gadget", "gadget");
    await waitForCondition(cluster, "gadgets", { type: "Ready", status: "True" });
    await waitForCondition(cluster, "gadgets", { type: "InSync", status: "True" });
  });
});

describe("a namespace that does not exist", () => {
  it("is named in the status, and gets its objects as soon as it is created", async () => {
    const elsewhere = { ...configMap("registered-{{ request.object.metadata.name }}", {}), namespace: "registry" };
    await cluster.apply(namespace("registered", "registry"), generating("registry", "registry", elsewhere));
    const status = await waitForCondition(cluster, "registry", {
      type: "InSync",
      status: "False",
      reason: "NamespaceMissing",
    });
    expect(condition(status, "Ready")?.status).toBe("True");
    expect(status.failures?.[0]).toMatchObject({
      rule: "make",
      trigger: { kind: "Namespace", name: "registered" },
      target: { kind: "ConfigMap", namespace: "registry", name: "registered-registered" },
      reason: "NamespaceMissing",
    });
    expect(status.failures?.[0]?.message).toContain("namespace registry does not exist");
    await expectOthersServed("beside-registry");
    await cluster.kubectl("create", "namespace", "registry");
    await appears("configmap", "registry", "registered-registered");
    const healed = await waitForCondition(cluster, "registry", { type: "InSync", status: "True" });
    expect(healed.failures).toEqual([]);
  });
});

describe("an exhausted quota", () => {
  it("is told in the server's words, and makes the policy not less ready", async () => {
    await exhaustQuota("exhausted");
    const status = await waitForCondition(cluster, "exhausted", {
      type: "InSync",
      status: "False",
      reason: "Rejected",
    });
    expect(condition(status, "Ready")?.status).toBe("True");
    expect(condition(status, "Stalled")?.status).toBe("False");
    expect(condition(status, "PermissionsGranted")?.status).toBe("True");
    expect(status.failures?.[0]?.message).toMatch(/exceeded quota: few, .*limited: count\/configmaps=0/);
    expect(status.summary?.ratio).toBe("0/1");
    await expectOthersServed("beside-quota");
  });

  it("heals when the quota is raised", async () => {
    await cluster.apply(quota("exhausted", "10"));
    await appears("configmap", "exhausted", "wanted");
    await waitForCondition(cluster, "exhausted", { type: "InSync", status: "True" });
  });

  it("heals when the quota is deleted", async () => {
    await exhaustQuota("relieved");
    await waitForCondition(cluster, "relieved", { type: "InSync", status: "False", reason: "Rejected" });
    await cluster.kubectl("delete", "resourcequota", "few", "-n", "relieved");
    await appears("configmap", "relieved", "wanted");
  });
});

const BUDGET = {
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  name: "budget",
  namespace: TRIGGER_NAME,
  data: { spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } } },
};
const BUDGETS = { apiGroups: ["policy"], resources: ["poddisruptionbudgets"] };

describe("a missing permission to write", () => {
  it("is named with its verb, and stops only what needs it", async () => {
    await cluster.grant("read-budgets", [{ ...BUDGETS, verbs: READ }]);
    await cluster.apply(namespace("with-budget", "budget"), generating("budgets", "budget", BUDGET));
    const status = await waitForCondition(cluster, "budgets", { type: "PermissionsGranted", status: "False" });
    expect(condition(status, "PermissionsGranted")?.reason).toBe("PermissionMissing");
    expect(status.failures?.[0]).toMatchObject({
      reason: "PermissionMissing",
      trigger: { kind: "Namespace", name: "with-budget" },
    });
    expect(status.failures?.[0]?.message).toMatch(
      /may not patch poddisruptionbudgets\.policy in namespace with-budget.*perennial\.dev\/aggregate-to-operator/,
    );
    await expectOthersServed("beside-budgets");
  });

  it("names the next one when only one of two was granted", async () => {
    await cluster.grant("patch-budgets", [{ ...BUDGETS, verbs: ["patch"] }]);
    await waitUntil(
      "create is named",
      async () =>
        /may not create poddisruptionbudgets\.policy in namespace with-budget/.test(
          (await policyStatus(cluster, "budgets")).failures?.[0]?.message ?? "",
        ),
      SECONDS,
    );
  });

  it("heals when a ClusterRole with the aggregation label grants it", async () => {
    await cluster.grant("write-budgets", [{ ...BUDGETS, verbs: WRITE }]);
    await appears("poddisruptionbudget", "with-budget", "budget");
    await waitForCondition(cluster, "budgets", { type: "PermissionsGranted", status: "True" });
    await waitForCondition(cluster, "budgets", { type: "InSync", status: "True" });
  });

  it("is named for the delete too, and what is no longer wanted goes when it is granted", async () => {
    await cluster.kubectl("delete", "clusterrole", "perennial-test-write-budgets", "perennial-test-patch-budgets");
    await cluster.kubectl("label", "namespace", "with-budget", "budget-");
    const status = await waitForCondition(cluster, "budgets", { type: "PermissionsGranted", status: "False" });
    expect(status.failures?.[0]?.message).toMatch(
      /may not delete poddisruptionbudgets\.policy in namespace with-budget/,
    );
    expect(status.summary).toMatchObject({ triggers: 0, ratio: "0/0" });
    await cluster.grant("write-budgets", [{ ...BUDGETS, verbs: WRITE }]);
    await disappears("poddisruptionbudget", "with-budget", "budget");
    await waitForCondition(cluster, "budgets", { type: "PermissionsGranted", status: "True" });
  });
});

describe("a missing permission to watch", () => {
  const SCALER = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    name: "scaler",
    namespace: TRIGGER_NAME,
    data: {
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } },
    },
  };

  it("of what is generated makes the policy not ready, and heals when it is granted", async () => {
    await cluster.apply(namespace("with-scaler", "scaler"), generating("scalers", "scaler", SCALER));
    const status = await waitForCondition(cluster, "scalers", {
      type: "Ready",
      status: "False",
      reason: "PermissionMissing",
    });
    expect(condition(status, "Ready")?.message).toMatch(
      /may not list and watch horizontalpodautoscalers\.autoscaling.*perennial\.dev\/aggregate-to-operator/,
    );
    expect(condition(status, "PermissionsGranted")?.status).toBe("False");
    await expectOthersServed("beside-scalers");
    await cluster.grant("scalers", [{ apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"] }]);
    await appears("horizontalpodautoscaler", "with-scaler", "scaler");
    await waitForCondition(cluster, "scalers", { type: "Ready", status: "True" });
    await waitForCondition(cluster, "scalers", { type: "PermissionsGranted", status: "True" });
  });

  it("of what triggers makes the policy not ready, and heals when it is granted", async () => {
    const match = { any: [{ resources: { kinds: ["Service"] } }] };
    const beside = { ...configMap("beside-service", {}), namespace: "{{ request.object.metadata.namespace }}" };
    await cluster.apply(clusterPolicy("services", { name: "make", match, generate: beside }));
    await cluster.kubectl("create", "namespace", "with-service");
    await cluster.kubectl("create", "service", "clusterip", "web", "--tcp=80", "-n", "with-service");
    const status = await waitForCondition(cluster, "services", {
      type: "Ready",
      status: "False",
      reason: "PermissionMissing",
    });
    expect(condition(status, "Ready")?.message).toMatch(/may not list and watch services;/);
    await expectOthersServed("beside-services");
    await cluster.grant("services", [{ apiGroups: [""], resources: ["services"], verbs: READ }]);
    await appears("configmap", "with-service", "beside-service");
    await waitForCondition(cluster, "services", { type: "Ready", status: "True" });
  });
});

describe("a RoleBinding that would give more than the operator has", () => {
  it("is refused in the server's words, and made once the operator may bind the role", async () => {
    await cluster.grant("rolebindings", [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["rolebindings"] }]);
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      name: "owners",
      namespace: TRIGGER_NAME,
      data: {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "owners" }],
      },
    };
    await cluster.apply(namespace("with-owners", "owners"), generating("owners", "owners", binding));
    const status = await waitForCondition(cluster, "owners", { type: "PermissionsGranted", status: "False" });
    expect(condition(status, "Ready")?.status).toBe("True");
    expect(status.failures?.[0]?.message).toContain("attempting to grant RBAC permissions not currently held");
    expect(status.failures?.[0]?.message).toContain("may not bind clusterroles.rbac.authorization.k8s.io edit");
    await expectOthersServed("beside-owners");
    await cluster.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "perennial-test-bind-edit", labels: { "perennial.dev/aggregate-to-operator": "true" } },
      rules: [
        {
          apiGroups: ["rbac.authorization.k8s.io"],
          resources: ["clusterroles"],
          resourceNames: ["edit"],
          verbs: ["bind"],
        },
      ],
    });
    await appears("rolebinding", "with-owners", "owners");
    await waitForCondition(cluster, "owners", { type: "PermissionsGranted", status: "True" });
  });
});

/** Last, so that it has failed again and again since the first test began. */
describe("a quota that was exhausted for long", () => {
  it("heals within seconds all the same", async () => {
    const status = await waitForCondition(cluster, "long-exhausted", {
      type: "InSync",
      status: "False",
      reason: "Rejected",
    });
    expect(status.failures?.[0]?.message).toContain("exceeded quota: few");
    await cluster.kubectl("delete", "resourcequota", "few", "-n", "long-exhausted");
    await appears("configmap", "long-exhausted", "wanted");
  });
});
