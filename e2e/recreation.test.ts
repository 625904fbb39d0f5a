/** Triggers that are deleted and made again: another uid, the same work, and nothing lost on the way. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  laterEventProcessed,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  type Place,
  policyStatus,
  printRequest,
  startCluster,
  startOperator,
  storedConfigMap,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;

const LABEL = "reborn";
const KINDS = ["networkpolicy", "configmap", "resourcequota"] as const;

beforeAll(async () => {
  cluster = await startCluster();
  operator = await startOperator(cluster);
  const match = namespacesLabelled(LABEL);
  const generate = { name: "made", namespace: TRIGGER_NAME };
  await cluster.apply(
    namespace("vault"),
    clusterPolicy(
      "inside",
      {
        name: "networkpolicy",
        match,
        generate: {
          ...generate,
          apiVersion: "networking.k8s.io/v1",
          kind: "NetworkPolicy",
          data: { spec: { podSelector: {} } },
        },
      },
      { name: "configmap", match, generate: configMap("made", { of: TRIGGER_NAME }) },
      {
        name: "resourcequota",
        match,
        generate: { ...generate, apiVersion: "v1", kind: "ResourceQuota", data: { spec: { hard: { pods: "1" } } } },
      },
    ),
    // the trigger lies beside its target, so that the target stays when the trigger goes
    clusterPolicy("beside", {
      name: "record",
      match: { any: [{ resources: { kinds: ["Secret"], namespaces: ["vault"] } }] },
      generate: { ...configMap(TRIGGER_NAME, { of: TRIGGER_NAME }), namespace: "vault" },
    }),
  );
  for (const name of ["inside", "beside"]) await waitForCondition(cluster, name, { type: "Ready", status: "True" });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function secret(name: string): object {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "vault" } };
}

/** Every target of the namespace as it is now: made for it, and for no earlier one of that name. */
async function waitForTargets(name: string): Promise<KubernetesObject[]> {
  const { metadata } = await waitForObject(cluster, ["namespace", "", name]);
  return Promise.all(KINDS.map((kind) => waitForObject(cluster, [kind, name, "made"], isOf(metadata.uid ?? "?"))));
}

function isOf(uid: string): (target: KubernetesObject) => boolean {
  return ({ metadata }) => metadata.annotations?.["perennial.dev/trigger"]?.endsWith(uid) === true;
}

async function expectAtRest(policy: string): Promise<void> {
  await laterEventProcessed(cluster, operator);
  const status = await waitForCondition(cluster, policy, { type: "InSync", status: "True" });
  expect(status.failures).toEqual([]);
  expect(condition(status, "Ready")).toMatchObject({ status: "True" });
}

/** With everything in it, and made again as soon as the name is free. */
async function replaceNamespace(name: string): Promise<void> {
  await cluster.kubectl("delete", "namespace", name);
  await cluster.apply(namespace(name, { [LABEL]: "yes" }));
}

describe("a namespace that is deleted and made again at once", () => {
  it("has all its targets, and no failure is left", async () => {
    await cluster.apply(namespace("phoenix", { [LABEL]: "yes" }));
    await waitForTargets("phoenix");
    await replaceNamespace("phoenix");
    await waitForTargets("phoenix");
    await expectAtRest("inside");
  });

  it("is no drift: nobody changed a target in a namespace that is there", async () => {
    await waitUntil(
      "all is counted",
      async () => (await policyStatus(cluster, "inside")).summary?.ratio === `${KINDS.length}/${KINDS.length}`,
    );
    expect(await policyStatus(cluster, "inside")).toMatchObject({ summary: { corrected: 0 }, drifts: [] });
  });

  it("has them also when that happens again and again, to many at the same time", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `phoenix-${i}`);
    await cluster.apply(...names.map((name) => namespace(name, { [LABEL]: "yes" })));
    for (let times = 0; times < 3; times++) await Promise.all(names.map(replaceNamespace));
    await Promise.all(names.map(waitForTargets));
    await expectAtRest("inside");
    expect(await policyStatus(cluster, "inside")).toMatchObject({ summary: { corrected: 0 }, drifts: [] });
  });

  it("has them when the operator was away meanwhile", async () => {
    await operator.stop();
    await replaceNamespace("phoenix");
    operator = await startOperator(cluster);
    await waitForTargets("phoenix");
    await expectAtRest("inside");
  });

  it("has them when the operator was killed in the middle of it", async () => {
    const replaced = replaceNamespace("phoenix");
    await waitUntil("it is going", async () => {
      const live = await cluster.get("namespace", "", "phoenix");
      return live === undefined || live.metadata.deletionTimestamp !== undefined;
    });
    await operator.kill();
    await replaced;
    operator = await startOperator(cluster);
    await waitForTargets("phoenix");
    await expectAtRest("inside");
  });
});

