/** Large prunes wait for a person: spec.pruneLimit, reason PruneHeld, and the annotation that approves. */

import { afterAll, beforeAll, expect, it } from "vitest";
import type { PolicyStatus } from "../src/policy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  laterEventProcessed,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  type Place,
  startCluster,
  startOperator,
  storedConfigMap,
  type TestRule,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
  await cluster.apply(namespace("vault"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const ENDS = ["a", "b", "c"];

/** With three namespaces of its own. */
async function createNamespaces(label: string): Promise<void> {
  await cluster.apply(...ENDS.map((end) => namespace(`${label}-${end}`, { [label]: "yes" })));
}

function limited(name: string, pruneLimit: number | undefined, ...rules: TestRule[]): object {
  const policy = clusterPolicy(name, ...rules);
  return pruneLimit === undefined ? policy : { ...policy, spec: { pruneLimit, rules } };
}

/** A ConfigMap in `vault` for each namespace with the label, so that deleting the namespace does not delete it. */
function making(label: string, suffix: string, more: Partial<TestRule> = {}): TestRule {
  const generate = configMap(`${TRIGGER_NAME}-${suffix}`, { of: TRIGGER_NAME }, { namespace: "vault" });
  return { name: "made", match: namespacesLabelled(label), generate, ...more };
}

function made(label: string, suffix: string): Place[] {
  return ENDS.map((end) => ["configmap", "vault", `${label}-${end}-${suffix}`]);
}

function allThere(places: readonly Place[]): Promise<string[]> {
  return Promise.all(places.map(async (place) => versionOf(await waitForObject(cluster, place))));
}

async function allGone(places: readonly Place[]): Promise<void> {
  for (const place of places) await waitUntilGone(cluster, place);
}

function waitUntilHeld(name: string): Promise<PolicyStatus> {
  return waitForCondition(cluster, name, { type: "InSync", status: "False", reason: "PruneHeld" });
}

async function approve(name: string, generation: number): Promise<void> {
  await cluster.kubectl("annotate", "pcpol", name, `perennial.dev/approve-prune=${generation}`, "--overwrite");
}

it("more than the limit: the new objects are made, and the old ones stay, also across a restart, until somebody approves", async () => {
  await createNamespaces("large");
  await cluster.apply(limited("large", 2, making("large", "old")));
  const before = await allThere(made("large", "old"));
  await cluster.apply(limited("large", 2, making("large", "new")));
  const status = await waitUntilHeld("large");
  await allThere(made("large", "new"));
  expect(condition(status, "Ready")).toMatchObject({ status: "True" });
  expect(status.failures).toMatchObject([{ rule: "made", reason: "PruneHeld" }]);
  expect(status.failures?.[0]?.message).toMatch(
    /^3 objects are no longer wanted, more than spec.pruneLimit allows \(2\), so none is deleted: .*ConfigMap vault\/large-a-old.*perennial.dev\/approve-prune.*"2"/,
  );

  await operator.stop();
  operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
  await waitUntilHeld("large");
  await approve("large", 1); // of an earlier generation
  await laterEventProcessed(cluster, operator);
  expect(await allThere(made("large", "old"))).toEqual(before);

  await approve("large", 2);
  await allGone(made("large", "old"));
  await waitForCondition(cluster, "large", { type: "InSync", status: "True" });
  await allThere(made("large", "new"));
});

it("as many as the limit go at once", async () => {
  await createNamespaces("small");
  await cluster.apply(limited("small", 3, making("small", "old")));
  await allThere(made("small", "old"));
  await cluster.apply(limited("small", 3, making("small", "new")));
  await allGone(made("small", "old"));
  await waitForCondition(cluster, "small", { type: "InSync", status: "True" });
});

const EDITS: { what: string; name: string; edit: () => Promise<unknown> }[] = [
  {
    what: "a rule is removed",
    name: "removed",
    edit: () => cluster.apply(limited("removed", 2, making("nobody", "x", { name: "other" }))),
  },
  {
    what: "match selects them no more",
    name: "unmatched",
    edit: () => cluster.apply(limited("unmatched", 2, making("nobody", "made"))),
  },
  {
    what: "a precondition turns false",
    name: "unmet",
    edit: () =>
      cluster.apply(
        limited(
          "unmet",
          2,
          making("unmet", "made", { preconditions: { all: [{ key: "a", operator: "Equals", value: "b" }] } }),
        ),
      ),
  },
];

it.each(EDITS)("$what: held, and deleting the policy is approval", async ({ name, edit }) => {
  await createNamespaces(name);
  await cluster.apply(limited(name, 2, making(name, "made")));
  const before = await allThere(made(name, "made"));
  await edit();
  await waitUntilHeld(name);
  expect(await allThere(made(name, "made"))).toEqual(before);
  await cluster.kubectl("delete", "pcpol", name);
  await allGone(made(name, "made"));
});

it("what a context value no longer wants is counted for all triggers, and stays in sync when the value is back", async () => {
  const value = (suffix: string) => storedConfigMap("vault", "suffix", { suffix });
  await createNamespaces("context");
  await cluster.apply(value("one"));
  const context = [{ name: "read", configMap: { name: "suffix", namespace: "vault" } }];
  await cluster.apply(limited("context", 2, making("context", "{{ read.data.suffix }}", { context })));
  const before = await allThere(made("context", "one"));
  await cluster.apply(value("two"));
  await waitUntilHeld("context");
  await allThere(made("context", "two"));
  await cluster.apply(value("one"));
  await waitUntil("the others are held", async () => {
    const { failures } = await waitUntilHeld("context");
    return failures?.[0]?.message.includes("context-a-two") === true;
  });
  expect(await allThere(made("context", "one"))).toEqual(before);
  await cluster.apply(limited("context", 3, making("context", "{{ read.data.suffix }}", { context })));
  await allGone(made("context", "two"));
});

it("the objects of triggers that are gone are not counted", async () => {
  await createNamespaces("triggers");
  await cluster.apply(limited("triggers", 0, making("triggers", "made")));
  await allThere(made("triggers", "made"));
  await cluster.kubectl("delete", "namespace", ...ENDS.map((end) => `triggers-${end}`), "--wait=false");
  await allGone(made("triggers", "made"));
});

it("one object is held when the limit is 0, and goes when its policy has no limit any more", async () => {
  await cluster.apply(namespace("zero", { zero: "yes" }), limited("zero", 0, making("zero", "made")));
  await waitForObject(cluster, ["configmap", "vault", "zero-made"]);
  await cluster.kubectl("label", "namespace", "zero", "zero-");
  await waitUntilHeld("zero");
  await cluster.apply(limited("zero", -1, making("zero", "made")));
  await waitUntilGone(cluster, ["configmap", "vault", "zero-made"]);
});

it("the limit is 100 when nothing is said", async () => {
  const listed = (from: number, to: number): object => {
    const names = Array.from({ length: to - from }, (_, i) => `many-${from + i}`).join(",");
    return {
      ...namespace("many", { many: "yes" }),
      metadata: { name: "many", labels: { many: "yes" }, annotations: { names } },
    };
  };
  const entry = {
    list: "request.object.metadata.annotations.names | split(@, ',')",
    ...{ apiVersion: "v1", kind: "ConfigMap", namespace: "vault", name: "{{ element }}", data: { data: {} } },
  };
  const rule = { name: "made", match: namespacesLabelled("many"), generate: { foreach: [entry] } };
  await cluster.apply(listed(0, 102), limited("many", undefined, rule));
  await waitForObject(cluster, ["configmap", "vault", "many-101"]);
  await cluster.apply(listed(101, 102));
  await waitUntilHeld("many");
  await waitForObject(cluster, ["configmap", "vault", "many-0"]);
  await cluster.apply(listed(100, 102));
  await waitUntilGone(cluster, ["configmap", "vault", "many-0"]);
  await waitForCondition(cluster, "many", { type: "InSync", status: "True" });
  await waitForObject(cluster, ["configmap", "vault", "many-100"]);
});
