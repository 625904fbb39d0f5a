/** Whatever goes wrong between operator and API server: no event is lost, and nothing is written twice. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  errorLine,
  type FaultProxy,
  type FaultRule,
  type LineFault,
  type ProxiedRequest,
  type RequestFault,
  statusBody,
} from "./fault-proxy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  hasData,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  startCluster,
  startOperator,
  startProxy,
  TRIGGER_NAME,
  versionOf,
  waitForCondition,
  waitForObject,
  waitUntil,
  waitUntilGone,
} from "./harness/index.ts";

const LABEL = "faults";

const NETWORK_POLICY = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  name: "default-deny",
  namespace: TRIGGER_NAME,
  data: { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
};

let cluster: Cluster;
let proxy: FaultProxy;
let operator: OperatorProcess;
let operatorFlags: string[];

beforeAll(async () => {
  cluster = await startCluster();
  const access = await startProxy(cluster);
  proxy = access.proxy;
  operatorFlags = ["--kubeconfig", access.kubeconfig, "--watch-silence=5s"];
  operator = await startOperator(cluster, { flags: operatorFlags });
  await cluster.apply(
    clusterPolicy(
      "baseline",
      { name: "deny", match: namespacesLabelled(LABEL), generate: NETWORK_POLICY },
      { name: "settings", match: namespacesLabelled(LABEL), generate: configMap("settings", { owner: TRIGGER_NAME }) },
    ),
  );
  await waitForCondition(cluster, "baseline", { type: "Ready", status: "True" });
});

afterAll(async () => {
  proxy?.calm();
  await operator?.stop();
  await proxy?.stop();
  await cluster?.stop();
});

const WATCHED = ["namespaces", "configmaps", "networkpolicies"];

/** Everything but the Lease: what becomes of that is told elsewhere. */
function isWork({ path }: ProxiedRequest): boolean {
  return !path.includes("/leases");
}

function isWrite(request: ProxiedRequest): boolean {
  return isWork(request) && ["PATCH", "DELETE"].includes(request.method) && !request.path.endsWith("/status");
}

function isWatch({ isWatch: watches, path }: ProxiedRequest): boolean {
  return watches && WATCHED.some((plural) => path.endsWith(`/${plural}`));
}

function isList(request: ProxiedRequest): boolean {
  return request.method === "GET" && !request.isWatch && WATCHED.some((plural) => request.path.endsWith(`/${plural}`));
}

type Where = (request: ProxiedRequest) => boolean;

/** The first so many of them. */
function first(count: number, where: Where, fault: RequestFault): FaultRule {
  let struck = 0;
  return { request: (request) => (where(request) && struck++ < count ? fault : undefined) };
}

/** One of so many, for as long as it lasts. */
function every(nth: number, where: Where, fault: RequestFault): FaultRule {
  let seen = 0;
  return { request: (request) => (where(request) && seen++ % nth === 0 ? fault : undefined) };
}

/** At one of so many events: the others come through. */
function everyEvent(nth: number, fault: LineFault): FaultRule {
  let seen = 0;
  return { line: (_, request) => (isWatch(request) && seen++ % nth === nth - 1 ? fault : undefined) };
}

/** At the first event of each watched resource. */
function oncePerResource(fault: LineFault): FaultRule {
  const struck = new Set<string>();
  return {
    line(_, request) {
      if (!isWatch(request) || struck.has(request.path)) return undefined;
      struck.add(request.path);
      return fault;
    },
  };
}

function answer(status: number, reason: string, message = reason, headers: { [name: string]: string } = {}) {
  return { fault: "answer", status, body: statusBody(status, reason, message), headers } as const;
}

const EXPIRED = answer(410, "Expired", "too old resource version: 1 (2)");
const TOO_LARGE = answer(504, "Timeout", "Timeout: Too large resource version: 9, current: 1");
const THROTTLED = answer(429, "TooManyRequests", "too many requests", { "retry-after": "1" });
const UNAVAILABLE = answer(503, "ServiceUnavailable", "apiserver is shutting down");
const HTML = { fault: "answer", status: 200, body: "<html>Please log in</html>" } as const;
const OTHER_JSON = { fault: "answer", status: 200, body: '{"error":"please log in"}' } as const;
const BAD_GATEWAY = { fault: "answer", status: 502, body: "<html>Bad Gateway</html>" } as const;
const EXPIRED_EVENT = { fault: "say", line: errorLine(410, "Expired", "too old resource version: 1 (2)") } as const;
const INTERNAL_EVENT = { fault: "say", line: errorLine(500, "InternalError", "an internal error") } as const;

type Case = {
  rule: () => FaultRule;
  /** As many strikes as there must be; then the faults end. */
  strikes: number;
  /** The connections there are break at the beginning, so that watches have to be opened again. */
  reconnects?: boolean;
  /** Why watches are opened again. */
  because?: "ended" | "failed" | "silent" | "expired";
};

