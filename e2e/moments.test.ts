/** What is about moments: triggers that are new, targets that are made once, and what a start knows of the time before it. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  hasData,
  laterEventProcessed,
  namespace,
  namespacesLabelled,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  type Place,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

const LEASE: Place = ["lease", OPERATOR_NAMESPACE, "perennial"];
const SEEN_UNTIL = "perennial.dev/seen-until";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function map(where: string, name: string): Place {
  return ["configmap", where, name];
}

async function isThere(where: string, name: string): Promise<boolean> {
  return (await cluster.get(...map(where, name))) !== undefined;
}

async function seenVersion(): Promise<number> {
  const text = (await cluster.get(...LEASE))?.metadata.annotations?.[SEEN_UNTIL] ?? "{}";
  return Number(JSON.parse(text).kinds?.["/Namespace"]?.version ?? 0);
}

/** The Lease says that everything up to here was processed. */
async function waitUntilSeen({ metadata }: KubernetesObject): Promise<void> {
  await waitUntil(
    "the Lease says that it was seen",
    async () => (await seenVersion()) >= Number(metadata.resourceVersion),
  );
}

async function create(name: string, label: string): Promise<KubernetesObject> {
  await cluster.apply(namespace(name, { [label]: "yes" }));
  return waitForObject(cluster, ["namespace", "", name]);
}

