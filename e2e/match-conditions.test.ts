/**
 * matchConditions of policies: what the API server refuses holds up the policy that has it, and no other. Real API server, real
 * webhook.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProxiedRequest } from "./fault-proxy/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  condition,
  namespace,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  startProxy,
  waitForCondition,
  waitUntil,
  webhookFlags,
  writeRefused,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let flags: string[];

beforeAll(async () => {
  cluster = await startCluster();
  flags = await webhookFlags();
  operator = await startOperator(cluster, { flags });
  await cluster.apply(namespace("shop"));
  await waitUntil("policies are checked", async () => (await writeRefused(cluster)).status === 422);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function labelling(name: string, matchConditions: object[]): object {
  const resources = { kinds: ["ConfigMap"], names: [`${name}*`], namespaces: ["shop"] };
  const mutate = { patchStrategicMerge: { metadata: { labels: { by: name } } } };
  const rules = [{ name: "label", match: { any: [{ resources }] }, mutate }];
  const metadata = { name };
  const spec = { webhookConfiguration: { matchConditions }, rules };
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata, spec };
}

const POLICIES = "/apis/perennial.dev/v1/clusterpolicies";

async function post(policy: object): Promise<{ status: number; message: string }> {
  const { status, body } = await cluster.plane.request("POST", POLICIES, policy);
  return { status, message: (body as { message?: string }).message ?? "" }; // a policy, or a Status
}

async function labelsOf(name: string): Promise<unknown> {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
  const { body } = await cluster.plane.request("POST", "/api/v1/namespaces/shop/configmaps?dryRun=All", object);
  return (body as { metadata: { labels?: object } }).metadata.labels; // as it was sent
}

const GOOD = [{ name: "small", expression: "!has(object.data)" }];
const PATH = "spec.webhookConfiguration.matchConditions[0]";

describe("a condition that the API server would refuse", () => {
  it.each<[string, object, string]>([
    ["is no CEL", { name: "a", expression: "this is not" }, `${PATH}.expression: `],
    ["is no yes or no", { name: "a", expression: "'x'" }, `${PATH}.expression: `],
    ["has a name that it does not take", { name: "Not Valid!", expression: "true" }, `${PATH}.name: `],
    ["has a name of ours", { name: "x.perennial.dev", expression: "true" }, `${PATH}.name: `],
  ])("is refused with its path when it %s", async (_what, bad, path) => {
    const { status, message } = await post(labelling("bad", [bad]));
    expect(status).toBe(422);
    expect(message).toContain(path);
  });

  it("is refused when another one has the same name", async () => {
    const twice = [...GOOD, { name: "small", expression: "true" }];
    expect(await post(labelling("twice", twice))).toMatchObject({
      status: 422,
      message: expect.stringContaining("spec.webhookConfiguration.matchConditions[1].name: "),
    });
  });
});

describe("one that is stored all the same", () => {
  it("holds up its own policy, which says so, and no other", async () => {
    await cluster.apply(labelling("good", GOOD));
    await waitForCondition(cluster, "good", { type: "Ready", status: "True" });
    await operator.stop();
    operator = await startOperator(cluster); // nobody checks policies
    await waitUntil("they are checked no more", async () => (await writeRefused(cluster)).status === 201);
    await cluster.apply(labelling("bad", [{ name: "a", expression: "object.nope(" }]), labelling("later", []));
    await operator.stop();
    operator = await startOperator(cluster, { flags });
    for (const name of ["good", "later"]) {
      await waitForCondition(cluster, name, { type: "Ready", status: "True" });
      expect(await labelsOf(`${name}-1`)).toEqual({ by: name });
    }
    await waitForCondition(cluster, "bad", { type: "Ready", status: "False", reason: "InvalidPolicy" });
    expect(condition(await policyStatus(cluster, "bad"), "Ready")?.message).toContain(`${PATH}.expression: `);
    expect(await labelsOf("bad-1")).toBeUndefined();
  });

  it("while the API server does not say so, leaves what it was told before as it is", async () => {
    await operator.stop();
    const { proxy, kubeconfig } = await startProxy(cluster);
    const stored = async () => (await cluster.get("mutatingwebhookconfigurations", "", CONFIGURATION))?.webhooks;
    const before = await stored();
    const isCheck = (request: ProxiedRequest) => request.query.get("fieldManager") === "perennial-check";
    const refuse = { fault: "answer", status: 503, headers: {}, body: "" } as const;
    await proxy.during({ request: (request) => (isCheck(request) ? refuse : undefined) }, async () => {
      operator = await startOperator(cluster, { flags: [...flags, "--kubeconfig", kubeconfig] });
      const asked = () => proxy.seen.filter(isCheck).length;
      const since = asked();
      await waitUntil("it was asked again and again", async () => asked() > since + 5);
      expect(await stored()).toEqual(before);
    });
    await waitUntil("good acts again", async () => JSON.stringify(await labelsOf("good-2")) === '{"by":"good"}');
    await operator.stop();
    await proxy.stop();
    operator = await startOperator(cluster, { flags });
  });

  it("acts when it is put right", async () => {
    await cluster.apply(labelling("bad", GOOD));
    await waitForCondition(cluster, "bad", { type: "Ready", status: "True" });
    expect(await labelsOf("bad-1")).toEqual({ by: "bad" });
  });
});
