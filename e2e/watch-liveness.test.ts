/** Watches that live: resumed from bookmarks, kept alive, not trusted when silent; and lists that count only when whole. */

import { readdir, readFile, readlink } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultProxy, FaultRule, ProxiedRequest } from "./fault-proxy/index.ts";
import { statusBody } from "./fault-proxy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  hasData,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  policyStatus,
  printRequest,
  startCluster,
  startOperator,
  startProxy,
  storedConfigMap,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
} from "./harness/index.ts";

const LABEL = "liveness";
const SECONDS = { deadline: 15_000 };

const NETWORK_POLICY = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  data: { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
};

let cluster: Cluster;
let proxy: FaultProxy;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  const access = await startProxy(cluster);
  proxy = access.proxy;
  operator = await startOperator(cluster, { flags: ["--kubeconfig", access.kubeconfig, "--watch-silence=5s"] });
  const settings = configMap("settings", { owner: TRIGGER_NAME });
  const denial = { ...NETWORK_POLICY, name: "default-deny", namespace: TRIGGER_NAME };
  await cluster.apply(
    clusterPolicy(
      "baseline",
      { name: "settings", match: namespacesLabelled(LABEL), generate: settings },
      { name: "deny", match: namespacesLabelled(LABEL), generate: denial },
    ),
    namespace("home", { [LABEL]: "yes" }),
  );
  await waitForObject(cluster, ["networkpolicy", "home", "default-deny"]);
  await waitForCondition(cluster, "baseline", { type: "Ready", status: "True" });
});

afterAll(async () => {
  proxy?.calm();
  await operator?.stop();
  await proxy?.stop();
  await cluster?.stop();
});

function isWatchOf(plural: string, { path, isWatch }: ProxiedRequest): boolean {
  return isWatch && path.endsWith(`/${plural}`);
}

function isListOf(plural: string, { path, isWatch, method }: ProxiedRequest): boolean {
  return method === "GET" && !isWatch && path.endsWith(`/${plural}`);
}

/** What a watch asked for, and what it was told: the resourceVersions. */
type Connection = { from: string; told: { type: string; resourceVersion: string }[] };

/** Writes down the connections of one watch, and has the server end each after seconds; it sends bookmarks shortly before. */
function recording(plural: string, connections: Connection[]): FaultRule {
  return {
    request(request) {
      if (!isWatchOf(plural, request)) return undefined;
      connections.push({ from: request.query.get("resourceVersion") ?? "", told: [] });
      return { fault: "ask", query: { timeoutSeconds: "4" } };
    },
    line({ type, resourceVersion }, request) {
      if (isWatchOf(plural, request)) connections.at(-1)?.told.push({ type, resourceVersion });
      return undefined;
    },
  };
}

describe("a watch that is opened again", () => {
  it("goes on from the last bookmark, be it ended or reset", { timeout: 120_000 }, async () => {
    const connections: Connection[] = [];
    const endWithBookmark = () => connections.filter(({ told }) => told.at(-1)?.type === "BOOKMARK").length;
    await proxy.during(recording("networkpolicies", connections), async () => {
      proxy.resetAll();
      await waitUntil("watches had bookmarks and ended", async () => {
        await createOther(connections.length); // so that there is something to tell
        return endWithBookmark() >= 2 && connections.at(-1)?.told.at(-1)?.type === "BOOKMARK";
      });
      const before = connections.length;
      proxy.resetAll();
      await waitUntil("it is open again", async () => connections.length > before);
    });
    const follows = connections.slice(1).map(({ from }, i) => [from, connections[i]?.told.at(-1)] as const);
    const resumed = follows.filter(([, last]) => last?.type === "BOOKMARK");
    expect(resumed.length).toBeGreaterThanOrEqual(2);
    for (const [from, last] of resumed) expect(from).toBe(last?.resourceVersion);
    expect(new Set(resumed.map(([from]) => from)).size).toBeGreaterThanOrEqual(2);
  });

  /** One that is not marked: the watch is not told of it, but bookmarks go beyond it. */
  async function createOther(i: number): Promise<void> {
    const object = {
      ...NETWORK_POLICY,
      metadata: { namespace: "home", name: `other-${i}` },
      spec: NETWORK_POLICY.data.spec,
    };
    await cluster.apply({ ...object, data: undefined });
  }

  it("makes its policies Ready again as soon as it is not refused any more", async () => {
    const unavailable: FaultRule = {
      request: (request) => {
        const body = statusBody(503, "ServiceUnavailable", "not now");
        return isWatchOf("networkpolicies", request) ? { fault: "answer", status: 503, body } : undefined;
      },
    };
    await proxy.during(unavailable, async () => {
      proxy.resetAll();
      await waitUntil("the status says why", async () => {
        const ready = condition(await policyStatus(cluster, "baseline"), "Ready");
        if (ready?.reason !== "Unreachable") return false;
        return ready.message.includes("cannot watch networkpolicies.networking.k8s.io: not now");
      });
    });
    const since = performance.now();
    await waitForCondition(cluster, "baseline", { type: "Ready", status: "True" });
    expect(performance.now() - since).toBeLessThan(SECONDS.deadline); // bookmarks come once a minute
  });
});

