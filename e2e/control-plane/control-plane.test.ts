import { execFileSync, spawn } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { waitUntil } from "./wait.ts";

let controlPlane: ControlPlane;

beforeAll(async () => {
  const begin = performance.now();
  controlPlane = await startControlPlane();
  console.log(`control plane: started in ${((performance.now() - begin) / 1000).toFixed(1)} s (10 s are promised)`);
});
afterAll(() => controlPlane?.stop());

const create = async (path: string, object: object) => {
  const { status, body } = await controlPlane.request("POST", path, object);
  expect(body).toMatchObject({ metadata: {} });
  expect(status).toBe(201);
  // A created object always has these.
  return (body as { metadata: { uid: string; name: string } }).metadata;
};
const createNamespace = (name: string) => create("/api/v1/namespaces", { metadata: { name } });
const statusOf = async (path: string) => (await controlPlane.request("GET", path)).status;
const becomes = (path: string, status: number) =>
  waitUntil(`${path} answers ${status}`, async () => (await statusOf(path)) === status, { interval: 100 });
const kubectl = (kubeconfig: string, ...args: string[]) =>
  execFileSync(controlPlane.kubectl, ["--kubeconfig", kubeconfig, ...args], { encoding: "utf8", stdio: "pipe" });

describe("the controllers work as in a cluster", () => {
  it("gives a new namespace its default service account and the authority's certificate", async () => {
    await createNamespace("accounts");
    await becomes("/api/v1/namespaces/accounts/serviceaccounts/default", 200);
    await becomes("/api/v1/namespaces/accounts/configmaps/kube-root-ca.crt", 200);
  });

  it("removes a deleted namespace with what is in it", async () => {
    await createNamespace("doomed");
    await create("/api/v1/namespaces/doomed/configmaps", { metadata: { name: "inside" } });
    await controlPlane.request("DELETE", "/api/v1/namespaces/doomed");
    await becomes("/api/v1/namespaces/doomed", 404);
  });

  it("collects what has lost its owner", async () => {
    const path = "/api/v1/namespaces/default/configmaps";
    const { uid, name } = await create(path, { metadata: { name: "owner" } });
    const owner = { apiVersion: "v1", kind: "ConfigMap", name, uid };
    await create(path, { metadata: { name: "owned", ownerReferences: [owner] } });
    await controlPlane.request("DELETE", `${path}/owner`);
    await becomes(`${path}/owned`, 404);
  });

  it("adds the rules of labelled roles to an aggregated one", async () => {
    const roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    const label = { "e2e.perennial.dev/aggregate": "true" };
    await create(roles, {
      metadata: { name: "sum" },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: label }] },
      rules: [],
    });
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }];
    await create(roles, { metadata: { name: "part", labels: label }, rules });
    await waitUntil("the rules are there", async () => {
      const { body } = await controlPlane.request("GET", `${roles}/sum`);
      return JSON.stringify(body).includes('"resources":["configmaps"]');
    });
  });

  it("counts a resource quota, and refuses what exceeds it", async () => {
    await createNamespace("counted");
    const path = "/api/v1/namespaces/counted";
    // The controllers put one config map there themselves.
    await becomes(`${path}/configmaps/kube-root-ca.crt`, 200);
    const quota = { metadata: { name: "one-more" }, spec: { hard: { configmaps: "2" } } };
    await create(`${path}/resourcequotas`, quota);
    await waitUntil("the quota is counted", async () => {
      const { body } = await controlPlane.request("GET", `${path}/resourcequotas/one-more`);
      return JSON.stringify(body).includes('"used":{"configmaps":"1"}');
    });
    await create(`${path}/configmaps`, { metadata: { name: "second" } });
    const { status } = await controlPlane.request("POST", `${path}/configmaps`, { metadata: { name: "third" } });
    expect(status).toBe(403);
  });
});

it("serves the admission policies, validating and mutating, at v1", async () => {
  const { body } = await controlPlane.request("GET", "/apis/admissionregistration.k8s.io/v1");
  expect(JSON.stringify(body)).toContain('"name":"validatingadmissionpolicies"');
  expect(JSON.stringify(body)).toContain('"name":"mutatingadmissionpolicies"');
});

