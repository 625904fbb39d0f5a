/** --kyverno: policies of kyverno.io are served where they are, and what Kyverno made is gone on with. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateFiles } from "../src/cli/migrate.ts";
import type { KubernetesObject } from "../src/object/index.ts";
import type { PolicyStatus } from "../src/policy/index.ts";
import {
  type Cluster,
  createAsKyverno,
  edit,
  hasData,
  installKyverno,
  keepKyvernoAlive,
  kyvernoLabels,
  kyvernoPolicy,
  laterEventProcessed,
  namespace,
  type OperatorProcess,
  type Place,
  removeDefinition,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const FLAGS = ["--kyverno", "--prune-delay=1s"];

beforeAll(async () => {
  cluster = await startCluster();
  await installKyverno(cluster);
  await cluster.apply(namespace("vault"), storedConfigMap("vault", "origin", { from: "origin" }));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const POLICIES = "clusterpolicies.kyverno.io";

function labelled(label: string): object {
  return { any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { [label]: "yes" } } } }] };
}

function made(name: string, label: string, more: object = {}): object {
  const target = { apiVersion: "v1", kind: "ConfigMap", name, namespace: TRIGGER_NAME, synchronize: true };
  return { name, match: labelled(label), generate: { ...target, data: { data: { tier: "gold" } }, ...more } };
}

function copied(name: string, label: string, more: object = {}): object {
  const clone = { namespace: "vault", name: "origin" };
  return made(name, label, { data: undefined, clone, ...more });
}

function map(where: string, name: string): Place {
  return ["configmap", where, name];
}

async function statusOf(name: string): Promise<PolicyStatus & { rulecount?: object }> {
  return ((await cluster.get(POLICIES, "", name))?.status ?? {}) as PolicyStatus & { rulecount?: object };
}

/** Waits until the only condition is as said. */
async function waitUntilReady(name: string, status = "True"): Promise<PolicyStatus & { rulecount?: object }> {
  let last: PolicyStatus = {};
  await waitUntil(`${name} is Ready=${status}`, async () => {
    last = await statusOf(name);
    if (last.conditions?.[0]?.status === status) return true;
    throw new Error(JSON.stringify(last));
  });
  return last;
}

function hasAll(labels: { [key: string]: string }, wanted: object): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function uid({ metadata }: KubernetesObject): string | undefined {
  return metadata.uid;
}

/** A namespace with what Kyverno generated in it by a rule of that name. */
async function leaveTarget(where: string, policy: string, rule: string, data: object): Promise<KubernetesObject> {
  const trigger = await waitForObject(cluster, ["namespace", "", where]);
  const metadata = { name: rule, labels: kyvernoLabels(policy, rule, trigger) };
  await createAsKyverno(cluster, `/api/v1/namespaces/${where}/configmaps`, { metadata, data });
  return waitForObject(cluster, map(where, rule));
}

