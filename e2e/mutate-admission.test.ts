/** Rules that change objects while they are written: the real API server calls the real server over TLS. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  clusterPolicy,
  condition,
  configMap,
  installDefinition,
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
  operator = await startOperator(cluster, { flags });
  await cluster.apply(namespace("shop", { team: "red" }), namespace("other"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const CREATED = { what: "CREATE ConfigMap shop/seen-1", dry: "false", before: "nothing" };

type MutateRule = { name: string; match: object; mutate: object; context?: object[]; preconditions?: object };

function mutating(name: string, rules: MutateRule[], more: object = {}): object {
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name }, spec: { ...more, rules } };
}

/** Objects of a kind whose names begin so, so that tests of one cluster stay out of each other's way. */
function named(prefix: string, kind = "ConfigMap", more: object = {}): object {
  return { any: [{ resources: { kinds: [kind], names: [`${prefix}*`], ...more } }] };
}

function labels(set: JsonObject): object {
  return { patchStrategicMerge: { metadata: { labels: set } } };
}

/** Returns when the API server asks for it. */
async function serve(name: string, rules: MutateRule[], more: object = {}): Promise<void> {
  await cluster.apply(mutating(name, rules, more));
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
}

function map(name: string, more: object = {}, where = "shop"): JsonObject & { metadata: object } {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: where, ...more } };
}

type Answer = { status: number; object: KubernetesObject; message: string };

async function create(object: object, { query = "", where = "shop", plural = "configmaps", api = "/api/v1" } = {}) {
  const { status, body } = await cluster.plane.request("POST", `${api}/namespaces/${where}/${plural}${query}`, object);
  return { status, object: body, message: (body as { message?: string }).message ?? "" } as Answer; // an object, or a Status
}

async function labelsOf(name: string, where = "shop"): Promise<object> {
  return (await cluster.get("configmap", where, name))?.metadata.labels ?? {};
}

