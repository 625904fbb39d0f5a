/** Rules about what no watch shows: requests to subresources, told by the API server while it admits them. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../src/object/index.ts";
import {
  type Cluster,
  CONFIGURATION,
  configMap,
  laterEventProcessed,
  namespace,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  waitForCondition,
  waitUntil,
  webhookFlags,
} from "./harness/index.ts";

let cluster: Cluster;
let operator: OperatorProcess;
let flags: string[];

beforeAll(async () => {
  cluster = await startCluster();
  flags = await webhookFlags();
  operator = await startOperator(cluster, { flags });
  await cluster.grant("admission-edges", [
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch", "patch"] },
    {
      apiGroups: ["rbac.authorization.k8s.io"],
      resources: ["rolebindings", "clusterrolebindings"],
      verbs: ["get", "list", "watch"],
    },
  ]);
  await cluster.apply(namespace("audit"), namespace("shop", { team: "red" }), namespace("other"));
  for (const where of ["shop", "other"]) {
    await waitUntil("Pods may be created", async () => (await send("POST", pods(where), pod(where))).status === 201);
    expect((await send("POST", deployments(where), deployment(where))).status).toBe(201);
  }
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const pods = (where: string): string => `/api/v1/namespaces/${where}/pods`;
const deployments = (where: string): string => `/apis/apps/v1/namespaces/${where}/deployments`;

/** No node runs it, so whoever connects to it is refused, after he was admitted. */
function pod(where: string, name = "web"): object {
  const spec = { containers: [{ name: "app", image: "app:1" }] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: where }, spec };
}

function deployment(where: string): object {
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "app", image: "app:1" }] } };
  const spec = { replicas: 1, selector: { matchLabels: { app: "web" } }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: where }, spec };
}

async function send(method: "POST" | "PUT", path: string, body?: object) {
  const { status, body: answer } = await cluster.plane.request(method, path, body);
  return { status, message: (answer as { message?: string }).message ?? "" }; // an object, or a Status
}

/** It is admitted, and then fails, as no node runs the Pod. */
async function exec(where: string, command: string, name = "web"): Promise<void> {
  const { status, message } = await send(
    "POST",
    `${pods(where)}/${name}/exec?container=app&stdout=true&command=${command}`,
  );
  expect([status, message]).toEqual([400, expect.stringContaining("does not have a host assigned")]);
}

async function scale(where: string, replicas: number, query = ""): Promise<number> {
  const object = {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name: "web", namespace: where },
    spec: { replicas },
  };
  return (await send("PUT", `${deployments(where)}/web/scale${query}`, object)).status;
}

function policy(name: string, rule: JsonObject): object {
  const spec = { rules: [{ name: "audit", ...rule }] };
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name }, spec };
}

async function serve(name: string, rule: JsonObject): Promise<void> {
  await cluster.apply(policy(name, rule));
  await waitForCondition(cluster, name, { type: "Ready", status: "True" });
}

function about(kinds: string[], more: JsonObject = {}): JsonObject {
  return { any: [{ resources: { kinds, ...more } }] };
}

/** One ConfigMap for each request. */
function record(data: JsonObject): JsonObject {
  return configMap("seen-{{ request.uid }}", data, { namespace: "audit" }) as JsonObject;
}

async function recordsOf(name: string): Promise<JsonObject[]> {
  const found = await cluster.list("configmaps", "audit", `perennial.dev/policy=${name}`);
  return found.map(({ data }) => data as JsonObject); // a ConfigMap with data
}

async function waitForRecords(name: string, count: number): Promise<JsonObject[]> {
  let found: JsonObject[] = [];
  await waitUntil(`${count} requests are recorded`, async () => {
    found = await recordsOf(name);
    return found.length >= count;
  });
  return found;
}

type Webhook = { name: string; rules: JsonObject[]; failurePolicy: string; sideEffects: string; matchPolicy: string };

