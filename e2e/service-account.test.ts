/** --service-account: whose permissions are asked for when a write is refused. */

import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  printRequest,
  ROOT,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess | undefined;

const BUDGETS = { apiGroups: ["policy"], resources: ["poddisruptionbudgets"] };
const ACCOUNT = { kind: "ServiceAccount", name: "delegate", namespace: "perennial-system" };

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.grant("read-budgets", [{ ...BUDGETS, verbs: ["get", "list", "watch"] }]);
  await cluster.kubectl("apply", "-k", join(ROOT, "config/service-account"));
  const budget = {
    ...{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", name: "budget", namespace: TRIGGER_NAME },
    data: { spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } } },
  };
  await cluster.apply(
    namespace("shop", { shop: "yes" }),
    clusterPolicy("budgets", { name: "budget", match: namespacesLabelled("shop"), generate: budget }),
  );
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function start(): Promise<void> {
  await operator?.stop();
  operator = await startOperator(cluster, { flags: ["--service-account=perennial-system/delegate"] });
}

it("a permission that the account lacks is missing, and its review is asked for by its name", async () => {
  const mark = await markAudit(cluster);
  await start();
  const status = await waitForCondition(cluster, "budgets", { type: "PermissionsGranted", status: "False" });
  expect(status.failures?.[0]?.message).toContain("may not patch poddisruptionbudgets.policy in namespace shop");
  const asked = (await operatorRequests(cluster, mark))
    .map(printRequest)
    .filter((text) => text.includes("accessreview"));
  expect(new Set(asked)).toEqual(new Set(["create subjectaccessreviews  201"]));
});

it("a write that is refused although the account may write was refused for another reason", async () => {
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "delegate" };
  await cluster.apply(
    {
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "delegate" } },
      rules: [{ ...BUDGETS, verbs: ["create", "patch", "delete"] }],
    },
    {
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", metadata: { name: "delegate" } },
      ...{ roleRef: role, subjects: [ACCOUNT] },
    },
  );
  await waitForCondition(cluster, "budgets", { type: "InSync", status: "False", reason: "Rejected" });
  await waitForCondition(cluster, "budgets", { type: "PermissionsGranted", status: "True" });
});

it("what the operator may write is written, whatever the account may", async () => {
  await cluster.grant("write-budgets", [BUDGETS]);
  await waitForObject(cluster, ["poddisruptionbudget", "shop", "budget"]);
  await waitForCondition(cluster, "budgets", { type: "InSync", status: "True" });
});