describe("a mutate rule", () => {
  it("changes what is created, from the moment its policy is Ready", async () => {
    await serve("plain", [{ name: "add", match: named("plain"), mutate: labels({ tier: "gold" }) }]);
    const { status, object } = await create(map("plain-1"));
    expect(status).toBe(201);
    expect(object.metadata.labels).toEqual({ tier: "gold" });
    expect((await policyStatus(cluster, "plain")).rules).toMatchObject([{ name: "add", type: "Mutate" }]);
  });

  it("changes what is updated, and nothing that it was not made for", async () => {
    await cluster.kubectl("label", "configmap", "plain-1", "-n", "shop", "tier=lead", "--overwrite");
    expect(await labelsOf("plain-1")).toEqual({ tier: "gold" });
    expect((await create(map("elsewhere-1"))).object.metadata.labels).toBeUndefined();
  });

  it("changes what has no name yet", async () => {
    const { name: _name, ...metadata } = map("x", { generateName: "plain-" }).metadata as JsonObject;
    const { status, object } = await create({ ...map("x"), metadata });
    expect(status).toBe(201);
    expect(object.metadata.labels).toEqual({ tier: "gold" });
  });

  it("writes nothing for a dry run, and answers it in the same way", async () => {
    const { object } = await create(map("plain-dry"), { query: "?dryRun=All" });
    expect(object.metadata.labels).toEqual({ tier: "gold" });
    expect(await cluster.get("configmap", "shop", "plain-dry")).toBeUndefined();
  });

  it("sees all of the request: who, what, where, before", async () => {
    await serve("seen", [
      {
        name: "tell",
        match: named("seen"),
        mutate: {
          patchStrategicMerge: {
            data: {
              who: "{{ request.userInfo.username }}",
              what: "{{ request.operation }} {{ request.kind.kind }} {{ request.namespace }}/{{ request.name }}",
              dry: "{{ to_string(request.dryRun) }}",
              before: "{{ request.oldObject.data.note || 'nothing' }}",
            },
          },
        },
      },
    ]);
    await create({ ...map("seen-1"), data: { note: "first" } });
    const made = await cluster.get("configmap", "shop", "seen-1");
    expect(made?.data).toMatchObject({ who: expect.stringMatching(/./), ...CREATED });
    const patch = JSON.stringify({ data: { note: "second" } });
    await cluster.kubectl("patch", "configmap", "seen-1", "-n", "shop", "--type=merge", "-p", patch);
    const changed = await cluster.get("configmap", "shop", "seen-1");
    expect(changed?.data).toMatchObject({ what: "UPDATE ConfigMap shop/seen-1", before: "first", note: "second" });
  });

  it("knows the service account that asks", async () => {
    await serve("account", [
      {
        name: "tell",
        match: named("account"),
        mutate: labels({ by: "{{ serviceAccountNamespace }}.{{ serviceAccountName }}" }),
      },
    ]);
    await cluster.kubectl("create", "serviceaccount", "robot", "-n", "shop");
    await cluster.kubectl(
      "create",
      "rolebinding",
      "robot",
      "-n",
      "shop",
      "--clusterrole=edit",
      "--serviceaccount=shop:robot",
    );
    const object = JSON.stringify(map("account-1"));
    await waitUntil("the robot may create", async () => {
      const as = ["--as=system:serviceaccount:shop:robot"];
      return (await cluster.tryKubectlWith(object, "apply", "-f", "-", ...as)).code === 0;
    });
    expect(await labelsOf("account-1")).toEqual({ by: "shop.robot" });
  });

  it("goes by the labels of the namespace, as they are at the time", async () => {
    const match = named("inside", "ConfigMap", { namespaceSelector: { matchLabels: { team: "red" } } });
    await serve("inside", [{ name: "add", match, mutate: labels({ team: "red" }) }]);
    expect((await create(map("inside-1"))).object.metadata.labels).toEqual({ team: "red" });
    expect((await create(map("inside-1", {}, "other"), { where: "other" })).object.metadata.labels).toBeUndefined();
    await cluster.kubectl("label", "namespace", "other", "team=red");
    await waitUntil("the label is seen", async () => {
      const { object } = await create(map("inside-2", {}, "other"), { where: "other", query: "?dryRun=All" });
      return object.metadata.labels !== undefined;
    });
  });

  it("reads what it needs from what is watched", async () => {
    await cluster.apply({ ...map("defaults"), data: { tier: "silver" } });
    await serve("reading", [
      {
        name: "add",
        match: named("reading"),
        context: [{ name: "defaults", configMap: { name: "defaults", namespace: "shop" } }],
        mutate: labels({ tier: "{{ defaults.data.tier }}" }),
      },
    ]);
    expect((await create(map("reading-1"))).object.metadata.labels).toEqual({ tier: "silver" });
    await cluster.apply({ ...map("defaults"), data: { tier: "bronze" } });
    await waitUntil("the new value is used", async () => {
      const { object } = await create(map("reading-2"), { query: "?dryRun=All" });
      return object.metadata.labels?.tier === "bronze";
    });
  });

  it("about Pods changes what makes Pods, and the Pods themselves", async () => {
    const container = { name: "app", image: "app:1" };
    const patchStrategicMerge = { spec: { containers: [{ "(name)": "*", tty: true }] } };
    await serve("pods", [
      { name: "pull", match: { any: [{ resources: { kinds: ["Pod"] } }] }, mutate: { patchStrategicMerge } },
    ]);
    const template = { metadata: { labels: { app: "a" } }, spec: { containers: [container] } };
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" } };
    const spec = { selector: { matchLabels: { app: "a" } }, template };
    const made = await create({ ...deployment, spec }, { plural: "deployments", api: "/apis/apps/v1" });
    expect(made.object.spec).toMatchObject({ template: { spec: { containers: [{ tty: true }] } } });
    const jobs = { apiVersion: "batch/v1", kind: "CronJob", metadata: { name: "c" } };
    const jobTemplate = { spec: { template: { spec: { ...template.spec, restartPolicy: "Never" } } } };
    const job = { ...jobs, spec: { schedule: "* * * * *", suspend: true, jobTemplate } };
    const cron = await create(job, { plural: "cronjobs", api: "/apis/batch/v1" });
    expect(JSON.stringify(cron.object.spec)).toContain('"tty":true');
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "pods");
  });

  it("sees what the rules and policies before it made, by name and in order; applied again nothing changes", async () => {
    const chain = (name: string, from: string, to: string): MutateRule => ({
      name,
      match: named("chain"),
      preconditions: {
        all: [{ key: `{{ request.object.metadata.labels.step || '' }}`, operator: "Equals", value: from }],
      },
      mutate: labels({ step: to }),
    });
    await cluster.apply(mutating("chain-b", [chain("third", "2", "3")]));
    await serve("chain-a", [chain("first", "", "1"), chain("second", "1", "2")]);
    await waitForCondition(cluster, "chain-b", { type: "Ready", status: "True" });
    expect((await create(map("chain-1"))).object.metadata.labels).toEqual({ step: "3" });
    const before = await cluster.get("configmap", "shop", "chain-1");
    await cluster.kubectl("annotate", "configmap", "chain-1", "-n", "shop", "touched=yes");
    expect(await labelsOf("chain-1")).toEqual(before?.metadata.labels);
  });

  it("about a kind that nobody serves yet waits for it, and acts from then on", async () => {
    const match = { any: [{ resources: { kinds: ["Gadget"] } }] };
    await cluster.apply(mutating("gadgets", [{ name: "add", match, mutate: labels({ a: "b" }) }]));
    await waitForCondition(cluster, "gadgets", { type: "Ready", status: "False", reason: "KindUnknown" });
    const definition = { group: "t.example.com", kind: "Gadget", plural: "gadgets", scope: "Namespaced" as const };
    await installDefinition(cluster, definition);
    await waitForCondition(cluster, "gadgets", { type: "Ready", status: "True" });
    const gadget = { apiVersion: "t.example.com/v1", kind: "Gadget", metadata: { name: "g" } };
    const made = await create(gadget, { plural: "gadgets", api: "/apis/t.example.com/v1" });
    expect(made.object.metadata.labels).toEqual({ a: "b" });
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "gadgets");
  });

  it("with emitWarning tells whoever sent the object", async () => {
    await serve("loud", [{ name: "add", match: named("loud"), mutate: labels({ loud: "yes" }) }], {
      emitWarning: true,
    });
    const { stderr } = await cluster.tryKubectlWith(JSON.stringify(map("loud-1")), "create", "-f", "-");
    expect(stderr).toContain("Warning: policy loud.add: mutated ConfigMap/loud-1 in namespace shop");
  });
});

