/** --kyverno, rules that change objects while they are written: policies of kyverno.io act as long as no Kyverno is alive. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../src/object/index.ts";
import type { PolicyStatus } from "../src/policy/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  installDefinition,
  installKyverno,
  keepKyvernoAlive,
  kyvernoPolicy,
  namespace,
  type OperatorProcess,
  PARTS_BY_NAME,
  startCluster,
  startOperator,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let flags: string[];

beforeAll(async () => {
  cluster = await startCluster();
  await installKyverno(cluster);
  flags = ["--kyverno", ...(await webhookFlags())];
  operator = await startOperator(cluster, { flags });
  await cluster.apply(namespace("shop", { team: "red" }));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const POLICIES = "clusterpolicies.kyverno.io";

function named(prefix: string, more: object = {}): object {
  return { any: [{ resources: { kinds: ["ConfigMap"], names: [`${prefix}*`], ...more } }] };
}

function labelling(labels: JsonObject, match: object, name = "add"): object {
  return { name, match, mutate: { patchStrategicMerge: { metadata: { labels } } } };
}

/** Adds one more each time that it acts. */
function counting(prefix: string): object {
  const seen = "{{ request.object.data.acted || '' }}x";
  return { name: "count", match: named(prefix), mutate: { patchStrategicMerge: { data: { acted: seen } } } };
}

async function serve(policy: object): Promise<void> {
  await cluster.apply(policy);
  const { apiVersion, metadata } = policy as KubernetesObject;
  await waitUntil(`${metadata.name} is Ready`, async () => {
    const stored = await cluster.get(`clusterpolicies.${apiVersion.split("/")[0]}`, "", metadata.name);
    const { conditions = [] } = (stored?.status ?? {}) as PolicyStatus;
    return conditions.some(({ type, status }) => type === "Ready" && status === "True");
  });
}

function ours(name: string, rule: object): object {
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name }, spec: { rules: [rule] } };
}

function map(name: string, more: object = {}): JsonObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop", ...more } };
}

type Answer = { status: number; object: KubernetesObject; message: string };

async function create(object: object, { query = "", path = "/api/v1/namespaces/shop/configmaps" } = {}) {
  const { status, body } = await cluster.plane.request("POST", `${path}${query}`, object);
  return { status, object: body, message: (body as { message?: string }).message ?? "" } as Answer; // an object, or a Status
}

async function dryLabels(name: string): Promise<object | undefined> {
  return (await create(map(name), { query: "?dryRun=All" })).object.metadata.labels;
}

async function entries(): Promise<{ name: string; [field: string]: unknown }[]> {
  const found = await cluster.get("mutatingwebhookconfiguration", "", CONFIGURATION);
  const webhooks = (found?.webhooks ?? []) as { name: string }[];
  return webhooks.filter(({ name }) => name.startsWith("mutate-"));
}

async function kyvernoIs(state: "alive" | "gone"): Promise<void> {
  const line = new RegExp(`perennial_kyverno_alive ${state === "alive" ? 1 : 0}\n`);
  await waitUntil(`Kyverno is ${state}`, async () => line.test(await operator.metrics()));
}

