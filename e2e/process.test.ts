/** The operator as a process: its flags, logs and pages, how it begins and ends, and how two of them get along. */

import { type SpawnOptions, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  clusterPolicy,
  configMap,
  installPolicyDefinitions,
  namespacesLabelled,
  OPERATOR_NAMESPACE,
  type OperatorProcess,
  type OperatorProcessOptions,
  PROGRAM,
  PROGRAM_PATH,
  removeDefinition,
  startCluster,
  startOperator,
  waitUntil,
} from "./harness/index.ts";

const LABEL = "process";

let cluster: Cluster;
const running: OperatorProcess[] = [];

beforeAll(async () => {
  cluster = await startCluster();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((operator) => operator[Symbol.asyncDispose]()));
});

afterAll(async () => {
  await cluster?.stop();
});

/** Ended with its test, however that goes. */
async function start(options: OperatorProcessOptions = {}): Promise<OperatorProcess> {
  const operator = await startOperator(cluster, options);
  running.push(operator);
  return operator;
}

/** Runs the program until it ends by itself. */
async function run(argv: readonly string[], env: SpawnOptions["env"] = {}) {
  const child = spawn(PROGRAM, argv, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: PROGRAM_PATH, KUBERNETES_SERVICE_HOST: "", ...env }, // not in a Pod, even if the tests are
  });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

async function page(operator: OperatorProcess, path: string) {
  const answer = await fetch(`${operator.url}${path}`);
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", body: await answer.text() };
}

/** Waits until /readyz refuses with a reason that says so. */
async function waitForReason(operator: OperatorProcess, reason: RegExp): Promise<void> {
  await waitUntil(`not ready because ${reason}`, async () => {
    const { status, body } = await page(operator, "/readyz");
    if (status === 503 && reason.test(body)) return true;
    throw new Error(`${status} ${body}`);
  });
}

function leaseHolder(): Promise<string> {
  return cluster.kubectl("get", "lease", "perennial", "-n", OPERATOR_NAMESPACE, "-o=jsonpath={.spec.holderIdentity}");
}

/** A policy that is applied anew, and a new namespace that gets its object: the operator works. */
async function expectServed(namespace: string): Promise<void> {
  const generate = configMap("settings", { a: "b" });
  await waitUntil("the policy is taken", async () => {
    await cluster.apply(clusterPolicy("settings", { name: "make", match: namespacesLabelled(LABEL), generate }));
    return true;
  });
  await cluster.apply({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels: { [LABEL]: "yes" } },
  });
  await waitUntil(
    "the namespace is served",
    async () => (await cluster.get("configmap", namespace, "settings")) !== undefined,
  );
}

