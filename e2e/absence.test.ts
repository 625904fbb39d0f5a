/** Unknown is not empty: what cannot be listed is not gone, and nothing is deleted because of it. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  AGGREGATED_GROUP,
  type AggregatedApi,
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  installDefinition,
  isLeaseRenewal,
  markAudit,
  namespace,
  type OperatorProcess,
  operatorRequests,
  type Place,
  printRequest,
  registerAggregatedApi,
  startCluster,
  startOperator,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

const GROUP = "test.example.com";

let cluster: Cluster;
let operator: OperatorProcess;
let flows: AggregatedApi;

beforeAll(async () => {
  cluster = await startCluster({ grantUsualKinds: false });
  await cluster.grant("targets", [{ apiGroups: [""], resources: ["configmaps"] }]);
  await cluster.grant("triggers", [
    { apiGroups: [GROUP], resources: ["teams"], verbs: ["get", "list", "watch"] },
    { apiGroups: [AGGREGATED_GROUP], resources: ["flows"], verbs: ["get", "list", "watch"] },
  ]);
  flows = await registerAggregatedApi(cluster);
  await start();
});

afterAll(async () => {
  await operator?.stop();
  await flows?.stop();
  await cluster?.stop();
});

async function start(): Promise<void> {
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
}

/** A policy of that name: for each object of the kind in the namespace of that name, a ConfigMap beside it. */
function beside(name: string, kind: string): object {
  return clusterPolicy(name, {
    name: "settings",
    match: { any: [{ resources: { kinds: [kind], namespaces: [name] } }] },
    generate: { ...configMap("{{ request.object.metadata.name }}-settings", {}), namespace: name },
  });
}

function targetOf(where: string, trigger: string): Place {
  return ["configmap", where, `${trigger}-settings`];
}

async function targetsIn(where: string): Promise<string[]> {
  const targets = await cluster.list("configmaps", where, "perennial.dev/target");
  return targets.map(({ metadata }: KubernetesObject) => metadata.name).sort((a, b) => a.localeCompare(b));
}

/** The operator tried again for a while, told by its Lease, and asked for nothing to be written in the namespace. */
async function expectNothingWritten(where: string): Promise<void> {
  const mark = await markAudit(cluster);
  await waitUntil(
    "the Lease is renewed twice",
    async () => (await operatorRequests(cluster, mark)).filter(isLeaseRenewal).length >= 2,
  );
  const requests = (await operatorRequests(cluster, mark)).filter(({ objectRef }) => objectRef?.namespace === where);
  expect(requests.filter(({ verb }) => verb !== "list").map(printRequest)).toEqual([]);
}

describe("triggers that may not be listed", () => {
  it("keep their targets over a restart: the policy says which permission is missing", async () => {
    await cluster.grant("secrets", [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch"] }]);
    await cluster.apply(namespace("secrets"), beside("secrets", "Secret"));
    for (const name of ["one", "two"]) await cluster.kubectl("create", "secret", "generic", name, "-n", "secrets");
    const before = await Promise.all(["one", "two"].map((name) => waitForObject(cluster, targetOf("secrets", name))));
    await operator.stop();
    await cluster.kubectl("delete", "clusterrole", "perennial-test-secrets");
    await waitUntil("the permission is gone", async () => {
      const subject = "system:serviceaccount:perennial-system:perennial";
      const { stdout } = await cluster.tryKubectl("auth", "can-i", "list", "secrets", "-A", "--as", subject);
      return stdout.trim() === "no";
    });
    await start();
    const ready = { type: "Ready", status: "False", reason: "PermissionMissing" };
    const status = await waitForCondition(cluster, "secrets", ready);
    expect(condition(status, "Ready")?.message).toContain("list and watch secrets");
    await expectNothingWritten("secrets");
    const after = await Promise.all(["one", "two"].map((name) => waitForObject(cluster, targetOf("secrets", name))));
    expect(after.map(versionOf)).toEqual(before.map(versionOf));
  });

  it("lose those of what was deleted meanwhile once they may be listed again", async () => {
    await cluster.kubectl("delete", "secret", "one", "-n", "secrets");
    await cluster.grant("secrets", [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch"] }]);
    await waitUntilGone(cluster, targetOf("secrets", "one"));
    expect(await targetsIn("secrets")).toEqual(["two-settings"]);
  });
});

describe("triggers of an aggregated API that answers no more", () => {
  const unreachable = { type: "Ready", status: "False" };

  it("keep their targets while it is away", async () => {
    await flows.serve(["flows/one", "flows/two"]);
    await cluster.apply(namespace("flows"), beside("flows", `${AGGREGATED_GROUP}/v1/Flow`));
    for (const name of ["one", "two"]) await waitForObject(cluster, targetOf("flows", name));
    await waitForCondition(cluster, "flows", { type: "InSync", status: "True" });
    await flows.stop();
    await waitForCondition(cluster, "flows", unreachable);
    await expectNothingWritten("flows");
    expect(await targetsIn("flows")).toEqual(["one-settings", "two-settings"]);
  });

  it("keep them also when the API server knows that it is away, and the operator is restarted", async () => {
    const service: Place = ["apiservice", "", `v1.${AGGREGATED_GROUP}`];
    await waitForObject(cluster, service, ({ status }) => JSON.stringify(status).includes('"status":"False"'));
    await operator.stop();
    await start();
    await waitForCondition(cluster, "flows", unreachable);
    await expectNothingWritten("flows");
    expect(await targetsIn("flows")).toEqual(["one-settings", "two-settings"]);
  });

  it("lose those of what is gone when it is back", async () => {
    await flows.serve(["flows/two", "flows/three"]);
    await waitForObject(cluster, targetOf("flows", "three"));
    await waitUntilGone(cluster, targetOf("flows", "one"));
    expect(await targetsIn("flows")).toEqual(["three-settings", "two-settings"]);
  });
});

describe("triggers whose definition is being removed, and is held by something", () => {
  const team: Place = [`teams.${GROUP}`, "teams", "red"];

  it("keep their targets, also over a restart, and when the definition is gone at last", async () => {
    await installDefinition(cluster, { group: GROUP, kind: "Team", plural: "teams" });
    const metadata = { name: "red", namespace: "teams" };
    await cluster.apply(namespace("teams"), beside("teams", "Team"), {
      apiVersion: `${GROUP}/v1`,
      kind: "Team",
      metadata,
    });
    const before = await waitForObject(cluster, targetOf("teams", "red"));
    await cluster.kubectl(
      "patch",
      team[0],
      "red",
      "-n",
      "teams",
      "--type=merge",
      "-p",
      '{"metadata":{"finalizers":["test.example.com/hold"]}}',
    );
    await cluster.kubectl("delete", "crd", `teams.${GROUP}`, "--wait=false");
    await waitForCondition(cluster, "teams", { type: "Ready", status: "False", reason: "KindUnknown" });
    await expectNothingWritten("teams");
    await operator.stop();
    await start();
    await waitForCondition(cluster, "teams", { type: "Ready", status: "False", reason: "KindUnknown" });
    await expectNothingWritten("teams");
    await cluster.kubectl(
      "patch",
      team[0],
      "red",
      "-n",
      "teams",
      "--type=merge",
      "-p",
      '{"metadata":{"finalizers":null}}',
    );
    await waitUntilGone(cluster, ["crd", "", `teams.${GROUP}`]);
    await expectNothingWritten("teams");
    expect(versionOf(await waitForObject(cluster, targetOf("teams", "red")))).toBe(versionOf(before));
  });
});
