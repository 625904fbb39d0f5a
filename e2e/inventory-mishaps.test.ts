/** The inventory that somebody spoils, or keeps from being written. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  condition,
  edit,
  hasData,
  INVENTORY,
  inventoryData,
  namespace,
  type OperatorProcess,
  settingsIn,
  startCluster,
  startOperator,
  storedRules,
  waitForCondition,
  waitForObject,
  waitUntilGone,
  wantingSettings,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** A namespace of that name with its target, made by a policy of that name. */
async function serve(name: string): Promise<void> {
  await cluster.apply(namespace(name, { [name]: "yes" }), wantingSettings(name, name, { k: "v" }));
  await waitForObject(cluster, settingsIn(name));
  await waitForCondition(cluster, name, { type: "InSync", status: "True" });
}

describe("the inventory that somebody spoils while the operator runs", () => {
  const SPOILED = [
    {
      how: "deletes",
      name: "deletes",
      spoil: () => cluster.kubectl("delete", "configmap", INVENTORY[2], "-n", INVENTORY[1]),
    },
    {
      how: "empties",
      name: "empties",
      spoil: () =>
        cluster.kubectl("patch", "configmap", INVENTORY[2], "-n", INVENTORY[1], "--type=merge", "-p", '{"data":null}'),
    },
    {
      how: "fills garbage into",
      name: "garbage",
      spoil: () =>
        edit(cluster, INVENTORY, {
          kinds: "what\n/\nis/this/\n",
          "policy.ClusterPolicy..garbage": "{not json",
          "policy.garbage": "{}",
        }),
    },
  ];

  it.each(SPOILED)("is whole again with the next change, when he $how it", async ({ name, spoil }) => {
    await serve(name);
    await spoil();
    await serve(`after-${name}`);
    expect(await storedRules(cluster, name)).toEqual({ settings: "delete" });
    expect(await storedRules(cluster, `after-${name}`)).toEqual({ settings: "delete" });
    expect((await inventoryData(cluster)).kinds).toContain("/ConfigMap\n");
  });

  it.each(SPOILED)("still says what becomes of the targets, when he $how it", async ({ name, spoil }) => {
    await serve(`again-${name}`); // so that there is one to spoil
    await spoil();
    await cluster.kubectl("delete", "clusterpolicy", name);
    await waitUntilGone(cluster, settingsIn(name));
  });
});

describe("the inventory that cannot be written", () => {
  it("keeps a new policy waiting, which says why; those that are stored are served on", async () => {
    await serve("stored");
    await cluster.kubectl(
      "patch",
      "configmap",
      INVENTORY[2],
      "-n",
      INVENTORY[1],
      "--type=merge",
      "-p",
      '{"immutable":true}',
    );
    await cluster.apply(namespace("waiting", { waiting: "yes" }), wantingSettings("waiting", "waiting", { k: "v" }));
    const status = await waitForCondition(cluster, "waiting", {
      type: "Ready",
      status: "False",
      reason: "Unreachable",
    });
    expect(condition(status, "Ready")?.message).toMatch(/perennial-inventory.*immutable.*delete it/s);
    await edit(cluster, settingsIn("stored"), { k: "mallory" });
    await waitForObject(cluster, settingsIn("stored"), hasData({ k: "v" }));
    expect(await cluster.get(...settingsIn("waiting"))).toBeUndefined();
  });

  it("is made again as the message says, and has everything", async () => {
    await cluster.kubectl("delete", "configmap", INVENTORY[2], "-n", INVENTORY[1]);
    await waitForObject(cluster, settingsIn("waiting"));
    await waitForCondition(cluster, "waiting", { type: "InSync", status: "True" });
    expect(await storedRules(cluster, "stored")).toEqual({ settings: "delete" });
    expect(await storedRules(cluster, "waiting")).toEqual({ settings: "delete" });
  });
});
