/** `--record-users`: a drift record says who changed or deleted the object, beside the field manager. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  namespace,
  namespacesLabelled,
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
let flags: string[];

beforeAll(async () => {
  cluster = await startCluster();
  flags = await webhookFlags();
  await cluster.kubectl("create", "clusterrolebinding", "people", "--clusterrole=edit", "--user=eve", "--user=mallory");
  await cluster.apply(namespace("shop", { settings: "yes" }));
  operator = await startOperator(cluster, { flags: [...flags, "--record-users"] });
  await cluster.apply(
    clusterPolicy("settings", {
      name: "make",
      match: namespacesLabelled("settings"),
      generate: configMap("settings", { a: "1" }),
    }),
  );
  await waitForCondition(cluster, "settings", { type: "InSync", status: "True" });
  await waitUntil("the API server is told to tell", async () => (await entryNames()).includes("users.perennial.dev"));
  // it hears of that a moment later
  await waitUntil("users are told", async () => {
    await changedBy("eve");
    return (await lastDrift())?.user === "eve";
  });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function entryNames(): Promise<string[]> {
  const stored = await cluster.get("validatingwebhookconfiguration", "", "perennial-system");
  const { webhooks = [] } = (stored ?? {}) as { webhooks?: { name: string }[] }; // of its shape
  return webhooks.map(({ name }) => name);
}

async function lastDrift() {
  const [last] = (await policyStatus(cluster, "settings")).drifts ?? [];
  return last;
}

let changes = 0;

/** Returns when it is put right, and told. */
async function changedBy(user: string, ...more: string[]): Promise<void> {
  const { corrected = 0 } = (await policyStatus(cluster, "settings")).summary ?? {};
  changes += 1;
  const patch = ["patch", "configmap", "settings", "-n", "shop", "--type=merge", "-p", `{"data":{"a":"x${changes}"}}`];
  await cluster.kubectl(...patch, `--as=${user}`, ...more);
  await told(corrected + 1);
}

async function told(corrected: number): Promise<void> {
  await waitUntil("the drift is told", async () => {
    const { summary } = await policyStatus(cluster, "settings");
    return (summary?.corrected ?? 0) >= corrected;
  });
}

describe("a drift record", () => {
  it("says who changed the object, beside the field manager", async () => {
    await changedBy("mallory", "--field-manager=hack");
    expect(await lastDrift()).toMatchObject({ user: "mallory", manager: "hack" });
    expect(operator.log()).toContainEqual(expect.objectContaining({ msg: "drift put right", user: "mallory" }));
  });

  it("says who deleted it", async () => {
    const { corrected = 0 } = (await policyStatus(cluster, "settings")).summary ?? {};
    await cluster.kubectl("delete", "configmap", "settings", "-n", "shop", "--as=eve");
    await told(corrected + 1);
    expect(await lastDrift()).toMatchObject({ user: "eve", after: "deleted" });
  });
});

describe("the entry", () => {
  it("asks about marked objects of the kinds that are made, and holds nothing up", async () => {
    const stored = await cluster.get("validatingwebhookconfiguration", "", "perennial-system");
    const { webhooks } = stored as unknown as { webhooks: { name: string }[] }; // of its shape
    expect(webhooks.find(({ name }) => name === "users.perennial.dev")).toMatchObject({
      ...{ failurePolicy: "Ignore", sideEffects: "None", timeoutSeconds: 1 },
      rules: [{ resources: ["configmaps"], operations: ["DELETE", "UPDATE"] }],
      objectSelector: { matchExpressions: [{ key: "perennial.dev/target", operator: "Exists" }] },
    });
  });

  it("is not there without the flag, and drifts are told without users", async () => {
    await operator.stop();
    operator = await startOperator(cluster, { flags });
    await waitUntil("nothing is asked for", async () => !(await entryNames()).includes("users.perennial.dev"));
    await changedBy("eve");
    expect((await lastDrift())?.user).toBeUndefined();
  });
});