describe("a watch of a resource version that the server has not reached", () => {
  it("is given up for a list, though the server neither refuses it nor says anything", {
    timeout: 90_000,
  }, async () => {
    const ahead: FaultRule = {
      request: (request) =>
        isWatchOf("networkpolicies", request) ? { fault: "ask", query: { resourceVersion: "9999999999" } } : undefined,
    };
    await proxy.during(ahead, async () => {
      proxy.resetAll();
      await waitUntil("it is open", async () => proxy.seen.some((request) => isWatchOf("networkpolicies", request)));
      await cluster.kubectl("delete", "networkpolicy", "default-deny", "-n", "home");
      await waitForObject(cluster, ["networkpolicy", "home", "default-deny"]);
    });
  });
});

describe("every connection to the API server", () => {
  it("has TCP keep-alive of at most 30 s", async () => {
    await waitUntil("all timers are those of keep-alive", async () => {
      const timers = await timersOf(operator.pid, proxy.port);
      expect(timers.length).toBeGreaterThanOrEqual(8); // seven watches at least, and what is asked besides
      for (const { kind, seconds } of timers) {
        expect(kind).toBe(KEEP_ALIVE);
        expect(seconds).toBeLessThanOrEqual(30);
      }
      return true;
    });
  });

  const ESTABLISHED = "01";
  const KEEP_ALIVE = "02";

  /** The timers of the process's connections to a port, as Linux tells them in /proc/net/tcp. */
  async function timersOf(pid: number, port: number): Promise<{ kind: string; seconds: number }[]> {
    const folder = `/proc/${pid}/fd`;
    const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => "")));
    const sockets = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
    const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
    const rows = (await readFile("/proc/net/tcp", "utf8")).trimEnd().split("\n").slice(1);
    return rows
      .map((row) => row.trim().split(/\s+/))
      .filter(([, , to, state, , , , , , inode]) => to?.endsWith(remote) && state === ESTABLISHED && sockets.has(inode))
      .map(([, , , , , timer = ""]) => {
        const [kind = "", hundredths = ""] = timer.split(":");
        return { kind, seconds: Number.parseInt(hundredths, 16) / 100 };
      });
  }
});