describe("what Kyverno left", () => {
  let exact: KubernetesObject;
  let drifted: KubernetesObject;
  let foreign: KubernetesObject;

  beforeAll(async () => {
    await cluster.apply(
      kyvernoPolicy("left", [
        made("settings", "left"),
        { name: "check", match: labelled("left"), validate: { message: "no", pattern: { metadata: { name: "?*" } } } },
      ]),
      ...["left-a", "left-b", "left-c", "left-d"].map((name) => namespace(name, { left: "yes" })),
    );
    exact = await leaveTarget("left-a", "left", "settings", { tier: "gold" });
    drifted = await leaveTarget("left-b", "left", "settings", { tier: "lead", extra: "1" });
    foreign = await leaveTarget("left-c", "another", "settings", { tier: "theirs" });
    operator = await startOperator(cluster, { flags: FLAGS });
    await waitForObject(cluster, map("left-d", "settings"), hasData({ tier: "gold" }));
    await waitUntilReady("left");
  });

  it("is gone on with: the same objects, corrected, with the labels of both", async () => {
    const corrected = await waitForObject(cluster, map("left-b", "settings"), hasData({ tier: "gold" }));
    const kept = await waitForObject(cluster, map("left-a", "settings"), hasData({ tier: "gold" }));
    expect([uid(kept), uid(corrected)]).toEqual([uid(exact), uid(drifted)]);
    for (const [before, after] of [
      [exact, kept],
      [drifted, corrected],
    ] as const) {
      expect(after.metadata.labels).toMatchObject(before.metadata.labels ?? {});
      expect(after.metadata.labels).toHaveProperty(["perennial.dev/claim"]);
      expect(after.metadata.labels).not.toHaveProperty(["perennial.dev/policy"]);
      expect(after.metadata.annotations).not.toHaveProperty(["perennial.dev/adopted"]);
    }
  });

  it("is left alone where another policy made it", async () => {
    expect(versionOf(await waitForObject(cluster, map("left-c", "settings")))).toBe(versionOf(foreign));
  });

  it("is made elsewhere as Kyverno would", async () => {
    const [trigger, target] = await Promise.all([
      waitForObject(cluster, ["namespace", "", "left-d"]),
      waitForObject(cluster, map("left-d", "settings")),
    ]);
    expect(target.metadata.labels).toMatchObject(kyvernoLabels("left", "settings", trigger));
  });

  it("is kept: put back when it is edited, made again when it is deleted, gone with its trigger", async () => {
    await edit(cluster, map("left-a", "settings"), { tier: "edited", more: "1" });
    await waitForObject(cluster, map("left-a", "settings"), hasData({ tier: "gold" }));
    await cluster.kubectl("delete", "configmap", "settings", "-n", "left-b");
    await waitForObject(cluster, map("left-b", "settings"), hasData({ tier: "gold" }));
    await cluster.kubectl("label", "namespace", "left-b", "left-");
    await waitUntilGone(cluster, map("left-b", "settings"));
  });

  it("has a status with one condition, the rules by kind, and what is not served", async () => {
    const status = await waitUntilReady("left");
    expect(new Set(Object.keys(status))).toEqual(new Set(["conditions", "rulecount"]));
    expect(status.conditions).toMatchObject([{ type: "Ready", status: "True", reason: "Succeeded" }]);
    expect(status.conditions?.[0]?.message).toMatch(/has no validate rules/);
    expect(status.rulecount).toEqual({ validate: 1, generate: 1, mutate: 0, verifyimages: 0 });
  });

  it("has mutate rules with targets carried out: once for each change, or kept, as they say", async () => {
    const targets = [{ apiVersion: "v1", kind: "ConfigMap", name: "origin", namespace: "vault" }];
    const set = (key: string, more: object = {}) => ({
      ...{ name: key, match: labelled("moves") },
      mutate: {
        targets,
        patchStrategicMerge: { metadata: { labels: { [key]: "{{ request.object.metadata.name }}" } } },
        ...more,
      },
    });
    const rules = [set("once"), set("kept", { mutateExistingOnPolicyUpdate: true })];
    await cluster.apply(namespace("moves-a", { moves: "yes" }), kyvernoPolicy("moves", rules));
    const labels = async (wanted: object): Promise<void> => {
      await waitForObject(cluster, map("vault", "origin"), ({ metadata }) => hasAll(metadata.labels ?? {}, wanted));
    };
    await labels({ kept: "moves-a" });
    expect((await waitForObject(cluster, map("vault", "origin"))).metadata.labels).not.toHaveProperty("once");
    await cluster.kubectl("annotate", "namespace", "moves-a", "change=1");
    await labels({ once: "moves-a", kept: "moves-a" });
    await cluster.kubectl("label", "configmap", "origin", "-n", "vault", "--overwrite", "once=mine", "kept=mine");
    await labels({ once: "mine", kept: "moves-a" });
    await cluster.kubectl("delete", POLICIES, "moves");
  });

  it("is untouched by a restart, and at rest no status is written", async () => {
    const places = [map("left-a", "settings"), map("left-d", "settings")];
    const before = await Promise.all(places.map((place) => waitForObject(cluster, place)));
    await operator.stop();
    operator = await startOperator(cluster, { flags: FLAGS });
    await laterEventProcessed(cluster, operator);
    await waitUntilReady("left");
    const policy = await waitForObject(cluster, [POLICIES, "", "left"]);
    await laterEventProcessed(cluster, operator);
    const after = await Promise.all(places.map((place) => waitForObject(cluster, place)));
    expect(after.map(versionOf)).toEqual(before.map(versionOf));
    expect(versionOf(await waitForObject(cluster, [POLICIES, "", "left"]))).toBe(versionOf(policy));
  });
});

