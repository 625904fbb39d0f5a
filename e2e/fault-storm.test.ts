/**
 * A storm: for a while any fault may strike anything the operator asks, while namespaces come, go and drift. Then it is calm,
 * and the state at rest is that of a run without faults.
 */

import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../src/object/index.ts";
import { type FaultProxy, type RandomSource, stormRule } from "./fault-proxy/index.ts";
import {
  type Audited,
  type AuditMark,
  type Cluster,
  clusterPolicy,
  configMap,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  printRequest,
  startCluster,
  startOperator,
  startProxy,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitUntil,
} from "./harness/index.ts";

/** Another storm with another seed; longer ones by PERENNIAL_STORM_SECONDS. */
const SEED = Number(process.env.PERENNIAL_STORM_SEED ?? randomInt(2 ** 31));
const STORM = Number(process.env.PERENNIAL_STORM_SECONDS ?? 45) * 1_000;
const NAMESPACES = 120;
const HANDS = 4;
const LABEL = "storm";

const SPEC = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
const NETWORK_POLICY = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  name: "default-deny",
  namespace: TRIGGER_NAME,
  data: { spec: SPEC },
};

const NAMESPACE = (name: string) => `/api/v1/namespaces/${name}`;
const SETTINGS = (name: string) => `/api/v1/namespaces/${name}/configmaps/settings`;
const DENIAL = (name: string) => `/apis/networking.k8s.io/v1/namespaces/${name}/networkpolicies/default-deny`;

let cluster: Cluster;
let proxy: FaultProxy;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  const access = await startProxy(cluster);
  proxy = access.proxy;
  operator = await startOperator(cluster, { flags: ["--kubeconfig", access.kubeconfig, "--watch-silence=5s"] });
  await cluster.apply(
    clusterPolicy(
      "storm",
      { name: "deny", match: namespacesLabelled(LABEL), generate: NETWORK_POLICY },
      { name: "settings", match: namespacesLabelled(LABEL), generate: configMap("settings", { owner: TRIGGER_NAME }) },
    ),
  );
  await waitForCondition(cluster, "storm", { type: "Ready", status: "True" });
});

afterAll(async () => {
  proxy?.calm();
  await operator?.stop();
  await proxy?.stop();
  await cluster?.stop();
});

