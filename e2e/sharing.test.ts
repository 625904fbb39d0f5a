/** One target that several rules want: who has it, who shares it, who takes it over, and when it goes. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  hasData,
  isHeldBy,
  type Labels,
  laterEventProcessed,
  markAudit,
  namespace,
  type OperatorProcess,
  operatorRequests,
  policyStatus,
  printRequest,
  settingsIn,
  startCluster,
  startOperator,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
  wantingSettings,
} from "./harness/index.ts";

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

/** One after another, each in a second of its own: the age of policies is told in seconds. */
async function applyByAge(label: string, ...policies: [name: string, data: Labels][]): Promise<void> {
  for (const [name, data] of policies) {
    await cluster.apply(wantingSettings(name, label, data));
    const { metadata } = await waitForObject(cluster, ["clusterpolicy", "", name]);
    const nextSecond = Date.parse(metadata.creationTimestamp ?? "") + 1_000;
    await waitUntil("a second later", async () => Date.now() > nextSecond);
  }
}

async function inSync(...policies: string[]): Promise<void> {
  for (const name of policies) await waitForCondition(cluster, name, { type: "InSync", status: "True" });
}

/** They say Conflict, and name the policy that has the target. */
async function inConflictWith(holder: string, ...policies: string[]): Promise<void> {
  for (const name of policies)
    await waitUntil(`${name} is in conflict with ${holder}`, async () => {
      const { failures = [], conditions = [] } = await policyStatus(cluster, name);
      const told = conditions.find(({ type }) => type === "InSync");
      if (told?.reason === "Conflict" && failures[0]?.message.includes(`ClusterPolicy ${holder}`)) return true;
      throw new Error(JSON.stringify({ told, failures }));
    });
}

/** What the operator wrote in the namespace while something was done. */
async function writesIn(where: string, during: () => Promise<void>): Promise<string[]> {
  const mark = await markAudit(cluster);
  await during();
  const requests = await operatorRequests(cluster, mark);
  return requests.filter(({ objectRef }) => objectRef?.namespace === where).map(printRequest);
}

const ONE_PATCH = (where: string): string[] => [`patch configmaps ${where}/settings 200`];

describe("one target that two policies want", () => {
  it("is shared when they want the same: both are in sync, the second takes over in one write, and it goes with the last", async () => {
    await cluster.apply(namespace("shared", { shared: "yes" }));
    await cluster.apply(wantingSettings("shared-first", "shared", { tier: "gold" }));
    const before = await waitForObject(cluster, settingsIn("shared"));
    await cluster.apply(wantingSettings("shared-second", "shared", { tier: "gold" }));
    await inSync("shared-second");
    expect(versionOf(await waitForObject(cluster, settingsIn("shared")))).toBe(versionOf(before));

    const writes = await writesIn("shared", async () => {
      await cluster.kubectl("delete", "clusterpolicy", "shared-first");
      const after = await waitForObject(cluster, settingsIn("shared"), isHeldBy("shared-second"));
      expect(after.metadata.uid).toBe(before.metadata.uid);
      await laterEventProcessed(cluster, operator);
    });
    expect(writes).toEqual(ONE_PATCH("shared"));
    await cluster.kubectl("delete", "clusterpolicy", "shared-second");
    await waitUntilGone(cluster, settingsIn("shared"));
  });

  it("belongs to the first when they want different things: the second says Conflict, and takes over when the first goes", async () => {
    await cluster.apply(namespace("disputed", { disputed: "yes" }));
    await cluster.apply(wantingSettings("disputed-first", "disputed", { tier: "gold" }));
    const before = await waitForObject(cluster, settingsIn("disputed"));
    await inSync("disputed-first");
    await cluster.apply(wantingSettings("disputed-second", "disputed", { tier: "lead" }));
    await inConflictWith("disputed-first", "disputed-second");
    await inSync("disputed-first");
    expect(versionOf(await waitForObject(cluster, settingsIn("disputed")))).toBe(versionOf(before));

    const writes = await writesIn("disputed", async () => {
      await cluster.kubectl("delete", "clusterpolicy", "disputed-first");
      const after = await waitForObject(cluster, settingsIn("disputed"), hasData({ tier: "lead" }));
      expect(after.metadata.uid).toBe(before.metadata.uid);
      await inSync("disputed-second");
    });
    expect(writes).toEqual(ONE_PATCH("disputed"));
  });

  it("turns from shared into disputed and back when one of them is edited", async () => {
    await cluster.apply(namespace("turning", { turning: "yes" }));
    await cluster.apply(wantingSettings("turning-z", "turning", { tier: "gold" }));
    await inSync("turning-z");
    await cluster.apply(wantingSettings("turning-a", "turning", { tier: "gold" }));
    await inSync("turning-a");
    await cluster.apply(wantingSettings("turning-z", "turning", { tier: "platinum" }));
    await waitForObject(cluster, settingsIn("turning"), hasData({ tier: "platinum" }));
    await inConflictWith("turning-z", "turning-a");
    await cluster.apply(wantingSettings("turning-a", "turning", { tier: "platinum" }));
    await inSync("turning-a");
  });

  it("stays with its holder, also when somebody deletes it", async () => {
    await cluster.apply(namespace("kept", { kept: "yes" }));
    await applyByAge("kept", ["kept-z", { by: "z" }], ["kept-a", { by: "a" }]);
    await inConflictWith("kept-z", "kept-a");
    for (let times = 0; times < 5; times++) {
      const { metadata } = await waitForObject(cluster, settingsIn("kept"));
      await cluster.kubectl("delete", "configmap", "settings", "-n", "kept");
      await waitForObject(cluster, settingsIn("kept"), (live) => live.metadata.uid !== metadata.uid);
    }
    await waitForObject(cluster, settingsIn("kept"), isHeldBy("kept-z"));
    await inConflictWith("kept-z", "kept-a");
  });
});