async function webhooks(): Promise<Webhook[]> {
  const found = await cluster.get("validatingwebhookconfiguration", "", CONFIGURATION);
  return (found?.webhooks ?? []) as Webhook[]; // as the API server gives them
}

const EXEC = about(["Pod/exec"], { namespaces: ["shop"] });

describe("a rule about what is executed in Pods", () => {
  it("makes a record of each, with who it was", async () => {
    await serve("exec", {
      match: EXEC,
      generate: record({
        who: "{{ request.userInfo.username }}",
        what: "{{ request.operation }} {{ request.kind.kind }} {{ request.subResource }}",
        where: "{{ request.namespace }}/{{ request.name }}",
        command: "{{ join(' ', request.object.command) }}",
      }),
    });
    await exec("shop", "ls");
    const what = { what: "CONNECT PodExecOptions exec", where: "shop/web" };
    const [first] = await waitForRecords("exec", 1);
    expect(first).toMatchObject({ ...what, who: expect.stringMatching(/./), command: "ls" });
    await cluster.kubectl("create", "serviceaccount", "robot", "-n", "shop");
    await cluster.kubectl(
      "create",
      "rolebinding",
      "robot",
      "-n",
      "shop",
      "--clusterrole=edit",
      "--serviceaccount=shop:robot",
    );
    await waitUntil("the robot is told that no node runs the Pod", async () => {
      const as = ["--as=system:serviceaccount:shop:robot"];
      const { stderr } = await cluster.tryKubectlWith("", "exec", "web", "-n", "shop", ...as, "--", "whoami");
      return stderr.includes("does not have a host assigned");
    });
    const robot = { ...what, who: "system:serviceaccount:shop:robot", command: "whoami" };
    await waitUntil("the robot is recorded", async () =>
      (await recordsOf("exec")).some((data) => matches(data, robot)),
    );
  });

  it("is an edge, with the request's kind as its trigger", async () => {
    const { rules } = await policyStatus(cluster, "exec");
    expect(rules).toEqual([{ name: "audit", type: "Edge", triggers: 0, desired: 0, inSync: 0, failed: 0 }]);
    const [made] = await cluster.list("configmaps", "audit", "perennial.dev/policy=exec");
    expect(made?.metadata.annotations?.["perennial.dev/trigger"]).toContain("PodExecOptions shop/web");
  });

  it("sees nothing of another namespace", async () => {
    const before = (await recordsOf("exec")).length;
    await exec("other", "ls");
    await exec("shop", "date");
    const found = await waitForRecords("exec", before + 1);
    expect(found.map((data) => data.where)).not.toContain("other/web");
  });

  it("has the API server ask for that, and for nothing else", async () => {
    const entry = (await webhooks()).find(({ name }) => name === "requests.perennial.dev");
    expect(entry).toMatchObject({ failurePolicy: "Ignore", sideEffects: "NoneOnDryRun", matchPolicy: "Equivalent" });
    expect(entry?.rules).toEqual([
      {
        ...{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods/exec"], scope: "Namespaced" },
        operations: ["CONNECT", "CREATE", "UPDATE"],
      },
    ]);
    expect(JSON.stringify(entry)).toContain(
      '"values":["kube-node-lease","kube-public","kube-system","perennial-system"]',
    );
    expect(JSON.stringify(entry)).toContain('"operator":"In","values":["shop"]');
  });

  it("leaves nothing in the configuration when it goes, and what it made", async () => {
    const before = (await recordsOf("exec")).length;
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "exec");
    await waitUntil("nothing is asked about", async () => (await webhooks()).length === 1);
    expect((await webhooks()).map(({ name }) => name)).toEqual(["policies.perennial.dev"]);
    await exec("shop", "ls");
    await laterEventProcessed(cluster, operator);
    const kept = await cluster.list("configmaps", "audit");
    expect(kept.filter(({ metadata }) => metadata.name.startsWith("seen-"))).toHaveLength(before);
  });
});