/** Creation times have no fractions of a second. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  await waitUntil("another second", async () => Math.floor(Date.now() / 1000) > second + 1);
}

describe("generateExisting: false", () => {
  const rule = (name: string, more: object) => ({
    ...{ name, match: namespacesLabelled("fresh") },
    generate: configMap(name, { of: TRIGGER_NAME }, more),
  });

  beforeAll(async () => {
    await create("fresh-old", "fresh");
    await nextSecond();
    const policy = clusterPolicy(
      "fresh",
      rule("kept", {}),
      rule("once", { synchronize: false }),
      rule("all", { generateExisting: true }),
    ) as { spec: object };
    await cluster.apply({ ...policy, spec: { ...policy.spec, generateExisting: false } });
    await waitForCondition(cluster, "fresh", { type: "Ready", status: "True" });
  });

  it("leaves the triggers alone that were there before, but for rules that say otherwise themselves", async () => {
    await waitForObject(cluster, map("fresh-old", "all"));
    await laterEventProcessed(cluster, operator);
    expect([await isThere("fresh-old", "kept"), await isThere("fresh-old", "once")]).toEqual([false, false]);
    await waitForCondition(cluster, "fresh", { type: "InSync", status: "True" });
  });

  it("is about new triggers", async () => {
    await create("fresh-new", "fresh");
    await waitForObject(cluster, map("fresh-new", "kept"), hasData({ of: "fresh-new" }));
    await waitForObject(cluster, map("fresh-new", "once"), hasData({ of: "fresh-new" }));
  });

  it("keeps what was made for a new one, also when that happens while no operator runs", async () => {
    await cluster.kubectl("delete", "configmap", "kept", "-n", "fresh-new");
    await waitForObject(cluster, map("fresh-new", "kept"));
    await operator.stop();
    await cluster.kubectl("delete", "configmap", "kept", "-n", "fresh-new");
    await create("fresh-down", "fresh");
    operator = await startOperator(cluster);
    await waitForObject(cluster, map("fresh-new", "kept"));
    await waitForObject(cluster, map("fresh-down", "kept"));
    await waitForObject(cluster, map("fresh-down", "once"));
    expect(await isThere("fresh-old", "kept")).toBe(false);
  });

  it("counts an old trigger once it changes, and for good", async () => {
    await cluster.kubectl("annotate", "namespace", "fresh-old", "touched=yes");
    await waitForObject(cluster, map("fresh-old", "once"));
    await waitForObject(cluster, map("fresh-old", "kept"));
    await operator.kill();
    operator = await startOperator(cluster);
    await cluster.kubectl(
      "patch",
      "configmap",
      "kept",
      "-n",
      "fresh-old",
      "--type=merge",
      "-p",
      '{"data":{"of":"me"}}',
    );
    await waitForObject(cluster, map("fresh-old", "kept"), hasData({ of: "fresh-old" }));
  });
});

describe("synchronize: false", () => {
  beforeAll(async () => {
    const generate = configMap("welcome", { hello: TRIGGER_NAME }, { synchronize: false });
    await cluster.apply(clusterPolicy("welcome", { name: "welcome", match: namespacesLabelled("welcome"), generate }));
    await waitForCondition(cluster, "welcome", { type: "Ready", status: "True" });
  });

  async function welcomed(name: string): Promise<KubernetesObject> {
    const trigger = await create(name, "welcome");
    await waitForObject(cluster, map(name, "welcome"));
    return trigger;
  }

  async function unwelcome(name: string): Promise<void> {
    await cluster.kubectl("delete", "configmap", "welcome", "-n", name);
    await waitUntilGone(cluster, map(name, "welcome"));
  }

  it("leaves what was deleted when the operator is killed and started, and makes what is for new triggers", async () => {
    await waitUntilSeen(await welcomed("killed"));
    await unwelcome("killed");
    await operator.kill();
    await create("while-killed", "welcome");
    operator = await startOperator(cluster);
    await waitForObject(cluster, map("while-killed", "welcome"));
    await laterEventProcessed(cluster, operator);
    expect(await isThere("killed", "welcome")).toBe(false);
  });

  it("makes the object again for a trigger that is seen to change, and not for one that only the start shows", async () => {
    await welcomed("changed");
    await unwelcome("changed");
    await cluster.kubectl("annotate", "namespace", "changed", "touched=yes");
    await waitForObject(cluster, map("changed", "welcome"));
  });

  it("makes the object again for a change that is seen while the old one is still being deleted", async () => {
    const patch = (finalizers: string) =>
      cluster.kubectl(
        ...["patch", "configmap", "welcome", "-n", "slow", "--type=merge"],
        ...["-p", `{"metadata":{"finalizers":${finalizers}}}`],
      );
    await welcomed("slow");
    await patch('["example.com/wait"]');
    const old = await waitForObject(cluster, map("slow", "welcome"));
    await cluster.kubectl("delete", "configmap", "welcome", "-n", "slow", "--wait=false");
    await cluster.kubectl("annotate", "namespace", "slow", "touched=yes");
    await laterEventProcessed(cluster, operator);
    await patch("null");
    await waitForObject(cluster, map("slow", "welcome"), ({ metadata }) => metadata.uid !== old.metadata.uid);
  });

  it("is made for every trigger of a burst in which the operator is killed", async () => {
    const names = Array.from({ length: 100 }, (_, i) => `burst-${i}`);
    const bursting = Promise.all(
      names.map((name) => cluster.plane.request("POST", "/api/v1/namespaces", namespace(name, { welcome: "yes" }))),
    );
    await waitForObject(cluster, map("burst-20", "welcome"));
    await operator.kill();
    await bursting;
    operator = await startOperator(cluster);
    await waitUntil("all have theirs", async () => (await welcomesIn("burst-")).length === names.length);
  });

  it("is made for every trigger of a new rule, also when the operator is killed before it is done", async () => {
    const generate = configMap("hello", { hello: TRIGGER_NAME }, { synchronize: false });
    await cluster.apply(clusterPolicy("hello", { name: "hello", match: namespacesLabelled("welcome"), generate }));
    await waitUntil(
      "some are made",
      async () => (await cluster.list("configmaps", "", "perennial.dev/policy=hello")).length > 0,
    );
    await operator.kill();
    operator = await startOperator(cluster);
    const triggers = await cluster.list("namespaces", "", "welcome");
    await waitUntil("all are made", async () => {
      const made = await cluster.list("configmaps", "", "perennial.dev/policy=hello");
      return made.length === triggers.length;
    });
  });

  it("leaves what was deleted when the Lease is lost, and goes on with what is new", async () => {
    await waitUntilSeen(await welcomed("leased"));
    await unwelcome("leased");
    await cluster.kubectl("delete", "lease", "perennial", "-n", OPERATOR_NAMESPACE);
    await waitForObject(cluster, LEASE, ({ metadata }) => metadata.annotations?.[SEEN_UNTIL] !== undefined);
    await operator.ready();
    await welcomed("leased-later");
    await operator.kill();
    await cluster.kubectl("delete", "lease", "perennial", "-n", OPERATOR_NAMESPACE);
    await create("nobody-saw", "welcome");
    operator = await startOperator(cluster);
    await welcomed("leased-last");
    await laterEventProcessed(cluster, operator);
    expect([await isThere("leased", "welcome"), await isThere("nobody-saw", "welcome")]).toEqual([false, false]);
  });

  async function welcomesIn(prefix: string): Promise<KubernetesObject[]> {
    const made = await cluster.list("configmaps", "", "perennial.dev/policy=welcome");
    return made.filter(({ metadata }) => metadata.namespace?.startsWith(prefix));
  }
});
