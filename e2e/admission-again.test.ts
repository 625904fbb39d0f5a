/** Rules that act on the same object more than once: asked again for one request, and at each write. */

import type { RequestListener } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  type HttpsService,
  namespace,
  type OperatorProcess,
  startCluster,
  startHttpsService,
  startOperator,
  waitForCondition,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let service: HttpsService;

beforeAll(async () => {
  [cluster, service] = await Promise.all([startCluster(), startHttpsService()]);
  operator = await startOperator(cluster, { flags: await webhookFlags() });
  await cluster.apply(namespace("shop"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
  await service?.[Symbol.asyncDispose]();
});

function named(prefix: string): object {
  return { any: [{ resources: { kinds: ["ConfigMap"], names: [`${prefix}-*`] } }] };
}

async function serve(name: string, patch: object): Promise<void> {
  const rule = { name: "set", match: named(name), mutate: { patchStrategicMerge: patch } };
  const policy = { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name } };
  await cluster.apply({ ...policy, spec: { rules: [rule] } });
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
}

function map(name: string, data: JsonObject = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data };
}

function unnamed(prefix: string): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: `${prefix}-`, namespace: "shop" } };
}

async function create(object: object): Promise<KubernetesObject> {
  const { status, body } = await cluster.plane.request("POST", "/api/v1/namespaces/shop/configmaps", object);
  expect(status, JSON.stringify(body)).toBe(201);
  return body as KubernetesObject; // as it was created
}

async function stored(name: string): Promise<KubernetesObject> {
  return (await cluster.get("configmap", "shop", name)) ?? expect.fail(`${name} is not there`);
}

async function kubectl(object: object, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.tryKubectlWith(JSON.stringify(object), ...args, "-f", "-");
  expect(code, stderr).toBe(0);
  return stdout;
}

async function label(name: string, text: string): Promise<void> {
  await cluster.kubectl("label", "configmap", name, "-n", "shop", text);
}

describe("where another webhook changes the object after us, so that we are asked again", () => {
  /** Sets a label on ConfigMaps whose names begin with `again`. */
  const later: RequestListener = (_, response) => {
    const { request } = JSON.parse(service.received("/later").at(-1)?.body ?? "{}");
    const { name, generateName, labels } = request.object.metadata;
    const value = { ...labels, later: "yes" };
    const patch = Buffer.from(JSON.stringify([{ op: "add", path: "/metadata/labels", value }])).toString("base64");
    const changed = String(name ?? generateName).startsWith("again") ? { patchType: "JSONPatch", patch } : {};
    const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...review, response: { uid: request.uid, allowed: true, ...changed } }));
  };

  beforeAll(async () => {
    service.answerWith("/later?timeout=10s", later);
    const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] };
    const caBundle = Buffer.from(service.caBundle).toString("base64");
    await cluster.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "zz-later" },
      webhooks: [
        {
          ...{ name: "later.example.com", rules: [rule], sideEffects: "None", admissionReviewVersions: ["v1"] },
          clientConfig: { url: `${service.url}/later`, caBundle },
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } },
        },
      ],
    });
    await serve("again", {
      metadata: {
        labels: { "+(first)": "{{ request.uid }}", last: "{{ request.uid }}" },
        annotations: {
          sees: "{{ request.object.metadata.labels.later || 'nothing' }}",
          chance: "{{ random('[a-z]{20}') }}",
          "+(once)": "{{ random('[a-z]{20}') }}",
        },
      },
    });
    await waitUntil("the other webhook is called", async () => {
      const { body } = await cluster.plane.request(
        "POST",
        "/api/v1/namespaces/shop/configmaps?dryRun=All",
        map("again-probe"),
      );
      return JSON.stringify(body).includes('"later":"yes"');
    });
  });

  it("rules see what it made, and their own result; the API server calls it another request", async () => {
    const { labels = {}, annotations = {} } = (await create(map("again-1"))).metadata;
    expect(annotations.sees).toBe("yes");
    expect(labels.first).not.toBe(labels.last);
  });

  it("what is put at the end of a list is put there once", async () => {
    const patchesJson6902 = JSON.stringify([{ op: "add", path: "/metadata/finalizers/-", value: "example.com/ours" }]);
    const match = { any: [{ resources: { kinds: ["ConfigMap"], names: ["again-*"], operations: ["CREATE"] } }] };
    const spec = { rules: [{ name: "append", match, mutate: { patchesJson6902 } }] };
    const policy = { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "appends" }, spec };
    await cluster.apply(policy);
    await waitForCondition(cluster, "appends", { type: "Ready", status: "True" });
    const { labels, finalizers } = (await create(map("again-3"))).metadata as JsonObject; // as it was created
    expect(labels).toMatchObject({ later: "yes" });
    expect(finalizers).toEqual(["example.com/ours"]);
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "appends");
  });

  it("chance gives an object the same, now and at each write, and others another", async () => {
    const before = (await stored("again-1")).metadata.annotations;
    expect(before?.chance).toMatch(/^[a-z]{20}$/);
    await label("again-1", "touched=yes");
    expect((await stored("again-1")).metadata.annotations).toEqual(before);
    expect((await create(map("again-2"))).metadata.annotations?.chance).not.toBe(before?.chance);
  });

  it("chance gives objects that have no name yet each their own, and what is only added stays", async () => {
    const [first, second] = [await create(unnamed("again")), await create(unnamed("again"))];
    const values = [first, second].flatMap(({ metadata }) => [
      metadata.annotations?.chance,
      metadata.annotations?.once,
    ]);
    expect(new Set(values).size).toBe(4);
    await label(first.metadata.name, "touched=yes");
    const after = (await stored(first.metadata.name)).metadata.annotations;
    expect(after?.once).toBe(first.metadata.annotations?.once);
  });
});