/** Park and Miller's generator: enough to choose faults. */
function randomOf(seed: number): RandomSource {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** What was done to each namespace besides creating it: only those to which nothing was done have counted writes. */
const disturbances = new Map<string, number>();

async function change(path: string, edit: (object: KubernetesObject & JsonObject) => object): Promise<boolean> {
  const { status, body } = await cluster.plane.request("GET", path);
  if (status !== 200) return false;
  const answer = await cluster.plane.request("PUT", path, edit(body as KubernetesObject & JsonObject)); // the stored object
  return answer.status === 200;
}

async function create(name: string): Promise<boolean> {
  const { status } = await cluster.plane.request("POST", "/api/v1/namespaces", namespace(name, { [LABEL]: "yes" }));
  return status === 201;
}

async function remove(path: string): Promise<boolean> {
  return (await cluster.plane.request("DELETE", path)).status < 300;
}

function relabel(labels: { [name: string]: string }) {
  return (object: KubernetesObject & JsonObject) => ({ ...object, metadata: { ...object.metadata, labels } });
}

const DISTURBANCES: readonly ((name: string) => Promise<boolean>)[] = [
  (name) => change(SETTINGS(name), (object) => ({ ...object, data: { owner: "mallory", more: "of it" } })),
  (name) => change(DENIAL(name), (object) => ({ ...object, spec: { ...SPEC, egress: [{}] } })),
  (name) => remove(SETTINGS(name)),
  (name) => remove(DENIAL(name)),
  (name) => change(NAMESPACE(name), relabel({})),
  (name) => change(NAMESPACE(name), relabel({ [LABEL]: "yes" })),
  (name) => remove(NAMESPACE(name)),
  (name) => create(name), // one that was removed
];

/** Creates the namespaces, and in between disturbs those that it may: one in three. */
async function commotion(random: RandomSource, until: number): Promise<void> {
  let created = 0;
  const disturbed: string[] = [];
  const hand = async (): Promise<void> => {
    while (created < NAMESPACES || performance.now() < until) {
      const name = disturbed[Math.floor(random() * disturbed.length)];
      if (created < NAMESPACES && (name === undefined || random() < 0.5)) {
        const number = created++;
        expect(await create(`storm-${number}`)).toBe(true);
        if (number % 3 === 0) disturbed.push(`storm-${number}`);
      } else if (name !== undefined) {
        const disturb = DISTURBANCES[Math.floor(random() * DISTURBANCES.length)];
        if (await disturb?.(name)) disturbances.set(name, (disturbances.get(name) ?? 0) + 1);
      }
      await delay(random() * 60);
    }
  };
  await Promise.all(Array.from({ length: HANDS }, hand));
}

/** Connections break as a whole, too. */
async function breakConnections(random: RandomSource, until: number): Promise<void> {
  while (performance.now() < until) {
    await delay(2_000 + random() * 6_000);
    proxy.resetAll();
  }
}

async function list(path: string): Promise<KubernetesObject[]> {
  const { body } = await cluster.plane.request("GET", path);
  return (body as { items: KubernetesObject[] }).items; // a list
}

const MARKED = "?labelSelector=perennial.dev/target";

async function targets(): Promise<KubernetesObject[]> {
  const found = await Promise.all([
    list(`/api/v1/configmaps${MARKED}`),
    list(`/apis/networking.k8s.io/v1/networkpolicies${MARKED}`),
  ]);
  return found.flat();
}

function byText(a: string, b: string): number {
  return a.localeCompare(b);
}

function print(kind: string, name: string, content: unknown): string {
  return `${kind} ${name} ${JSON.stringify(content)}`;
}

/** What the stored namespaces call for, and what is there. */
async function stateAtRest(): Promise<{ expected: string[]; found: string[] }> {
  const triggers = (await list(`/api/v1/namespaces?labelSelector=${LABEL}=yes`)).map(({ metadata }) => metadata.name);
  const expected: string[] = triggers.flatMap((name) => [
    print("settings", name, { owner: name }),
    print("default-deny", name, SPEC),
  ]);
  const found: string[] = (await targets()).map((object) =>
    print(object.metadata.name, object.metadata.namespace ?? "", object.data ?? object.spec),
  );
  return { expected: expected.toSorted(byText), found: found.toSorted(byText) };
}

async function waitForRest(): Promise<void> {
  const isRest = async (): Promise<boolean> => {
    const going = await list("/api/v1/namespaces");
    if (going.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) throw new Error("namespaces are going");
    const { expected, found } = await stateAtRest();
    expect(found).toEqual(expected);
    return true;
  };
  // what stalled is given up after 30 s, and tried again
  await waitUntil("the state is that of a run without faults", isRest, { deadline: 120_000, interval: 1_000 });
}

/** The writes that the API server carried out, by namespace and resource. */
async function writesSince(mark: AuditMark): Promise<Map<string, Audited[]>> {
  const done = (await operatorRequests(cluster, mark)).filter(
    ({ verb, responseStatus }) => ["patch", "delete"].includes(verb) && (responseStatus?.code ?? 500) < 300,
  );
  return Map.groupBy(done, ({ objectRef }) => `${objectRef?.namespace} ${objectRef?.resource}`);
}

it(`comes to rest as without faults after a storm (PERENNIAL_STORM_SEED=${SEED})`, {
  timeout: STORM + 300_000,
}, async () => {
  console.log(`the storm has seed ${SEED}`);
  const random = randomOf(SEED);
  const struck = new Map<string, number>();
  const onStrike = (fault: string): unknown => struck.set(fault, (struck.get(fault) ?? 0) + 1);
  const mark = await markAudit(cluster);
  const until = performance.now() + STORM;
  await proxy.during(stormRule({ random, requests: 0.25, lines: 0.12, onStrike }), () =>
    Promise.all([commotion(random, until), breakConnections(random, until)]),
  );
  console.log(Object.fromEntries(struck));
  await waitForRest();
  await operator.ready();
  for (const type of ["Ready", "InSync"]) await waitForCondition(cluster, "storm", { type, status: "True" });

  const writes = await writesSince(mark);
  for (let i = 0; i < NAMESPACES; i++) {
    const name = `storm-${i}`;
    for (const resource of ["configmaps", "networkpolicies"]) {
      const count = writes.get(`${name} ${resource}`)?.length ?? 0;
      const disturbed = disturbances.get(name) ?? 0;
      const most = 1 + 2 * disturbed;
      if (disturbed === 0) expect([name, resource, count]).toEqual([name, resource, 1]);
      else expect(count, `${name} ${resource}`).toBeLessThanOrEqual(most);
    }
  }
});

it("leaves nothing to do for a run without faults", async () => {
  const before = (await targets()).map(versionOf);
  await operator.stop();
  const mark = await markAudit(cluster);
  operator = await startOperator(cluster);
  await cluster.apply(namespace("afterwards", { [LABEL]: "yes" }));
  await waitUntil("a namespace that came last is served", async () => {
    const { status } = await cluster.plane.request("GET", DENIAL("afterwards"));
    return status === 200 && (await cluster.plane.request("GET", SETTINGS("afterwards"))).status === 200;
  });
  const written = (await operatorRequests(cluster, mark)).filter(
    ({ verb, objectRef }) => ["patch", "delete"].includes(verb) && objectRef?.namespace?.startsWith("storm-"),
  );
  expect(written.map(printRequest)).toEqual([]);
  const after = new Set((await targets()).map(versionOf));
  expect(before.filter((version) => !after.has(version))).toEqual([]);
});