describe("a rule that fails on one object", () => {
  const failing = (name: string): MutateRule => ({
    name: "copy",
    match: named(name),
    mutate: { patchStrategicMerge: { metadata: { labels: { a: "{{ request.object.data.missing }}" } } } },
  });

  it("refuses it with the path under failurePolicy Fail", async () => {
    await serve("strict", [failing("strict")]);
    const { status, message } = await create(map("strict-1"));
    expect(status).toBe(422);
    expect(message).toContain("policy strict, rule copy");
    expect(message).toContain("spec.rules[0].mutate.patchStrategicMerge.metadata.labels.a");
  });

  it("leaves it as it is under Ignore, with a warning", async () => {
    await serve("lenient", [failing("lenient")], { failurePolicy: "Ignore" });
    const { code, stderr } = await cluster.tryKubectlWith(JSON.stringify(map("lenient-1")), "create", "-f", "-");
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: not changed: policy lenient, rule copy");
    expect(await labelsOf("lenient-1")).toEqual({});
  });
});

describe("the operator itself", () => {
  it("is not asked about what it writes, and is at rest with a mutate rule for what it generates", async () => {
    await serve("own", [{ name: "add", match: named("own"), mutate: labels({ own: "yes" }) }]);
    await cluster.apply(
      clusterPolicy("own-generate", {
        name: "make",
        match: namespacesLabelled("own"),
        generate: configMap("own-settings", { a: "1" }),
      }),
      namespace("owned", { own: "yes" }),
    );
    await waitForCondition(cluster, "own-generate", { type: "InSync", status: "True" });
    await waitUntil("it is made", async () => (await cluster.get("configmap", "owned", "own-settings")) !== undefined);
    expect(await labelsOf("own-settings", "owned")).not.toHaveProperty("own");
  });
});