const CASES: [string, Case][] = [
  [
    "watches that are reset while they open",
    { rule: () => first(9, isWatch, { fault: "reset" }), strikes: 9, reconnects: true },
  ],
  [
    "events that are lost with their connection",
    { rule: () => everyEvent(3, { fault: "reset" }), strikes: 4, because: "failed" },
  ],
  [
    "events that are cut in the middle by a reset",
    { rule: () => everyEvent(3, { fault: "cut" }), strikes: 4, because: "failed" },
  ],
  [
    "events that are cut in the middle by an end",
    { rule: () => everyEvent(3, { fault: "end" }), strikes: 4, because: "ended" },
  ],
  ["an error in the stream", { rule: () => everyEvent(3, INTERNAL_EVENT), strikes: 4, because: "failed" }],
  ["a watch that falls silent", { rule: () => oncePerResource({ fault: "stall" }), strikes: 3, because: "silent" }],
  [
    "watches that are never answered",
    { rule: () => first(3, isWatch, { fault: "stall" }), strikes: 3, reconnects: true, because: "silent" },
  ],
  ["410 in the stream", { rule: () => everyEvent(4, EXPIRED_EVENT), strikes: 3, because: "expired" }],
  ["410 on resuming", { rule: () => first(6, isWatch, EXPIRED), strikes: 6, reconnects: true, because: "expired" }],
  [
    "504, a resource version that is too large",
    { rule: () => first(6, isWatch, TOO_LARGE), strikes: 6, reconnects: true, because: "expired" },
  ],
  ["429 with Retry-After to everything", { rule: () => first(20, isWork, THROTTLED), strikes: 20, reconnects: true }],
  ["503 to everything", { rule: () => first(20, isWork, UNAVAILABLE), strikes: 20, reconnects: true }],
  ["502 to everything", { rule: () => first(20, isWork, BAD_GATEWAY), strikes: 20, reconnects: true }],
  ["a load balancer's page with status 200", { rule: () => first(20, isWork, HTML), strikes: 20, reconnects: true }],
  [
    "a load balancer's JSON with status 200",
    { rule: () => first(20, isWork, OTHER_JSON), strikes: 20, reconnects: true },
  ],
  ["writes that are reset", { rule: () => every(2, isWrite, { fault: "reset" }), strikes: 6 }],
  ["writes whose answers are lost", { rule: () => every(1, isWrite, { fault: "lose-answer" }), strikes: 10 }],
  ["writes whose answers are cut", { rule: () => every(2, isWrite, { fault: "cut-answer" }), strikes: 5 }],
  ["writes that are answered with 503", { rule: () => every(2, isWrite, UNAVAILABLE), strikes: 6 }],
  ["writes that are never answered", { rule: () => first(6, isWrite, { fault: "stall" }), strikes: 6 }],
  [
    "lists that are cut, refused, reset and never answered, after 410",
    {
      rule: () => {
        const faults: RequestFault[] = [
          { fault: "cut-answer" },
          { fault: "reset" },
          HTML,
          UNAVAILABLE,
          OTHER_JSON,
          { fault: "stall" },
        ];
        const expired = first(3, isWatch, EXPIRED);
        return { request: (request) => expired.request?.(request) ?? (isList(request) ? faults.shift() : undefined) };
      },
      strikes: 9,
      reconnects: true,
      because: "expired",
    },
  ],
];

describe("no event is lost and nothing is written twice with", () => {
  it.each(CASES)("%s", { timeout: 180_000 }, async (what, { rule, strikes, reconnects = false, because }) => {
    const names = namesFor(what);
    await settle(names);
    const before = await reopened(because ?? "failed");
    const mark = await markAudit(cluster);
    const struckBefore = proxy.strikes;
    await proxy.during(rule(), async () => {
      if (reconnects) proxy.resetAll();
      await disturb(names);
      const needed = struckBefore + strikes + (reconnects ? 1 : 0);
      await waitUntil(`${strikes} faults`, async () => proxy.strikes >= needed, { deadline: 90_000 });
    });
    await expectAtRest(names);
    expect(await writesTo(names, mark)).toEqual(expectedWrites(names));
    if (because !== undefined) expect(await reopened(because)).toBeGreaterThan(before);
    await waitForCondition(cluster, "baseline", { type: "Ready", status: "True" });
    await waitForCondition(cluster, "baseline", { type: "InSync", status: "True" });
  });
});