describe("a mutate rule of kyverno.io", () => {
  it("changes what is written, on CREATE and UPDATE, from the moment its policy is Ready", async () => {
    await serve(kyvernoPolicy("plain", [labelling({ tier: "gold" }, named("plain"))]));
    expect((await create(map("plain-1"))).object.metadata.labels).toEqual({ tier: "gold" });
    await cluster.kubectl("label", "configmap", "plain-1", "-n", "shop", "tier=lead", "--overwrite");
    expect((await cluster.get("configmap", "shop", "plain-1"))?.metadata.labels).toEqual({ tier: "gold" });
    const policy = await cluster.get(POLICIES, "", "plain");
    expect(new Set(Object.keys((policy?.status ?? {}) as object))).toEqual(new Set(["conditions", "rulecount"]));
    expect(policy?.status).toMatchObject({ rulecount: { mutate: 1, generate: 0 } });
  });

  it("is asked for as the policy says: failurePolicy, timeout, conditions", async () => {
    const webhookConfiguration = {
      timeoutSeconds: 3,
      matchConditions: [{ name: "not-ann", expression: "request.userInfo.username != 'ann'" }],
    };
    const spec = { failurePolicy: "Ignore", webhookConfiguration, background: false };
    await serve(kyvernoPolicy("settings", [labelling({ a: "b" }, named("settings"))], { spec }));
    expect(await entries()).toContainEqual(
      expect.objectContaining({
        failurePolicy: "Ignore",
        timeoutSeconds: 3,
        matchConditions: expect.arrayContaining(webhookConfiguration.matchConditions),
      }),
    );
    expect((await create(map("settings-1"))).object.metadata.labels).toEqual({ a: "b" });
    await cluster.kubectl("delete", POLICIES, "settings");
  });

  it("that fails denies with the path, or warns under Ignore; emitWarning tells what was changed", async () => {
    const failing = (prefix: string) => labelling({ a: "{{ request.object.data.missing }}" }, named(prefix), "copy");
    await serve(kyvernoPolicy("strict", [failing("strict")]));
    const refused = await create(map("strict-1"));
    expect(refused.status).toBe(422);
    expect(refused.message).toContain("policy strict, rule copy");
    expect(refused.message).toContain("spec.rules[0].mutate.patchStrategicMerge.metadata.labels.a");
    await serve(kyvernoPolicy("lenient", [failing("lenient")], { spec: { failurePolicy: "Ignore" } }));
    await serve(
      kyvernoPolicy("loud", [labelling({ a: "b" }, named("lenient"))], {
        spec: { emitWarning: true, failurePolicy: "Ignore" },
      }),
    );
    const { code, stderr } = await cluster.tryKubectlWith(JSON.stringify(map("lenient-1")), "create", "-f", "-");
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: not changed: policy lenient, rule copy");
    expect(stderr).toContain("Warning: policy loud.add: mutated ConfigMap/lenient-1 in namespace shop");
    await cluster.kubectl("delete", POLICIES, "strict", "lenient", "loud");
  });

  it("about Pods is also about what makes Pods, as the annotation of the policy says, also when that changes", async () => {
    const match = { any: [{ resources: { kinds: ["Pod"] } }] };
    const rule = { name: "tty", match, mutate: { patchStrategicMerge: { spec: { priority: 7 } } } };
    const autogen = "pod-policies.kyverno.io/autogen-controllers";
    await serve(kyvernoPolicy("pods", [rule], { metadata: { annotations: { [autogen]: "StatefulSet" } } }));
    const pod = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "a", image: "a:1" }] } };
    const spec = { selector: { matchLabels: { app: "a" } }, template: pod };
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec };
    const dry = { query: "?dryRun=All", path: "/apis/apps/v1/namespaces/shop/deployments" };
    const priority = async () => JSON.stringify((await create(deployment, dry)).object.spec).includes('"priority":7');
    expect(await priority()).toBe(false);
    await cluster.kubectl("annotate", POLICIES, "pods", `${autogen}=Deployment`, "--overwrite");
    await waitUntil("Deployments are changed, too", priority);
    await cluster.kubectl("delete", POLICIES, "pods");
  });

  it("with a namespaceSelector holds for what lies in such namespaces, and for no Namespace", async () => {
    const match = { any: [{ resources: { kinds: ["Namespace", "ConfigMap"], namespaceSelector: TEAM } }] };
    await serve(kyvernoPolicy("inside", [labelling({ inside: "yes" }, match)]));
    expect(await dryLabels("inside-1")).toEqual({ inside: "yes" });
    const made = await create(namespace("inside", { team: "red" }), {
      query: "?dryRun=All",
      path: "/api/v1/namespaces",
    });
    expect(made.object.metadata.labels).not.toHaveProperty("inside");
    await cluster.kubectl("delete", POLICIES, "inside");
  });

  it("replaces the lists of custom resources, which a rule of perennial.dev merges by their keys", async () => {
    const definition = { group: "t.example.com", kind: "Gadget", plural: "gadgets", properties: PARTS_BY_NAME };
    await installDefinition(cluster, definition);
    const match = { any: [{ resources: { kinds: ["Gadget"] } }] };
    const mutate = { patchStrategicMerge: { spec: { parts: [{ name: "b" }] } } };
    await serve(kyvernoPolicy("gadgets", [{ name: "parts", match, mutate }]));
    const gadget = { apiVersion: "t.example.com/v1", kind: "Gadget", metadata: { name: "g" } };
    const made = await create(
      { ...gadget, spec: { parts: [{ name: "a" }] } },
      { path: "/apis/t.example.com/v1/namespaces/shop/gadgets" },
    );
    expect(made.object.spec).toEqual({ parts: [{ name: "b" }] });
    await cluster.kubectl("delete", POLICIES, "gadgets");
    const merging = { patchStrategicMerge: { spec: { parts: [{ name: "a", size: 2 }] } } };
    await serve(ours("gadgets", { name: "parts", match, mutate: merging }));
    const merged = await create(
      {
        ...gadget,
        metadata: { name: "h" },
        spec: {
          parts: [
            { name: "b", size: 1 },
            { name: "a", size: 1 },
          ],
        },
      },
      { path: "/apis/t.example.com/v1/namespaces/shop/gadgets" },
    );
    const bySize = {
      parts: [
        { name: "a", size: 2 },
        { name: "b", size: 1 },
      ],
    };
    expect(merged.object.spec).toEqual(bySize);
    await cluster.kubectl("delete", "clusterpolicies.perennial.dev", "gadgets");
  });

  it("of a Policy acts in its namespace alone", async () => {
    const policy = kyvernoPolicy("confined", [labelling({ here: "yes" }, named("confined"))]);
    await cluster.apply(namespace("elsewhere"), {
      ...policy,
      kind: "Policy",
      metadata: { name: "c", namespace: "shop" },
    });
    await waitUntil("it acts", async () => (await dryLabels("confined-1")) !== undefined);
    const path = "/api/v1/namespaces/elsewhere/configmaps";
    const object = { ...map("confined-1"), metadata: { name: "confined-1", namespace: "elsewhere" } };
    expect((await create(object, { path })).object.metadata.labels).toBeUndefined();
    await cluster.kubectl("delete", "policies.kyverno.io", "c", "-n", "shop");
  });

  it("acts beside those of perennial.dev: all policies by name; of one name that of kyverno.io first", async () => {
    const step = (from: string, to: string) => ({
      ...labelling({ step: to }, named("order"), "step"),
      preconditions: {
        all: [{ key: "{{ request.object.metadata.labels.step || '' }}", operator: "Equals", value: from }],
      },
    });
    const policies = [
      ours("order-a", step("", "1")),
      kyvernoPolicy("order-b", [step("1", "2")]),
      ours("order-b", step("2", "3")),
      kyvernoPolicy("order-bb", [step("3", "4")]),
      ours("order-c", step("4", "5")),
    ];
    for (const policy of policies) await serve(policy);
    expect(await dryLabels("order-1")).toEqual({ step: "5" });
    await cluster.kubectl("delete", "clusterpolicies.perennial.dev", "--all");
    await cluster.kubectl("delete", POLICIES, "order-b", "order-bb");
  });

  it("acts again after a restart, of which the API server is told nothing new", async () => {
    const before = await cluster.get("mutatingwebhookconfiguration", "", CONFIGURATION);
    await operator.kill();
    operator = await startOperator(cluster, { flags });
    await waitUntil("it is asked again", async () => (await create(map("plain-2"))).status === 201);
    expect((await cluster.get("configmap", "shop", "plain-2"))?.metadata.labels).toEqual({ tier: "gold" });
    await serve(kyvernoPolicy("later", [labelling({ later: "yes" }, named("later"))])); // by who holds the Lease
    const after = await cluster.get("mutatingwebhookconfiguration", "", CONFIGURATION);
    expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });
});