describe("a namespace that was restored from a backup while the operator was away", () => {
  it("gets nothing made anew: what was restored with it is taken over in one write each", async () => {
    await cluster.apply(namespace("restored", { [LABEL]: "yes" }));
    const saved = await waitForTargets("restored");
    await operator.stop();
    await cluster.kubectl("delete", "namespace", "restored");
    await cluster.apply(namespace("restored", { [LABEL]: "yes" }), ...saved.map(withoutServerFields));
    const restored = await Promise.all(KINDS.map((kind) => waitForObject(cluster, [kind, "restored", "made"])));
    const mark = await markAudit(cluster);
    operator = await startOperator(cluster);
    const after = await waitForTargets("restored");
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(restored.map(({ metadata }) => metadata.uid));
    expect(after.map(({ metadata }) => metadata.annotations?.["perennial.dev/adopted"])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await expectAtRest("inside");
    const deletes = (await operatorRequests(cluster, mark)).filter(({ verb }) => verb === "delete");
    expect(deletes.map(printRequest)).toEqual([]);
  });

  function withoutServerFields({ metadata, status: _status, ...object }: KubernetesObject): object {
    const { name, namespace: where, labels = {}, annotations = {} } = metadata;
    return { ...object, metadata: { name, namespace: where, labels, annotations } };
  }
});

describe("a trigger that is deleted and made again", () => {
  it("while the operator is away: its target is taken over in one write, and nothing is deleted", async () => {
    const target: Place = ["configmap", "vault", "token"];
    await cluster.apply(secret("token"));
    const before = await waitForObject(cluster, target);
    await operator.stop();
    await cluster.kubectl("delete", "secret", "token", "-n", "vault");
    await cluster.apply(secret("token"));
    const { metadata } = await waitForObject(cluster, ["secret", "vault", "token"]);
    const mark = await markAudit(cluster);
    operator = await startOperator(cluster);
    const after = await waitForObject(cluster, target, isOf(metadata.uid ?? "?"));
    expect(after.metadata.uid).toBe(before.metadata.uid);
    await expectAtRest("beside");
    const writes = (await operatorRequests(cluster, mark)).filter(({ objectRef }) => objectRef?.name === "token");
    expect(writes.map(printRequest)).toEqual(["patch configmaps vault/token 200"]);
  });

  it("while the operator runs: its target is there, made for the new one", async () => {
    for (let times = 0; times < 3; times++) {
      await cluster.kubectl("delete", "secret", "token", "-n", "vault");
      await cluster.apply(secret("token"));
    }
    const { metadata } = await waitForObject(cluster, ["secret", "vault", "token"]);
    await waitForObject(cluster, ["configmap", "vault", "token"], isOf(metadata.uid ?? "?"));
    await expectAtRest("beside");
  });

  it("while the operator is away, and its target was edited and lost its annotations: it is the claim's all the same", async () => {
    await operator.stop();
    await cluster.kubectl("delete", "secret", "token", "-n", "vault");
    await cluster.apply(secret("token"));
    const { metadata } = await waitForObject(cluster, ["configmap", "vault", "token"]);
    const { labels = {} } = metadata;
    await cluster.apply(storedConfigMap("vault", "token", { of: "mallory" }, { labels }));
    const annotations = ["perennial.dev/rule-", "perennial.dev/trigger-", "perennial.dev/policy-ref-"];
    await cluster.kubectl("annotate", "configmap", "token", "-n", "vault", ...annotations);
    operator = await startOperator(cluster);
    const trigger = await waitForObject(cluster, ["secret", "vault", "token"]);
    const after = await waitForObject(cluster, ["configmap", "vault", "token"], isOf(trigger.metadata.uid ?? "?"));
    expect(after.metadata.uid).toBe(metadata.uid);
    expect(after.data).toEqual({ of: "token" });
    await expectAtRest("beside");
  });
});