describe("a list that has to begin anew", () => {
  const TRIGGERS = 550; // more than a page
  const name = (i: number) => `trigger-${i}`;
  const trigger = (i: number) => storedConfigMap("many", name(i), {}, { labels: { many: "yes" } });
  const GONE = [7, 540];

  async function targets(): Promise<Map<string, string>> {
    const { body } = await cluster.plane.request("GET", "/apis/networking.k8s.io/v1/namespaces/many/networkpolicies");
    const { items } = body as { items: Parameters<typeof versionOf>[0][] }; // a list
    return new Map(items.map((item) => [item.metadata.name, versionOf(item)]));
  }

  it("prunes nothing before it is whole, serves what it knew meanwhile, and then only what is gone goes", {
    timeout: 180_000,
  }, async () => {
    const match = { any: [{ resources: { kinds: ["ConfigMap"], selector: { matchLabels: { many: "yes" } } } }] };
    const generate = { ...NETWORK_POLICY, name: TRIGGER_NAME, namespace: "many" };
    await cluster.apply(namespace("many"), clusterPolicy("many", { name: "deny", match, generate }));
    await cluster.apply(...Array.from({ length: TRIGGERS }, (_, i) => trigger(i)));
    await waitUntil("all targets", async () => (await targets()).size === TRIGGERS, { interval: 300 });
    await waitForCondition(cluster, "many", { type: "InSync", status: "True" });
    const before = await targets();

    const released = Promise.withResolvers<void>();
    let expired = false;
    let refusals = 0;
    let held = 0;
    const struck: FaultRule = {
      // nothing is heard of the ConfigMaps
      line: (_, request) => (isWatchOf("configmaps", request) ? { fault: "swallow" } : undefined),
      request(request) {
        if (isWatchOf("configmaps", request) && !expired) {
          expired = true;
          return { fault: "answer", status: 410, body: statusBody(410, "Expired", "too old") };
        }
        if (!isListOf("configmaps", request) || !request.query.has("continue")) return undefined;
        // a continue token that is too old, a page that is cut off, and then one that takes its time
        refusals += 1;
        if (refusals === 1) return { fault: "answer", status: 410, body: statusBody(410, "Expired", "the token") };
        if (refusals === 2) return { fault: "cut-answer" };
        held += 1;
        return { fault: "hold", until: released.promise };
      },
    };
    await proxy.during(struck, async () => {
      for (const i of GONE) await cluster.kubectl("delete", "configmap", name(i), "-n", "many");
      proxy.resetAll();
      await waitUntil("the second page is asked for", async () => held > 0);
      // by what it knew before
      await cluster.kubectl("delete", "networkpolicy", name(3), "-n", "many");
      await cluster.kubectl("delete", "networkpolicy", name(GONE[0] ?? 0), "-n", "many");
      for (const i of [3, GONE[0] ?? 0]) await waitForObject(cluster, ["networkpolicy", "many", name(i)]);
      const meanwhile = await targets();
      expect([...meanwhile.keys()].sort()).toEqual([...before.keys()].sort());
      released.resolve();
      await waitUntil("what is gone goes", async () => {
        const now = await targets();
        return GONE.every((i) => !now.has(name(i)));
      });
    });
    expect([refusals, held]).toEqual([3, 1]);
    await waitForCondition(cluster, "many", { type: "InSync", status: "True" });
    const after = await targets();
    const untouched = [...before].filter(([target]) => ![3, ...GONE].map(name).includes(target));
    expect([...after].filter(([target]) => target !== name(3))).toEqual(untouched);
  });

  it("takes nothing for gone that was made after it was taken", async () => {
    const released = Promise.withResolvers<void>();
    let held = 0;
    let expired = false;
    const struck: FaultRule = {
      request(request) {
        if (isWatchOf("networkpolicies", request) && !expired) {
          expired = true;
          return { fault: "answer", status: 410, body: statusBody(410, "Expired", "too old") };
        }
        if (!isListOf("networkpolicies", request) || !request.query.has("continue")) return undefined;
        held += 1;
        return { fault: "hold", until: released.promise };
      },
    };
    const made = name(TRIGGERS + 1);
    const mark = await markAudit(cluster);
    await proxy.during(struck, async () => {
      proxy.resetAll();
      await waitUntil("the second page is asked for", async () => held > 0);
      await cluster.apply(trigger(TRIGGERS + 1));
      await waitForObject(cluster, ["networkpolicy", "many", made]);
      released.resolve();
      // an event after the list
      await cluster.kubectl("delete", "networkpolicy", name(1), "-n", "many");
      await waitForObject(cluster, ["networkpolicy", "many", name(1)]);
    });
    const asked = (await operatorRequests(cluster, mark)).filter(({ objectRef }) => objectRef?.name === made);
    expect(asked.map(printRequest)).toEqual([`patch networkpolicies many/${made} 201`]);
  });

  it("is followed by a watch that misses nothing", async () => {
    await cluster.apply(trigger(TRIGGERS));
    await waitForObject(cluster, ["networkpolicy", "many", name(TRIGGERS)]);
    await cluster.apply(storedConfigMap("home", "settings", { owner: "mallory" }));
    await waitForObject(cluster, ["configmap", "home", "settings"], hasData({ owner: "home" }));
  });
});