describe("while no operator runs", () => {
  it("the failurePolicy decides, and a new start goes on where the old one was", async () => {
    await removePolicies();
    await serve("down", [{ name: "add", match: named("down"), mutate: labels({ a: "b" }) }], {
      failurePolicy: "Ignore",
    });
    await operator.kill();
    expect((await create(map("down-1"))).object.metadata.labels).toBeUndefined();
    operator = await startOperator(cluster, { flags });
    await waitUntil("it is asked again", async () => {
      const { object } = await create(map("down-2"), { query: "?dryRun=All" });
      return object.metadata.labels !== undefined;
    });
    await serve("strict", [{ name: "add", match: named("strict"), mutate: labels({ a: "b" }) }]);
    await operator.kill();
    const refused = await create(map("strict-2"));
    expect(refused.status).toBe(500);
    expect(refused.message).toContain("failed calling webhook");
    operator = await startOperator(cluster, { flags });
    await waitUntil("it is served again", async () => (await create(map("strict-3"))).status === 201);
    expect(await labelsOf("strict-3")).toEqual({ a: "b" });
  });
});

describe("the webhook configuration", () => {
  it("asks for no more than some rule needs, never for what is in its own or a system namespace", async () => {
    const { webhooks } = await stored();
    const mutate = webhooks.filter(({ name }) => name.startsWith("mutate-"));
    expect(new Set(mutate.map(({ failurePolicy }) => failurePolicy))).toEqual(new Set(["Fail", "Ignore"]));
    for (const { rules, namespaceSelector } of mutate) {
      expect(rules).toEqual([
        {
          ...{ apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], scope: "Namespaced" },
          operations: ["CREATE", "UPDATE"],
        },
      ]);
      expect(JSON.stringify(namespaceSelector)).toContain(
        '"values":["kube-node-lease","kube-public","kube-system","perennial-system"]',
      );
    }
    const { object } = await create(map("strict-system", {}, "kube-public"), { where: "kube-public" });
    expect(object.metadata.labels).toBeUndefined();
  });

  it("is narrowed to namespaces and labels that all rules name", async () => {
    await removePolicies();
    const selector = { matchLabels: { pick: "me" } };
    await serve("narrow", [
      {
        name: "add",
        match: named("narrow", "Secret", { namespaces: ["shop"], selector, operations: ["CREATE"] }),
        mutate: labels({ a: "b" }),
      },
    ]);
    expect((await stored()).webhooks.find(({ name }) => name.startsWith("mutate-"))).toMatchObject({
      rules: [{ resources: ["secrets"], operations: ["CREATE"] }],
      namespaceSelector: { matchExpressions: [{ operator: "NotIn" }, { operator: "In", values: ["shop"] }] },
      objectSelector: { matchExpressions: [{ key: "pick", operator: "In", values: ["me"] }] },
    });
  });

  it("goes with the last rule that needs it", async () => {
    await removePolicies();
    await waitUntil("it is gone", async () => (await find()) === undefined);
  });
});

describe("without --webhook-address", () => {
  it("a policy says so, and which flag turns it on", async () => {
    await operator.stop();
    operator = await startOperator(cluster);
    await waitUntil("nobody is to check policies any more", async () => {
      return (await cluster.get("validatingwebhookconfiguration", "", CONFIGURATION)) === undefined;
    });
    await cluster.apply(mutating("off", [{ name: "add", match: named("off"), mutate: labels({ a: "b" }) }]));
    const status = await waitForCondition(cluster, "off", { type: "Ready", status: "False", reason: "AdmissionOff" });
    expect(condition(status, "Ready")?.message).toContain("--webhook-address");
    expect((await create(map("off-1"))).object.metadata.labels).toBeUndefined();
  });
});

async function removePolicies(): Promise<void> {
  await cluster.kubectl("delete", "clusterpolicies.perennial.dev", "--all");
}

function find() {
  return cluster.get("mutatingwebhookconfiguration", "", CONFIGURATION);
}

type Webhook = { name: string; failurePolicy: string; rules: object; namespaceSelector: object };

async function stored(): Promise<{ webhooks: Webhook[] }> {
  const found = await find();
  return { webhooks: (found?.webhooks ?? []) as unknown as Webhook[] };
}
