/** Rules that have to ask somebody before they can change an object: within the request, for no longer than it may take. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  type HttpsService,
  namespace,
  type OperatorProcess,
  startCluster,
  startHttpsService,
  startOperator,
  waitForCondition,
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

/** For ConfigMaps whose names begin so: the label `got` is what the call gives. */
async function serve(name: string, apiCall: object, spec: object = {}): Promise<void> {
  const rule = {
    ...{ name: "ask", match: { any: [{ resources: { kinds: ["ConfigMap"], names: [`${name}-*`] } }] } },
    context: [{ name: "x", apiCall }],
    mutate: { patchStrategicMerge: { metadata: { labels: { got: "{{ x }}" } } } },
  };
  const policy = { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name } };
  await cluster.apply({ ...policy, spec: { ...spec, rules: [rule] } });
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
}

function of(path: string, more: object = {}): { service: object } {
  return { service: { url: service.url + path, caBundle: service.caBundle }, ...more };
}

function map(name: string, data: JsonObject = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data };
}

type Answer = { status: number; object: KubernetesObject; message: string };

async function create(object: object, query = ""): Promise<Answer> {
  const { status, body } = await cluster.plane.request("POST", `/api/v1/namespaces/shop/configmaps${query}`, object);
  return { status, object: body, message: (body as { message?: string }).message ?? "" } as Answer; // an object, or a Status
}

describe("a rule that asks", () => {
  it("a service has its answer in the object, for each value that it asks about", async () => {
    const urlOf = "/teams/{{ request.object.data.team }}";
    for (const team of ["red", "blue"]) service.answer(`/teams/${team}`, { owner: `${team}-owner` });
    await serve("teams", of(urlOf, { jmesPath: "owner" }));
    for (const team of ["red", "blue"])
      expect((await create(map(`teams-${team}`, { team }))).object.metadata.labels).toEqual({ got: `${team}-owner` });
  });

  it("the API server has its answer: other paths, and reviews", async () => {
    await serve("version", { urlPath: "/version", jmesPath: "major" });
    expect((await create(map("version-1"))).object.metadata.labels).toEqual({ got: "1" });
    const data = [
      { key: "apiVersion", value: "authorization.k8s.io/v1" },
      { key: "kind", value: "SubjectAccessReview" },
      {
        key: "spec",
        value: {
          user: "{{ request.object.data.user }}",
          groups: ["{{ request.object.data.group }}"],
          resourceAttributes: { verb: "delete", resource: "namespaces" },
        },
      },
    ];
    const urlPath = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    await serve("may", { urlPath, method: "POST", data, jmesPath: "to_string(status.allowed)" });
    for (const [group, may] of [
      ["system:masters", "true"],
      ["nobody", "false"],
    ] as const) {
      const { object } = await create(map(`may-${may}`, { user: "ann", group }), "?dryRun=All");
      expect(object.metadata.labels).toEqual({ got: may });
    }
  });

  it("asks once for requests that come together, and soon again", async () => {
    service.answer("/together", "first");
    await serve("together", of("/together"));
    await Promise.all(Array.from({ length: 10 }, (_, i) => create(map(`together-${i}`))));
    expect(service.received("/together").length).toBeLessThanOrEqual(2);
    service.answer("/together", "second");
    const end = Date.now() + 30_000;
    for (let i = 10; ; i++) {
      const { object } = await create(map(`together-${i}`), "?dryRun=All");
      if (object.metadata.labels?.got === "second") break;
      if (Date.now() > end) expect.fail("the new answer is not asked for");
    }
  });
});

describe("when there is no answer", () => {
  it("the request is refused, or goes on with a warning, as the failurePolicy says", async () => {
    await serve("strict", of("/nowhere"));
    const { status, message } = await create(map("strict-1"));
    expect(status).toBe(422);
    expect(message).toMatch(/policy strict, rule ask: ContextMissing: spec\.rules\[0\]\.context\[0\]\.apiCall: .*404/);
    await serve("lenient", of("/nowhere"), { failurePolicy: "Ignore" });
    const { code, stderr } = await cluster.tryKubectlWith(JSON.stringify(map("lenient-1")), "create", "-f", "-");
    expect([code, stderr]).toEqual([0, expect.stringContaining("Warning: not changed: policy lenient, rule ask")]);
    await serve("defaulted", of("/nowhere", { default: "none" }));
    expect((await create(map("defaulted-1"))).object.metadata.labels).toEqual({ got: "none" });
  });

  it("a slow service holds a request up for no longer than it may take, and requests about others not at all", async () => {
    service.answerWith("/slow", () => undefined); // for ever
    const webhookConfiguration = { timeoutSeconds: 2 };
    await serve("slow", of("/slow"), { webhookConfiguration });
    await serve("quick", { urlPath: "/version", jmesPath: "major" }, { webhookConfiguration });
    const begun = performance.now();
    const slow = Array.from({ length: 20 }, (_, i) => create(map(`slow-${i}`)));
    expect((await create(map("quick-1"))).object.metadata.labels).toEqual({ got: "1" });
    for (const { status, message } of await Promise.all(slow)) {
      expect(status).toBe(422); // ours: the API server's own would be a 500
      expect(message).toContain("no answer in the time that a request may take");
    }
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

describe("a dry run", () => {
  it("asks as ever, and sends nothing to a service, of which the API server is told", async () => {
    service.answer("/sent", "kept");
    const call = of("/sent", { method: "POST", data: [{ key: "name", value: "{{ request.object.metadata.name }}" }] });
    await serve("sent", call);
    const dry = await create(map("sent-dry"), "?dryRun=All");
    expect([dry.status, dry.message]).toEqual([422, expect.stringContaining("in a dry run nothing is sent")]);
    expect(service.received("/sent")).toEqual([]);
    expect((await create(map("sent-1"))).object.metadata.labels).toEqual({ got: "kept" });
    expect(service.received("/sent").map(({ method, body }) => [method, body])).toEqual([
      ["POST", '{"name":"sent-1"}'],
    ]);
    const stored = await cluster.get("mutatingwebhookconfiguration", "", CONFIGURATION);
    const effects = (stored?.webhooks ?? []) as { sideEffects: string }[];
    expect(effects.filter(({ sideEffects }) => sideEffects === "NoneOnDryRun")).toHaveLength(1);
  });
});