describe("a wrong command line", () => {
  const OPERATOR = ["operator", "--kubeconfig", "/nowhere/kubeconfig"];

  it.each<[mistake: string, argv: string[], says: RegExp]>([
    ["an unknown command", ["govern"], /unknown command 'govern'/],
    ["an unknown flag", ["operator", "--quickly"], /unknown option '--quickly'/],
    ["a flag without its value", ["operator", "--namespace"], /--namespace.*argument missing/],
    ["an argument too many", ["operator", "now"], /too many arguments/],
    ["no number", ["operator", "--concurrency", "many"], /--concurrency.*'many'.*whole number from 1 to 256/],
    ["a number out of bounds", ["operator", "--concurrency", "257"], /--concurrency.*'257'.*from 1 to 256/],
    ["no duration", ["operator", "--prune-delay", "soon"], /--prune-delay.*'soon'.*duration such as 10s/],
    ["too short a silence", ["operator", "--watch-silence", "10ms"], /--watch-silence.*'10ms'.*at least 1s/],
    ["an unknown level", ["operator", "--log-level", "loud"], /--log-level.*'loud'.*trace, debug, info/],
    ["no address", ["operator", "--metrics-address", "here"], /--metrics-address.*'here'.*such as :8080/],
    ["no name of a namespace", ["operator", "--namespace", "Ours!"], /--namespace.*'Ours!'.*lower-case letters/],
    ["no id", ["operator", "--installation", ""], /--installation.*1 to 63 lower-case letters/],
    ["a list with a wrong entry", ["operator", "--system-namespaces", "kube-public,Ours!"], /"Ours!" is no name/],
    [
      "a system namespace that is none",
      [...OPERATOR, "--system-namespaces", "shop"],
      /--system-namespaces.*kube-system.*shop is none of them/,
    ],
    ["neither a kubeconfig nor a Pod", ["operator"], /not in a Pod: name a kubeconfig with --kubeconfig/],
    ["no kubeconfig", OPERATOR, /cannot tell how to reach the cluster.*\/nowhere\/kubeconfig/],
  ])("is answered in one line and with exit code 2: %s", async (_mistake, argv, says) => {
    const { code, stdout, stderr } = await run(argv);
    expect(stderr).toMatch(/^perennial: [^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("is answered in the same way when Node.js is too old, which npx only warns of", async () => {
    const older = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'22.20.0'})";
    const { code, stderr } = await run(["plan", "-f", "/nowhere"], { NODE_OPTIONS: `--import ${older}` });
    expect(stderr).toBe("perennial: it needs Node.js 24 or newer, and this is 22.20.0\n");
    expect(code).toBe(2);
  });

  it("is answered in the same way when an environment variable is wrong", async () => {
    const { code, stderr } = await run(["operator"], { PERENNIAL_PRUNE_DELAY: "soon" });
    expect(stderr).toMatch(/^perennial: [^\n]*'soon'[^\n]*PERENNIAL_PRUNE_DELAY[^\n]*\n$/);
    expect(code).toBe(2);
  });

  it.each(["not a url", "10.0.0.1:6443", "ftp://10.0.0.1"])(
    "is answered in the same way when the server of the kubeconfig is wrong: %s",
    async (server) => {
      const folder = await mkdtemp(join(tmpdir(), "perennial-kubeconfig-"));
      const file = join(folder, "config");
      const clusters = [{ name: "ours", cluster: { server } }];
      const contexts = [{ name: "ours", context: { cluster: "ours", user: "me" } }];
      const users = [{ name: "me", user: { token: "t" } }];
      await writeFile(file, JSON.stringify({ clusters, contexts, users, "current-context": "ours" }));
      const { code, stderr } = await run(["operator", "--kubeconfig", file]);
      await rm(folder, { recursive: true });
      expect(stderr).toBe(
        `perennial: cannot tell how to reach the cluster: ${file}: the server of cluster "ours" is "${server}", which is no URL such as https://10.0.0.1:443\n`,
      );
      expect(code).toBe(2);
    },
  );

  it("is answered in the same way when the address is taken", async () => {
    const { url } = await start();
    const taken = url.replace("http://", "");
    const { code, stderr } = await run([
      "operator",
      "--kubeconfig",
      cluster.operatorKubeconfig,
      "--metrics-address",
      taken,
    ]);
    expect(stderr).toMatch(/^perennial: --metrics-address [^\n]* cannot be listened on: [^\n]*EADDRINUSE[^\n]*\n$/);
    expect(code).toBe(2);
  });

  it("is no such thing when help is asked for", async () => {
    const { code, stdout } = await run(["operator", "--help"]);
    expect(stdout).toContain("--prune-delay");
    expect(stdout).toContain("PERENNIAL_PRUNE_DELAY");
    expect(code).toBe(0);
  });
});

describe("what it tells", () => {
  it("is JSON, one object to a line, with level, time and message", async () => {
    const operator = await start();
    const lines = operator.output().trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const { level, time, msg } = JSON.parse(line);
      expect([typeof level, typeof msg]).toEqual(["number", "string"]);
      expect(new Date(time).toISOString()).toBe(time);
    }
  });

  it("is on /healthz, /readyz and /metrics", async () => {
    const operator = await start();
    expect(await page(operator, "/healthz")).toMatchObject({ status: 200, body: "ok\n" });
    expect(await page(operator, "/readyz")).toMatchObject({ status: 200, body: "ok\n" });
    const metrics = await page(operator, "/metrics");
    expect(metrics).toMatchObject({ status: 200, type: expect.stringContaining("text/plain") });
    expect(metrics.body).toMatch(/^# HELP perennial_\w+ \S/m);
    expect(metrics.body).toMatch(/^perennial_\w*leading\w* 1$/m);
    expect(await page(operator, "/anything")).toMatchObject({ status: 404 });
  });
});

describe("the environment", () => {
  it("stands for flags, with lists comma-separated", async () => {
    const operator = await start({
      bare: true,
      env: {
        PERENNIAL_KUBECONFIG: cluster.operatorKubeconfig,
        PERENNIAL_METRICS_ADDRESS: "127.0.0.1:0",
        PERENNIAL_LOG_LEVEL: "debug",
        PERENNIAL_SYSTEM_NAMESPACES: "kube-public,kube-node-lease",
      },
    });
    const generate = configMap("by-environment", { a: "b" });
    const match = { any: [{ resources: { kinds: ["Namespace"], names: ["kube-*"] } }] };
    await cluster.apply(clusterPolicy("by-environment", { name: "make", match, generate }));
    for (const namespace of ["kube-public", "kube-node-lease"])
      await waitUntil(
        `${namespace} is served`,
        async () => (await cluster.get("configmap", namespace, "by-environment")) !== undefined,
      );
    expect(await cluster.get("configmap", "kube-system", "by-environment")).toBeUndefined();
    expect(operator.log().some(({ level }) => level === 20)).toBe(true); // debug
    await cluster.kubectl("delete", "clusterpolicy", "by-environment");
  });
});

describe("an end by SIGTERM", () => {
  it("ends what was begun, gives the Lease up and exits with 0; another one starts at once", async () => {
    const first = await start();
    await expectServed("before-sigterm");
    expect(await leaseHolder()).not.toBe("");
    expect(await first.stop()).toBe(0);
    expect(await leaseHolder()).toBe("");
    const messages = first.log().map(({ msg }) => msg);
    expect(messages.at(-1)).toBe("stopped");
    expect(first.log().filter(({ level }) => level >= 50)).toEqual([]);
    const since = performance.now();
    await start();
    expect(performance.now() - since).toBeLessThan(8_000); // had the Lease to expire first, it would be more than 10 s
    await expectServed("after-sigterm");
  });

  it("needs no Lease", async () => {
    await start();
    const second = await start({ waitReady: false });
    await waitForReason(second, /another process holds the Lease/);
    expect(await second.stop()).toBe(0);
    expect(await leaseHolder()).not.toBe("");
  });

  it("needs no API server", async () => {
    const operator = await start();
    await cluster.plane.stopApiServer();
    try {
      expect(await operator.stop()).toBe(0);
    } finally {
      await cluster.plane.startApiServer();
    }
  });
});

describe("a second process", () => {
  it("waits and says so while the first one works, and takes over when that is killed", async () => {
    const first = await start();
    await expectServed("by-first");
    const second = await start({ waitReady: false });
    await waitForReason(second, /another process holds the Lease/);
    await waitUntil("it is logged", async () =>
      second.log().some(({ msg, holder }) => msg.includes("another process holds the Lease") && holder !== ""),
    );
    const holder = await leaseHolder();
    await first.kill();
    const since = performance.now();
    await second.ready();
    expect(performance.now() - since).toBeGreaterThan(3_000); // the Lease had to expire
    expect(performance.now() - since).toBeLessThan(20_000);
    expect(await leaseHolder()).not.toBe(holder);
    await expectServed("by-second");
    const told = second.log().filter(({ msg }) => msg.startsWith("another process holds the Lease"));
    expect(told).toHaveLength(1); // not with each renewal
  });

  it("takes over within seconds when the first one ends in peace", async () => {
    const first = await start();
    const second = await start({ waitReady: false });
    await waitForReason(second, /another process holds the Lease/);
    await first.stop();
    const since = performance.now();
    await second.ready();
    expect(performance.now() - since).toBeLessThan(6_000);
  });
});

describe("a start before everything is there", () => {
  it("goes on by itself when the API server is there", async () => {
    await cluster.plane.stopApiServer();
    const operator = await start({ waitReady: false });
    await waitForReason(operator, /the API server does not answer/);
    expect(await page(operator, "/healthz")).toMatchObject({ status: 200 });
    await cluster.plane.startApiServer();
    await operator.ready();
    await expectServed("after-api-server");
  });

  it("goes on by itself when the definitions of policies are there", async () => {
    for (const plural of ["clusterpolicies", "policies"]) await removeDefinition(cluster, `${plural}.perennial.dev`);
    const operator = await start({ waitReady: false });
    await waitForReason(operator, /clusterpolicies\.perennial\.dev/);
    await installPolicyDefinitions(cluster);
    await operator.ready();
    await expectServed("after-definitions");
  });

  it("goes on by itself when its own namespace is there", async () => {
    await cluster.kubectl("delete", "clusterpolicy", "--all");
    const operator = await start({ flags: ["--namespace", "later-system"], waitReady: false });
    await waitForReason(operator, /later-system/);
    await cluster.apply(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "later-system" } },
      ...(await ownRoles("later-system")),
    );
    await operator.ready();
    await expectServed("after-own-namespace");
  });

  /** The role and binding of the usual namespace, in another one. */
  async function ownRoles(namespace: string): Promise<object[]> {
    const roles = await Promise.all(
      ["role", "rolebinding"].map((resource) => cluster.get(resource, OPERATOR_NAMESPACE, "perennial-operator")),
    );
    return roles.map((role) => ({ ...role, metadata: { name: "perennial-operator", namespace } }));
  }
});