describe("a kubeconfig of a service account", () => {
  it("is that of the service account, and may do nothing that no role grants", async () => {
    await createNamespace("tenant");
    await create("/api/v1/namespaces/tenant/serviceaccounts", { metadata: { name: "robot" } });
    const robot = await controlPlane.kubeconfigFor({ namespace: "tenant", serviceAccount: "robot" });
    expect(kubectl(robot, "auth", "whoami")).toContain("system:serviceaccount:tenant:robot");
    expect(() => kubectl(robot, "get", "configmaps")).toThrow(/cannot list resource "configmaps".*namespace "tenant"/);
    await create("/apis/rbac.authorization.k8s.io/v1/namespaces/tenant/rolebindings", {
      metadata: { name: "robot" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [{ kind: "ServiceAccount", name: "robot", namespace: "tenant" }],
    });
    await waitUntil(
      "the role is granted",
      async () => kubectl(robot, "auth", "can-i", "get", "configmaps") === "yes\n",
    );
    expect(() => kubectl(robot, "get", "secrets")).toThrow(/cannot list resource "secrets"/);
  });

  it("is refused for one that does not exist", async () => {
    const ghost = controlPlane.kubeconfigFor({ namespace: "default", serviceAccount: "ghost" });
    await expect(ghost).rejects.toThrow(/no token for service account default\/ghost: 404/);
  });
});

it("writes who did what with which result into the audit log", async () => {
  const path = "/api/v1/namespaces/default/configmaps";
  await create(path, { metadata: { name: "audited" }, data: { secret: "not in the log" } });
  const findEvent = async () => {
    const lines = (await readFile(controlPlane.auditLog, "utf8")).split("\n");
    return lines.find((line) => line.includes('"verb":"create"') && line.includes('"name":"audited"'));
  };
  await waitUntil("the event is there", async () => (await findEvent()) !== undefined);
  const line = (await findEvent()) ?? "";
  expect(line).not.toContain("not in the log");
  expect(JSON.parse(line)).toMatchObject({
    level: "Metadata",
    stage: "ResponseComplete",
    verb: "create",
    user: { username: "admin" },
    objectRef: { resource: "configmaps", namespace: "default", name: "audited" },
    responseStatus: { code: 201 },
    annotations: { "authorization.k8s.io/decision": "allow" },
  });
});

describe("what is stored stays, on the same address,", () => {
  const path = "/api/v1/namespaces/default/configmaps";
  const changes: [string, string, () => Promise<void>][] = [
    ["restarted", "the API server is restarted", () => controlPlane.restartApiServer()],
    ["etcd-restarted", "etcd is restarted", () => controlPlane.restartEtcd()],
    [
      "killed",
      "the API server is killed and started again",
      async () => {
        await controlPlane.killApiServer();
        await expect(controlPlane.request("GET", "/readyz")).rejects.toThrow("ECONNREFUSED");
        await controlPlane.startApiServer();
      },
    ],
  ];

  it.each(changes)("%s: when %s; and the controllers go on", async (name, _, change) => {
    const before = controlPlane.pids();
    await create(path, { metadata: { name } });
    await change();
    expect(await statusOf(`${path}/${name}`)).toBe(200);
    expect(controlPlane.pids()).not.toEqual(before);
    expect(controlPlane.pids().controllerManager).toBe(before.controllerManager);
    await createNamespace(`after-${name}`);
    await becomes(`/api/v1/namespaces/after-${name}/serviceaccounts/default`, 200);
  });
});

describe("beside another", () => {
  it("has data of its own; the other one takes the next port when its first choice is taken, and leaves nothing", async () => {
    const taken = Number(new URL(controlPlane.url).port);
    const ports = [taken, await findPort()];
    const folder = await mkdtemp(join(tmpdir(), "perennial-beside-"));
    const other = await startControlPlane({
      audit: false,
      folder,
      pickPort: async () => ports.shift() ?? 0,
    });
    const pids = Object.values(other.pids());
    await createNamespace("only-here");
    expect((await other.request("GET", "/api/v1/namespaces/only-here")).status).toBe(404);
    expect(other.url).not.toBe(controlPlane.url);
    await expect(access(other.auditLog)).rejects.toThrow("ENOENT");
    await other.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await readdir(folder)).toContain("kube-apiserver.log");
    await rm(folder, { recursive: true });
  });

  it("refuses a folder with something in it", async () => {
    await expect(startControlPlane({ folder: controlPlane.folder })).rejects.toThrow("is not empty");
  });
});

it("says with the end of the log why it cannot start, where the log is, and runs nothing then", async () => {
  const folder = join(await mkdtemp(join(tmpdir(), "perennial-failing-")), "new");
  const failing = startControlPlane({ folder, apiServerArguments: ["--no-such-flag"] });
  await expect(failing).rejects.toThrow(
    /kube-apiserver: ended with exit code 1\. .*kube-apiserver\.log:\n[\s\S]*unknown flag: --no-such-flag/,
  );
  await waitUntil("nothing runs", async () => !listProcesses().includes(folder), { deadline: 5_000 });
  await rm(join(folder, ".."), { recursive: true });
});

describe("when the process that started it ends", () => {
  const endings: [string, NodeJS.Signals][] = [
    ["by Ctrl-C", "SIGINT"],
    ["by SIGTERM", "SIGTERM"],
    ["by SIGKILL, in which it cannot do anything any more", "SIGKILL"],
  ];

  it.each(endings)("%s: no process and no file remains", async (_, signal) => {
    const tmp = await mkdtemp(join(tmpdir(), "perennial-starter-"));
    await mkdir(tmp, { recursive: true });
    const starter = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "run"], {
      env: { ...process.env, TMPDIR: tmp },
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface(starter.stdout)) if (line.includes("Ctrl-C ends it")) break;
    const [folder] = await readdir(tmp);
    expect(
      listProcesses()
        .split("\n")
        .filter((line) => line.includes(join(tmp, folder ?? "?"))),
    ).toHaveLength(4);
    starter.kill(signal);
    await waitUntil("no process", async () => !listProcesses().includes(tmp), { deadline: 20_000 });
    await waitUntil("no file", async () => (await readdir(tmp)).length === 0, { deadline: 20_000 });
    await rm(tmp, { recursive: true });
  });
});

/** The command lines of all that run. The dead whom nobody has asked for yet have none. */
function listProcesses(): string {
  return execFileSync("ps", ["-A", "-ww", "-o", "args="], { encoding: "utf8" });
}

function isAlive(pid: number): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).startsWith("Z");
  } catch {
    return false;
  }
}

async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