describe("an object that is written again", () => {
  const version = async (name: string) => (await stored(name)).metadata.resourceVersion;

  beforeAll(() => serve("write", { metadata: { labels: { tier: "gold" } } }));

  it("is as it was when the same is applied, by whichever kind of apply, and by two managers", async () => {
    await kubectl(map("write-client", { a: "1" }), "apply");
    const client = await version("write-client");
    await kubectl(map("write-client", { a: "1" }), "apply");
    expect(await version("write-client")).toBe(client);
    const apply = (manager: string) =>
      kubectl(map("write-server", { a: "1" }), "apply", "--server-side", `--field-manager=${manager}`);
    for (const manager of ["one", "two"]) await apply(manager);
    const server = await version("write-server");
    for (const manager of ["one", "two", "one"]) await apply(manager);
    expect(await version("write-server")).toBe(server);
    expect((await stored("write-server")).metadata.labels).toEqual({ tier: "gold" });
  });

  it("has the rule's value where its author writes another one, whichever kind of apply it is", async () => {
    const versions: unknown[] = [];
    for (const [name, ...args] of [["write-lead"], ["write-lead-server", "--server-side"]] as const)
      for (const _time of [1, 2]) {
        const metadata = { name, namespace: "shop", labels: { tier: "lead" } };
        await kubectl({ ...map(name), metadata }, "apply", ...args);
        expect((await stored(name)).metadata.labels).toEqual({ tier: "gold" });
        versions.push(await version(name));
      }
    expect([versions[1], versions[3]]).toEqual([versions[0], versions[2]]);
  });

  it("is changed again when it is replaced, or what was set is taken out", async () => {
    await create(map("write-replaced"));
    await kubectl(map("write-replaced", { b: "2" }), "replace");
    expect(await stored("write-replaced")).toMatchObject({ metadata: { labels: { tier: "gold" } }, data: { b: "2" } });
    await label("write-replaced", "tier-");
    expect((await stored("write-replaced")).metadata.labels).toEqual({ tier: "gold" });
  });

  it("in a dry run is shown as it would be, and not written", async () => {
    const before = await version("write-replaced");
    const shown = await kubectl(map("write-dry"), "apply", "--dry-run=server", "-o", "json");
    expect(JSON.parse(shown).metadata.labels).toEqual({ tier: "gold" });
    await kubectl(map("write-replaced", { c: "3" }), "replace", "--dry-run=server");
    expect(await version("write-replaced")).toBe(before);
    expect(await cluster.get("configmap", "shop", "write-dry")).toBeUndefined();
  });

  it("keeps what a rule set when its anchor no longer holds, until somebody takes it out", async () => {
    await serve("anchor", { metadata: { labels: { loud: "yes" } }, data: { "(mode)": "loud" } });
    await create(map("anchor-1", { mode: "loud" }));
    await cluster.kubectl("patch", "configmap", "anchor-1", "-n", "shop", "-p", '{"data":{"mode":"quiet"}}');
    expect(await stored("anchor-1")).toMatchObject({ metadata: { labels: { loud: "yes" } }, data: { mode: "quiet" } });
    await label("anchor-1", "loud-");
    expect((await stored("anchor-1")).metadata.labels).toBeUndefined();
  });
});