describe("a rule about scaling", () => {
  beforeAll(async () => {
    await serve("scaled", {
      match: about(["Deployment/scale"]),
      mutate: {
        targets: [
          {
            apiVersion: "apps/v1",
            kind: "Deployment",
            name: "{{ request.name }}",
            namespace: "{{ request.namespace }}",
          },
        ],
        patchStrategicMerge: {
          metadata: {
            annotations: {
              "scaled-by": "{{ request.userInfo.username }}",
              scaled: "{{ request.oldObject.spec.replicas }} to {{ request.object.spec.replicas }}",
            },
          },
        },
      },
    });
  });

  const scaled = async (where: string): Promise<string | undefined> =>
    (await cluster.get("deployment", where, "web"))?.metadata.annotations?.scaled;

  it("annotates what was scaled", async () => {
    expect(await scale("shop", 2)).toBe(200);
    await waitUntil("it is annotated", async () => (await scaled("shop")) === "1 to 2");
    expect(await scaled("other")).toBeUndefined();
    await cluster.kubectl("scale", "deployment", "web", "-n", "shop", "--replicas=3");
    await waitUntil("it is annotated again", async () => (await scaled("shop")) === "2 to 3");
  });

  it("makes nothing of a dry run, nor of a change of the Deployment itself", async () => {
    expect(await scale("shop", 7, "?dryRun=All")).toBe(200);
    const patch = JSON.stringify({ spec: { replicas: 5 } });
    await cluster.kubectl("patch", "deployment", "web", "-n", "shop", "--type=merge", "-p", patch);
    expect(await scale("other", 4)).toBe(200);
    await waitUntil("what came after both is seen", async () => (await scaled("other")) === "1 to 4");
    expect(await scaled("shop")).toBe("2 to 3");
  });
});

describe("a rule about who changes and deletes", () => {
  const alice = ["--as=alice", "--as-group=system:masters"];

  it("makes a record of it, by whom it asks for", async () => {
    await serve("who", {
      match: {
        any: [
          {
            resources: { kinds: ["ConfigMap"], names: ["prices*"], operations: ["UPDATE", "DELETE"] },
            subjects: [{ kind: "User", name: "alice" }],
          },
        ],
      },
      generate: record({
        what: "{{ request.operation }} {{ request.name }} by {{ request.userInfo.username }}",
        before: "{{ request.oldObject.data.bread }}",
        after: "{{ request.object.data.bread }}",
      }),
    });
    await cluster.apply(stored("prices", { bread: "1" }));
    await change("2");
    await change("3", ...alice);
    await change("3", ...alice); // nothing of it is other
    await cluster.kubectl("delete", "configmap", "prices", "-n", "shop", ...alice);
    const found = await waitForRecords("who", 2);
    expect(found).toHaveLength(2);
    expect(found).toContainEqual({ what: "UPDATE prices by alice", before: "2", after: "3" });
    expect(found).toContainEqual({ what: "DELETE prices by alice", before: "3", after: "3" });
  });

  it("asks for these objects themselves, and for no other operation", async () => {
    const entry = (await webhooks()).find(({ name }) => name === "requests.perennial.dev");
    const versions = { apiGroups: [""], apiVersions: ["v1"], scope: "Namespaced" };
    expect(entry?.rules).toContainEqual({ ...versions, resources: ["configmaps"], operations: ["DELETE", "UPDATE"] });
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "who");
  });

  it("sees what somebody with a role deletes at once with much else", async () => {
    await serve("role", {
      match: {
        any: [
          {
            resources: { kinds: ["ConfigMap"], names: ["many*"], operations: ["DELETE"] },
            clusterRoles: ["edit"],
          },
        ],
      },
      generate: record({ what: "{{ request.userInfo.username }}: {{ request.oldObject.metadata.name }}" }),
    });
    await cluster.apply(stored("many-1"), stored("many-2"));
    const robot = "--as=system:serviceaccount:shop:robot";
    await cluster.kubectl("delete", "configmap", "-n", "shop", "-l", "many=yes", robot);
    const found = await waitForRecords("role", 2);
    const by = "system:serviceaccount:shop:robot";
    expect(new Set(found.map(({ what }) => what))).toEqual(new Set([`${by}: many-1`, `${by}: many-2`]));
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "role");
  });

  function stored(name: string, data: JsonObject = {}): object {
    return {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "shop", labels: { many: "yes" } },
      data,
    };
  }

  async function change(bread: string, ...as: string[]): Promise<void> {
    const patch = JSON.stringify({ data: { bread } });
    await cluster.kubectl("patch", "configmap", "prices", "-n", "shop", "--type=merge", "-p", patch, ...as);
  }
});

