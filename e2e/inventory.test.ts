/** What the operator stores to know after a restart: before it is needed, no longer than needed, and proof against mishaps. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  hasData,
  INVENTORY,
  inventoryData,
  isUnmarked,
  laterEventProcessed,
  markAudit,
  namespace,
  namespacesLabelled,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  operatorRequests,
  printRequest,
  settingsIn,
  startCluster,
  startOperator,
  storedRules,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
  wantingSettings,
} from "./harness/index.ts";

const STORED = `patch configmaps ${OPERATOR_NAMESPACE}/perennial-inventory`;

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  await start();
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function start(): Promise<void> {
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
}

/** The operator's writes to the inventory and into that namespace, in their order. */
async function writesDuring(where: string, action: () => Promise<void>): Promise<string[]> {
  const mark = await markAudit(cluster);
  await action();
  const requests = await operatorRequests(cluster, mark);
  return requests
    .filter(({ objectRef }) => objectRef?.name === INVENTORY[2] || objectRef?.namespace === where)
    .filter(({ verb, requestURI }) => verb !== "get" && !requestURI.includes("dryRun")) // a question writes nothing
    .map(printRequest);
}

/** A namespace of that name with its target, made by a policy of that name. */
async function serve(name: string, generate: object = {}): Promise<void> {
  await cluster.apply(namespace(name, { [name]: "yes" }), wantingSettings(name, name, { k: "v" }, generate));
  await waitForObject(cluster, settingsIn(name));
  await waitForCondition(cluster, name, { type: "InSync", status: "True" });
}

const QUOTA = {
  apiVersion: "v1",
  kind: "ResourceQuota",
  name: "made",
  namespace: TRIGGER_NAME,
  data: { spec: { hard: { pods: "1" } } },
};

describe("before the first write that needs it, the inventory has", () => {
  it("the kind, and what becomes of the targets when the policy goes", async () => {
    const writes = await writesDuring("first", () => serve("first"));
    expect(writes).toEqual([`${STORED} 201`, "patch configmaps first/settings 201"]);
    expect((await inventoryData(cluster)).kinds).toBe("/ConfigMap\n");
    expect(await storedRules(cluster, "first")).toEqual({ settings: "delete" });
  });

  it("a further kind that the policy turns to, and the further rule", async () => {
    const rule = { match: namespacesLabelled("first") };
    const settings = { ...rule, name: "settings", generate: configMap("settings", { k: "v" }) };
    const writes = await writesDuring("first", async () => {
      await cluster.apply(clusterPolicy("first", settings, { ...rule, name: "quota", generate: QUOTA }));
      await waitForObject(cluster, ["resourcequota", "first", "made"]);
    });
    expect(writes).toEqual([`${STORED} 200`, "patch resourcequotas first/made 201"]);
    expect((await inventoryData(cluster)).kinds).toBe("/ConfigMap\n/ResourceQuota\n");
    expect(await storedRules(cluster, "first")).toEqual({ settings: "delete", quota: "delete" });
  });

  it("what an edit changes of that", async () => {
    const writes = await writesDuring("first", async () => {
      await cluster.apply(wantingSettings("first", "first", { k: "w" }, { orphanDownstreamOnPolicyDelete: true }));
      await waitForObject(cluster, settingsIn("first"), hasData({ k: "w" }));
      await waitUntilGone(cluster, ["resourcequota", "first", "made"]); // as its rule said while it was there
    });
    // what goes with the rule that was removed goes by what was stored before
    const isOfRule = (write: string): boolean => write === "delete resourcequotas first/made 200";
    expect(writes.filter(isOfRule)).toHaveLength(1);
    expect(writes.filter((write) => !isOfRule(write))).toEqual([
      `${STORED} 200`,
      "patch configmaps first/settings 200",
    ]);
    expect(await storedRules(cluster, "first")).toMatchObject({ settings: "keep" });
  });

  it("nothing more to be written for a further target, nor at a restart", async () => {
    const writes = await writesDuring("second", async () => {
      await cluster.apply(namespace("second", { first: "yes" }));
      await waitForObject(cluster, settingsIn("second"));
      await operator.stop();
      await start();
      await waitForCondition(cluster, "first", { type: "InSync", status: "True" });
    });
    expect(writes).toEqual(["patch configmaps second/settings 201"]);
  });
});

describe("a policy that is deleted while the operator is away", () => {
  it("leaves its targets, released, when it said keep", async () => {
    const before = await waitForObject(cluster, settingsIn("second"));
    await operator.stop();
    await cluster.kubectl("delete", "clusterpolicy", "first");
    await start();
    const after = await waitForObject(cluster, settingsIn("second"), isUnmarked);
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.data).toEqual({ k: "w" });
  });

  it("leaves its targets, marks and all, when nothing is stored about it any more: log and metric tell", async () => {
    await serve("forgotten");
    const before = await waitForObject(cluster, settingsIn("forgotten"));
    await operator.stop();
    await cluster.kubectl("delete", "configmap", INVENTORY[2], "-n", INVENTORY[1]);
    await cluster.kubectl("delete", "clusterpolicy", "forgotten");
    await serveOther("finds-the-kind");
    await start();
    await laterEventProcessed(cluster, operator);
    const isTold = ({ reason, target }: { [field: string]: unknown }): boolean =>
      reason === "TargetKept" && target === "ConfigMap forgotten/settings";
    await waitUntil("it is told", async () => operator.log().some(isTold));
    expect(operator.log().filter(isTold)).toHaveLength(1);
    expect(await operator.metrics()).toContain("\nperennial_targets_kept_total 1\n");
    expect(versionOf(await waitForObject(cluster, settingsIn("forgotten")))).toBe(versionOf(before));
  });

  /** A policy that names the kind, so that targets of it are looked for though nothing is stored. */
  async function serveOther(name: string): Promise<void> {
    await cluster.apply(wantingSettings(name, name, {}));
  }
});

describe("what is stored about things that are no more", () => {
  it("goes after a while: kinds of which a whole list shows nothing, and policies", async () => {
    await cluster.apply(
      namespace("passing", { passing: "yes" }),
      clusterPolicy("passing", { name: "quota", match: namespacesLabelled("passing"), generate: QUOTA }),
    );
    await waitForObject(cluster, ["resourcequota", "passing", "made"]);
    expect((await inventoryData(cluster)).kinds).toContain("/ResourceQuota\n");
    await cluster.kubectl("delete", "clusterpolicy", "passing");
    await waitUntilGone(cluster, ["resourcequota", "passing", "made"]);
    await waitUntil(
      "both are gone",
      async () =>
        !(await inventoryData(cluster)).kinds?.includes("ResourceQuota") &&
        (await storedRules(cluster, "passing")) === undefined,
      { deadline: 100_000, interval: 1_000 },
    );
    expect((await inventoryData(cluster)).kinds).toContain("/ConfigMap\n"); // it is still written
    expect(await storedRules(cluster, "finds-the-kind")).toEqual({ settings: "delete" });
  });
});