const TEAM = { matchLabels: { team: "red" } };

describe("when a controller of Kyverno is alive again", () => {
  let stopKyverno: () => Promise<void>;

  it("nothing is changed from the moment that is known, and the API server is told not to ask", async () => {
    await serve(kyvernoPolicy("twice", [counting("twice")]));
    expect((await create(map("twice-1"))).object.data).toEqual({ acted: "x" });
    const policy = await cluster.get(POLICIES, "", "twice");
    stopKyverno = await keepKyvernoAlive(cluster);
    await kyvernoIs("alive");
    expect((await create(map("twice-2"))).object.data).toBeUndefined();
    await waitUntil("nothing is asked for", async () => (await entries()).length === 0);
    expect((await cluster.get(POLICIES, "", "twice"))?.metadata.resourceVersion).toBe(policy?.metadata.resourceVersion);
  });

  it("policies of perennial.dev act as before", async () => {
    await serve(ours("ours", labelling({ ours: "yes" }, named("twice"))));
    const { object } = await create(map("twice-3"));
    expect([object.metadata.labels, object.data]).toEqual([{ ours: "yes" }, undefined]);
  });

  it("they are served again, once for each request, when it is gone", async () => {
    await stopKyverno();
    await kyvernoIs("gone");
    await waitUntil("they act", async () => {
      const { object } = await create(map("twice-4"), { query: "?dryRun=All" });
      return object.data !== undefined;
    });
    expect((await create(map("twice-5"))).object.data).toEqual({ acted: "x" });
  });
});
