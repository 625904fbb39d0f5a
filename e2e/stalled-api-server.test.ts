/** An API server that answers nothing any more, and closes nothing: who cannot renew the Lease writes nothing. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultProxy, ProxiedRequest } from "./fault-proxy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  startCluster,
  startOperator,
  startProxy,
  TRIGGER_NAME,
  waitForCondition,
  waitUntil,
} from "./harness/index.ts";

const LABEL = "stalls";
const MARKED = "perennial.dev/target";
/** Milliseconds from the last renewal until the Lease counts as lost. */
const RENEW_DEADLINE = 6_000;

let cluster: Cluster;
let proxy: FaultProxy;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  const access = await startProxy(cluster);
  proxy = access.proxy;
  // so much at once that most of it waits for a connection
  operator = await startOperator(cluster, { flags: ["--kubeconfig", access.kubeconfig, "--concurrency=256"] });
  const generate = configMap("settings", { owner: TRIGGER_NAME });
  await cluster.apply(clusterPolicy("settings", { name: "make", match: namespacesLabelled(LABEL), generate }));
  await waitForCondition(cluster, "settings", { type: "Ready", status: "True" });
});

afterAll(async () => {
  proxy?.thaw();
  proxy?.calm();
  await operator?.stop();
  await proxy?.stop();
  await cluster?.stop();
});

function isLease({ path }: ProxiedRequest): boolean {
  return path.includes("/leases");
}

/** The first one creates the Lease. */
function isRenewal(request: ProxiedRequest): boolean {
  return isLease(request) && request.method !== "GET";
}

function isRenewed(request: ProxiedRequest): boolean {
  return isRenewal(request) && (request.status ?? 500) < 300;
}

/** Reviews and trials store nothing. */
function isWrite(request: ProxiedRequest): boolean {
  const stores = !request.path.includes("authorization.k8s.io") && !request.query.has("dryRun");
  return request.method !== "GET" && !isLease(request) && stores;
}

async function isLeading(): Promise<boolean> {
  return /^perennial_leading 1$/m.test(await operator.metrics());
}

async function createNamespaces(names: readonly string[]): Promise<void> {
  const answers = await Promise.all(
    names.map((name) => cluster.plane.request("POST", "/api/v1/namespaces", namespace(name, { [LABEL]: "yes" }))),
  );
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201));
}

describe("an API server that stalls", () => {
  it("costs the Lease; nothing is sent after that, not even what waited for a connection, until it is held again", {
    timeout: 180_000,
  }, async () => {
    const names = Array.from({ length: 200 }, (_, i) => `stalled-${i}`);
    const mark = await markAudit(cluster);
    // the namespaces are seen, and the first 64 writes get no answer
    const answered = Promise.withResolvers<void>();
    let held = 0;
    let frozen = Number.POSITIVE_INFINITY;
    const rule = (request: ProxiedRequest) => {
      if (isLease(request)) return request.at > frozen ? ({ fault: "stall" } as const) : undefined;
      if (!isWrite(request)) return undefined;
      held += 1;
      return { fault: "hold", until: answered.promise } as const;
    };
    const tries = async (count: number): Promise<void> => {
      const before = proxy.seen.length;
      await waitUntil("it is tried to get the Lease again", async () => {
        return proxy.seen.slice(before).filter(isLease).length >= count;
      });
    };
    await proxy.during({ request: rule }, async () => {
      await createNamespaces(names);
      await waitUntil("all connections wait for an answer", async () => held >= 64);
      expect(await isLeading()).toBe(true);
      frozen = performance.now();
      proxy.freeze();
      await waitUntil("the Lease is lost", async () => !(await isLeading()));
      expect((await fetch(`${operator.url}/readyz`)).status).toBe(503);
      await tries(1);
      // all goes on, only that the Lease takes longer
      answered.resolve();
      proxy.thaw();
      await tries(2);
    });

    await waitUntil("the Lease is held again", isLeading);
    await waitUntil("all targets", async () => (await cluster.list("configmaps", "", MARKED)).length === names.length, {
      interval: 500,
    });
    await operator.ready();

    const renewed = proxy.seen.filter((request) => isRenewed(request) && request.at < frozen).at(-1)?.at ?? 0;
    const regained = proxy.seen.find((request) => isRenewed(request) && request.at > renewed + RENEW_DEADLINE)?.at ?? 0;
    expect(regained).toBeGreaterThan(renewed + RENEW_DEADLINE);
    const late = proxy.seen.filter(
      (request) => isWrite(request) && request.at > renewed + RENEW_DEADLINE && request.at < regained,
    );
    expect(late.map(({ method, path }) => `${method} ${path}`)).toEqual([]);

    const made = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef, responseStatus }) =>
        objectRef?.resource === "configmaps" && objectRef.name === "settings" && (responseStatus?.code ?? 500) < 300,
    );
    expect(made.map(({ verb, responseStatus }) => `${verb} ${responseStatus?.code}`)).toEqual(
      names.map(() => "patch 201"),
    );
    await waitForCondition(cluster, "settings", { type: "InSync", status: "True" });
  });

  it("costs nothing when only one renewal hangs", async () => {
    const lost = () => operator.log().filter(({ msg }) => msg.startsWith("the Lease was lost")).length;
    const before = lost();
    let hung: number | undefined;
    const rule = (request: ProxiedRequest) => {
      if (hung !== undefined || !isRenewal(request)) return undefined;
      hung = request.at;
      return { fault: "stall" } as const;
    };
    await proxy.during({ request: rule }, async () => {
      await waitUntil("a renewal hangs", async () => hung !== undefined);
      const since = proxy.seen.length;
      await waitUntil("three more", async () => proxy.seen.slice(since).filter(isRenewal).length >= 3);
    });
    const renewals = proxy.seen.filter(isRenewal).map(({ at }) => at);
    const at = renewals.indexOf(hung ?? 0);
    expect((renewals[at + 1] ?? 0) - (renewals[at - 1] ?? 0)).toBeLessThan(RENEW_DEADLINE);
    expect(lost()).toBe(before);
    expect(await isLeading()).toBe(true);
  });

  it("does not keep the process from ending", async () => {
    proxy.freeze();
    const since = performance.now();
    expect(await operator.stop()).toBe(0);
    expect(performance.now() - since).toBeLessThan(25_000); // a Pod has 30 s
  });
});