describe("a policy of kyverno.io", () => {
  it("copies with the labels of the source, and leaves the copies behind when it is deleted, not what it made of data", async () => {
    await cluster.apply(
      namespace("gone-a", { gone: "yes" }),
      kyvernoPolicy("gone", [made("settings", "gone"), copied("copy", "gone")]),
    );
    const origin = await waitForObject(cluster, map("vault", "origin"));
    const copy = await waitForObject(cluster, map("gone-a", "copy"), hasData({ from: "origin" }));
    expect(copy.metadata.labels).toMatchObject({ "generate.kyverno.io/source-uid": origin.metadata.uid });
    await waitForObject(cluster, map("gone-a", "settings"));
    await cluster.kubectl("delete", POLICIES, "gone");
    await waitUntilGone(cluster, map("gone-a", "settings"));
    const kept = await waitForObject(cluster, map("gone-a", "copy"), ({ metadata }) => {
      return metadata.labels?.["perennial.dev/claim"] === undefined;
    });
    expect(uid(kept)).toBe(uid(copy));
    expect(kept.metadata.labels).toMatchObject({ "app.kubernetes.io/managed-by": "kyverno" });
  });

  it("has that group's defaults: what is not synchronized is made once and left", async () => {
    const rule = made("once", "once", { synchronize: undefined });
    await cluster.apply(namespace("once-a", { once: "yes" }), kyvernoPolicy("once", [rule]));
    await waitForObject(cluster, map("once-a", "once"));
    await edit(cluster, map("once-a", "once"), { tier: "edited" });
    await laterEventProcessed(cluster, operator);
    await waitForObject(cluster, map("once-a", "once"), hasData({ tier: "edited" }));
  });

  it("has that group's defaults: it is about triggers that come after it, or change, and not about those that were there", async () => {
    await cluster.apply(namespace("moment-old", { moment: "yes" }));
    const created = Date.now();
    await waitUntil(
      "a second has passed, as times of creation are that coarse",
      async () => Date.now() - created > 2_000,
    );
    const policy = kyvernoPolicy("moment", [made("settings", "moment")], { spec: { generateExisting: undefined } });
    await cluster.apply(policy, namespace("moment-new", { moment: "yes" }));
    await waitForObject(cluster, map("moment-new", "settings"));
    await laterEventProcessed(cluster, operator);
    expect(await cluster.get(...map("moment-old", "settings"))).toBeUndefined();
    await cluster.kubectl("label", "namespace", "moment-old", "changed=yes");
    await waitForObject(cluster, map("moment-old", "settings"));
  });

  it("may share its name with one of perennial.dev, and lie in a namespace", async () => {
    const policy = kyvernoPolicy("same", [made("confined", "confined", { namespace: "confined" })]);
    const namespaced = {
      ...policy,
      kind: "Policy",
      metadata: { name: "same", namespace: "confined" },
      spec: {
        generateExisting: true,
        rules: [
          {
            ...made("confined", "x", { namespace: "confined" }),
            match: { any: [{ resources: { kinds: ["ConfigMap"], names: ["starter"] } }] },
          },
        ],
      },
    };
    await cluster.apply(namespace("confined"), storedConfigMap("confined", "starter"), namespaced);
    await waitForObject(cluster, map("confined", "confined"), hasData({ tier: "gold" }));
  });

  it("that is wrong, or has no rule that is served, says so", async () => {
    await cluster.apply(
      kyvernoPolicy("wrong", [made("x", "wrong", { data: { data: { a: "{{ nope }}" } } })]),
      kyvernoPolicy("checks", [{ name: "check", match: labelled("wrong"), validate: { message: "no", deny: {} } }]),
    );
    const wrong = await waitUntilReady("wrong", "False");
    expect(wrong.conditions).toMatchObject([{ reason: "InvalidPolicy", message: expect.stringContaining("nope") }]);
    const checks = await waitUntilReady("checks", "False");
    expect(checks.conditions).toMatchObject([{ message: expect.stringContaining("validate") }]);
  });

  it("that changes objects while they are written says that the API server does not ask; its other rules are served", async () => {
    const mutate = { patchStrategicMerge: { metadata: { labels: { a: "b" } } } };
    const rules = [made("settings", "asks"), { name: "label", match: labelled("asks"), mutate }];
    await cluster.apply(namespace("asks-a", { asks: "yes" }), kyvernoPolicy("asks", rules));
    await waitForObject(cluster, map("asks-a", "settings"));
    const status = await waitUntilReady("asks", "False");
    expect(status.conditions).toMatchObject([
      { reason: "AdmissionOff", message: expect.stringMatching(/^label: .*--webhook-address/) },
    ]);
  });

  it("with a mode that is not served here writes nothing", async () => {
    const metadata = { annotations: { "perennial.dev/mode": "Nonsense" } };
    await cluster.apply(namespace("mode-a", { mode: "yes" }), kyvernoPolicy("mode", [made("m", "mode")], { metadata }));
    const status = await waitUntilReady("mode", "False");
    expect(status.conditions?.[0]?.message).toContain("spec.mode");
    expect(await cluster.get(...map("mode-a", "m"))).toBeUndefined();
    await cluster.kubectl("annotate", POLICIES, "mode", "perennial.dev/mode=Correct", "--overwrite");
    await waitForObject(cluster, map("mode-a", "m"));
  });

  it("moves over to perennial.dev/v1 with nothing deleted and nothing made again", async () => {
    const policy = kyvernoPolicy("moving", [made("settings", "moving"), copied("copy", "moving")]);
    await cluster.apply(namespace("moving-a", { moving: "yes" }), policy);
    const places = [map("moving-a", "settings"), map("moving-a", "copy")];
    const before = await Promise.all(places.map((place) => waitForObject(cluster, place)));
    await waitUntilReady("moving");
    const { policies } = migrateFiles([{ path: "moving.json", text: JSON.stringify(policy) }]);
    await cluster.apply(...policies);
    await waitUntil("the new one is served", async () => {
      const { status } = await waitForObject(cluster, ["clusterpolicies.perennial.dev", "", "moving"]);
      return JSON.stringify(status ?? {}).includes('"reason":"AllInSync"');
    });
    await cluster.kubectl("delete", POLICIES, "moving");
    const isOurs = ({ metadata }: KubernetesObject): boolean =>
      metadata.annotations?.["perennial.dev/policy-ref"] === "perennial.dev/ClusterPolicy moving";
    const after = await Promise.all(places.map((place) => waitForObject(cluster, place, isOurs)));
    expect(after.map(uid)).toEqual(before.map(uid));
    await edit(cluster, map("moving-a", "settings"), { tier: "edited" });
    await waitForObject(cluster, map("moving-a", "settings"), hasData({ tier: "gold" }));
  });
});