describe("a rule with wildcards", () => {
  it("sees each subresource that it may mean, and not the objects themselves", async () => {
    await serve("any", {
      match: about(["Pod/*"], { namespaces: ["shop"], operations: ["CREATE", "CONNECT"] }),
      generate: record({ what: "{{ request.operation }} {{ request.subResource }} {{ request.object.kind }}" }),
    });
    expect((await send("POST", pods("shop"), pod("shop", "doomed"))).status).toBe(201);
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "doomed", namespace: "shop" } };
    expect((await send("POST", `${pods("shop")}/doomed/eviction`, eviction)).status).toBe(201);
    await exec("shop", "ls");
    const found = await waitForRecords("any", 2);
    expect(new Set(found.map((data) => data.what))).toEqual(
      new Set(["CONNECT exec PodExecOptions", "CREATE eviction Eviction"]),
    );
    await cluster.kubectl("delete", "clusterpolicy.perennial.dev", "any");
  });
});

describe("a Policy", () => {
  it("sees the requests of its own namespace", async () => {
    const spec = {
      rules: [
        {
          name: "audit",
          match: about(["Pod/exec"]),
          generate: configMap("own-{{ request.uid }}", { where: "{{ request.namespace }}" }, { namespace: "shop" }),
        },
      ],
    };
    const metadata = { name: "own", namespace: "shop" };
    await cluster.apply({ apiVersion: "perennial.dev/v1", kind: "Policy", metadata, spec });
    await cluster.kubectl("wait", "-n", "shop", "policy.perennial.dev/own", "--for=condition=Ready", "--timeout=60s");
    await exec("other", "ls");
    await exec("shop", "ls");
    const made = async () =>
      (await cluster.list("configmaps", "shop")).filter(({ metadata }) => metadata.name.startsWith("own-"));
    await waitUntil("it is recorded", async () => (await made()).length > 0);
    expect((await made()).map(({ data }) => data)).toEqual([{ where: "shop" }]);
    await cluster.kubectl("delete", "policy.perennial.dev", "own", "-n", "shop");
  });
});

describe("while no operator runs", () => {
  it("requests pass unseen, and the next start sees those that come", async () => {
    await serve("down", { match: EXEC, generate: record({ command: "{{ join(' ', request.object.command) }}" }) });
    await operator.kill();
    await exec("shop", "unseen");
    expect(await scale("shop", 4)).toBe(200);
    operator = await startOperator(cluster, { flags });
    await waitUntil("requests are seen again", async () => {
      await exec("shop", "seen");
      return (await recordsOf("down")).length > 0;
    });
    expect((await recordsOf("down")).map((data) => data.command)).not.toContain("unseen");
  });

  it("a policy is not Ready where nobody is asked", async () => {
    await operator.stop();
    operator = await startOperator(cluster);
    await waitForCondition(cluster, "down", { type: "Ready", status: "False", reason: "AdmissionOff" });
  });
});

function matches(data: JsonObject, wanted: { [key: string]: string }): boolean {
  return Object.entries(wanted).every(([key, value]) => data[key] === value);
}