describe("one target that three policies want", () => {
  it("goes to the older one when its holder goes, each time in one write and with the same uid, and goes with the last", async () => {
    const age = { holder: "inherited-m", older: "inherited-z", younger: "inherited-a" };
    await cluster.apply(namespace("inherited", { inherited: "yes" }));
    await applyByAge("inherited", [age.holder, { by: "m" }], [age.older, { by: "z" }], [age.younger, { by: "a" }]);
    const { metadata } = await waitForObject(cluster, settingsIn("inherited"), hasData({ by: "m" }));
    await inConflictWith(age.holder, age.older, age.younger);

    const first = await writesIn("inherited", async () => {
      await cluster.kubectl("delete", "clusterpolicy", age.holder);
      const { metadata: after } = await waitForObject(cluster, settingsIn("inherited"), hasData({ by: "z" }));
      expect(after.uid).toBe(metadata.uid);
      await inSync(age.older);
      await inConflictWith(age.older, age.younger);
    });
    expect(first).toEqual(ONE_PATCH("inherited"));

    const second = await writesIn("inherited", async () => {
      await cluster.kubectl("delete", "clusterpolicy", age.older);
      const { metadata: after } = await waitForObject(cluster, settingsIn("inherited"), hasData({ by: "a" }));
      expect(after.uid).toBe(metadata.uid);
      await inSync(age.younger);
    });
    expect(second).toEqual(ONE_PATCH("inherited"));
    await cluster.kubectl("delete", "clusterpolicy", age.younger);
    await waitUntilGone(cluster, settingsIn("inherited"));
  });
});

describe("a target that is not there and that two policies want", () => {
  const names = Array.from({ length: 20 }, (_, i) => `fresh-${i}`);

  async function expectOldersEverywhere(): Promise<void> {
    const held = await Promise.all(names.map((name) => waitForObject(cluster, settingsIn(name))));
    expect(held.map(({ data }) => data)).toEqual(names.map(() => ({ by: "older" })));
    await inSync("z-older");
    await waitUntil("the younger one is in conflict everywhere", async () => {
      const { rules = [] } = await policyStatus(cluster, "a-younger");
      return rules[0]?.failed === names.length;
    });
  }

  it("is made by the older one, whoever is asked first", async () => {
    await applyByAge("fresh", ["z-older", { by: "older" }], ["a-younger", { by: "younger" }]);
    for (const name of ["z-older", "a-younger"])
      await waitForCondition(cluster, name, { type: "Ready", status: "True" });
    const writes = await writesIn("fresh-0", async () => {
      await Promise.all(names.map((name) => cluster.apply(namespace(name, { fresh: "yes" }))));
      await expectOldersEverywhere();
    });
    expect(writes).toEqual(["patch configmaps fresh-0/settings 201"]); // the other one need not try to know
  });

  it("is made by the older one at a start, too", async () => {
    await operator.stop();
    for (const name of names) await cluster.kubectl("delete", "configmap", "settings", "-n", name);
    await start();
    await expectOldersEverywhere();
  });
});

describe("a target whose holder cannot say just now what it wants", () => {
  it("stays with it, also when the operator is restarted meanwhile", async () => {
    await cluster.apply(namespace("mistaken", { mistaken: "yes" }));
    await applyByAge("mistaken", ["mistaken-holder", { by: "holder" }], ["mistaken-other", { by: "other" }]);
    await inConflictWith("mistaken-holder", "mistaken-other");
    await cluster.apply(wantingSettings("mistaken-holder", "mistaken", { by: "{{ request.object. }}" }));
    await waitForCondition(cluster, "mistaken-holder", { type: "Ready", status: "False", reason: "InvalidPolicy" });
    const before = await waitForObject(cluster, settingsIn("mistaken"), hasData({ by: "holder" }));
    await operator.stop();
    await start();
    await laterEventProcessed(cluster, operator);
    await inConflictWith("mistaken-holder", "mistaken-other");
    expect(versionOf(await waitForObject(cluster, settingsIn("mistaken")))).toBe(versionOf(before));

    await cluster.kubectl("delete", "clusterpolicy", "mistaken-holder");
    const after = await waitForObject(cluster, settingsIn("mistaken"), hasData({ by: "other" }));
    expect(after.metadata.uid).toBe(before.metadata.uid);
    await inSync("mistaken-other");
  });
});