describe("while a controller of Kyverno is alive", () => {
  const place = map("alive-a", "settings");

  it("nothing is written for its policies, and log, metric and Event say so", async () => {
    await cluster.apply(namespace("alive-a", { alive: "yes" }), kyvernoPolicy("alive", [made("settings", "alive")]));
    await waitForObject(cluster, place);
    await waitUntilReady("alive");
    const stopKyverno = await keepKyvernoAlive(cluster);
    const suspended = (): Promise<boolean> =>
      operator.metrics().then((text) => /perennial_kyverno_alive 1\n/.test(text));
    await waitUntil("it is noticed", suspended);
    await edit(cluster, place, { tier: "edited" });
    await cluster.apply(namespace("alive-b", { alive: "yes" }));
    const policy = await waitForObject(cluster, [POLICIES, "", "alive"]);
    await laterEventProcessed(cluster, operator);
    await waitForObject(cluster, place, hasData({ tier: "edited" }));
    expect(await cluster.get(...map("alive-b", "settings"))).toBeUndefined();
    expect(versionOf(await waitForObject(cluster, [POLICIES, "", "alive"]))).toBe(versionOf(policy));
    expect(operator.log().map(({ msg }) => msg)).toContainEqual(expect.stringContaining("Kyverno is alive"));
    await waitUntil("an Event says so", async () => {
      const events = await cluster.list("events", "perennial-system");
      return events.some((event) => JSON.stringify(event).includes("KyvernoAlive"));
    });
    await stopKyverno();
  });

  it("they are served again once its Lease is not renewed any more", async () => {
    await waitForObject(cluster, place, hasData({ tier: "gold" }));
    await waitForObject(cluster, map("alive-b", "settings"), hasData({ tier: "gold" }));
  });

  it("a policy that is deleted leaves what it made", async () => {
    const stopKyverno = await keepKyvernoAlive(cluster);
    await waitUntil("it is noticed", async () => /perennial_kyverno_alive 1\n/.test(await operator.metrics()));
    const before = await waitForObject(cluster, place);
    await cluster.kubectl("delete", POLICIES, "alive");
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, place))).toBe(versionOf(before));
    await stopKyverno();
  });
});

describe("what was made for policies of kyverno.io", () => {
  const place = map("safe-a", "settings");

  it("stays when the operator is started without --kyverno, and when the definitions go", async () => {
    await waitUntil("Kyverno is gone", async () => /perennial_kyverno_alive 0\n/.test(await operator.metrics()));
    await cluster.apply(namespace("safe-a", { safe: "yes" }), kyvernoPolicy("safe", [made("settings", "safe")]));
    await waitForObject(cluster, place);
    await waitUntilReady("safe");
    await operator.stop();
    operator = await startOperator(cluster, { flags: ["--prune-delay=1s"] });
    await laterEventProcessed(cluster, operator);
    const before = await waitForObject(cluster, place);
    await operator.stop();
    operator = await startOperator(cluster, { flags: FLAGS });
    await laterEventProcessed(cluster, operator);
    await removeDefinition(cluster, POLICIES);
    await laterEventProcessed(cluster, operator);
    await operator.stop();
    operator = await startOperator(cluster, { flags: FLAGS });
    await laterEventProcessed(cluster, operator);
    expect(versionOf(await waitForObject(cluster, place))).toBe(versionOf(before));
  });
});