describe("a start in the middle of it", () => {
  it("comes to its end, and nothing is written that was right", { timeout: 180_000 }, async () => {
    const names = namesFor("start");
    await settle(names);
    await operator.stop();
    const faults: RequestFault[] = [
      ...[UNAVAILABLE, BAD_GATEWAY, HTML, OTHER_JSON, { fault: "reset" } as const, { fault: "cut-answer" } as const],
    ];
    // the first two times that it asks for something it gets one of them
    const asked = new Map<string, number>();
    let struck = 0;
    const rule: FaultRule = {
      request({ method, path, isWatch: watches }) {
        const what = `${method} ${path} ${watches}`;
        const times = asked.get(what) ?? 0;
        asked.set(what, times + 1);
        return times < 2 ? faults[struck++ % faults.length] : undefined;
      },
    };
    const mark = await markAudit(cluster);
    await proxy.during(rule, async () => {
      operator = await startOperator(cluster, { flags: operatorFlags, waitReady: false });
      await disturb(names);
      await operator.ready();
      await expectAtRest(names);
    });
    expect(struck).toBeGreaterThanOrEqual(30);
    expect(await writesTo(names, mark)).toEqual(expectedWrites(names));
    await waitForCondition(cluster, "baseline", { type: "InSync", status: "True" });
  });
});

type Names = { untouched: string; edited: string; bereft: string; released: string; fresh: string[] };

/** Each case has namespaces of its own. */
function namesFor(what: string): Names {
  const id = what
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40);
  const [untouched, edited, bereft, released, ...fresh] = ["u", "e", "b", "r", "n1", "n2", "n3"].map(
    (part) => `${id}-${part}`,
  ) as [string, string, string, string, ...string[]]; // seven names
  return { untouched, edited, bereft, released, fresh };
}

function settings(name: string) {
  return ["configmap", name, "settings"] as const;
}

function denial(name: string) {
  return ["networkpolicy", name, "default-deny"] as const;
}

let versions: string[] = [];

async function settle({ untouched, edited, bereft, released }: Names): Promise<void> {
  const names = [untouched, edited, bereft, released];
  await cluster.apply(...names.map((name) => namespace(name, { [LABEL]: "yes" })));
  for (const name of names) for (const place of [settings(name), denial(name)]) await waitForObject(cluster, place);
  versions = await versionsIn(untouched);
}

async function versionsIn(name: string): Promise<string[]> {
  const objects = await Promise.all([cluster.get(...settings(name)), cluster.get(...denial(name))]);
  return objects.map((object) => (object === undefined ? "gone" : versionOf(object)));
}

/** All kinds of events, while something goes wrong. */
async function disturb({ edited, bereft, released, fresh }: Names): Promise<void> {
  const edit = { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: edited, name: "settings" } };
  await cluster.apply(...fresh.map((name) => namespace(name, { [LABEL]: "yes" })), {
    ...edit,
    data: { owner: "mallory" },
  });
  await cluster.kubectl("delete", "networkpolicy", "default-deny", "-n", bereft, "--wait=false");
  await cluster.kubectl("label", "namespace", released, `${LABEL}-`);
}

async function expectAtRest({ untouched, edited, bereft, released, fresh }: Names): Promise<void> {
  for (const name of [untouched, edited, bereft, ...fresh]) {
    await waitForObject(cluster, settings(name), hasData({ owner: name }));
    await waitForObject(cluster, denial(name));
  }
  for (const place of [settings(released), denial(released)]) await waitUntilGone(cluster, place);
  expect(await versionsIn(untouched)).toEqual(versions);
}

/** The writes of the operator that the API server carried out, each as `verb resource namespace/name code`. */
async function writesTo(
  { untouched, edited, bereft, released, fresh }: Names,
  mark: Parameters<typeof operatorRequests>[1],
) {
  const ours = new Set([untouched, edited, bereft, released, ...fresh]);
  return (await operatorRequests(cluster, mark))
    .filter(({ verb, objectRef, responseStatus }) => {
      const done = (responseStatus?.code ?? 500) < 300 && ["patch", "delete"].includes(verb);
      return done && ours.has(objectRef?.namespace ?? "");
    })
    .map(({ verb, objectRef, responseStatus }) => {
      return `${verb} ${objectRef?.resource} ${objectRef?.namespace} ${responseStatus?.code}`;
    })
    .sort((a, b) => a.localeCompare(b));
}

function expectedWrites({ edited, bereft, released, fresh }: Names): string[] {
  return [
    `patch configmaps ${edited} 200`,
    `patch networkpolicies ${bereft} 201`,
    ...["configmaps", "networkpolicies"].flatMap((resource) => [
      `delete ${resource} ${released} 200`,
      ...fresh.map((name) => `patch ${resource} ${name} 201`),
    ]),
  ].sort((a, b) => a.localeCompare(b));
}

/** How many watches were opened again for that reason. */
async function reopened(because: string): Promise<number> {
  const lines = (await operator.metrics()).matchAll(/^perennial_watch_reopened_total\{(.*)\} (\d+)$/gm);
  return [...lines]
    .filter(([, labels]) => labels?.includes(`because="${because}"`))
    .reduce((total, [, , count]) => total + Number(count), 0);
}
