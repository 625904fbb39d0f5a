/** Rules that change the status or the scale of objects that exist, each through the path of its own that the API server has for it. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  installDefinition,
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

const WIDGETS = {
  group: "e2e.example.com",
  kind: "Widget",
  plural: "widgets",
  subresources: {
    status: {},
    scale: {
      specReplicasPath: ".spec.size",
      statusReplicasPath: ".status.size",
      labelSelectorPath: ".status.selector",
    },
  },
};

beforeAll(async () => {
  cluster = await startCluster();
  await installDefinition(cluster, WIDGETS);
  const see = ["get", "list", "watch"];
  await cluster.grant("mutate-parts", [
    { apiGroups: ["", "apps", "e2e.example.com"], resources: ["nodes", "deployments", "widgets"], verbs: see },
    {
      apiGroups: ["", "apps", "e2e.example.com"],
      resources: ["nodes/status", "deployments/scale", "widgets/scale", "widgets/status"],
      verbs: ["patch"],
    },
  ]);
  operator = await startOperator(cluster);
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

async function served(policy: object): Promise<void> {
  await cluster.apply(policy);
  await waitForCondition(cluster, (policy as KubernetesObject).metadata.name, { type: "Ready", status: "True" });
}

async function inSync(policy: string, ratio: string): Promise<void> {
  await waitUntil(`${policy} is in sync: ${ratio}`, async () => {
    const status = await policyStatus(cluster, policy);
    if (status.summary?.ratio === ratio) return true;
    throw new Error(JSON.stringify(status));
  });
}

/** The object as it is when all that may come of what was done has come, and the operator has written nothing more of it. */
async function atRest(place: Place): Promise<KubernetesObject> {
  const mark = await markAudit(cluster);
  await laterEventProcessed(cluster, operator);
  const requests = await operatorRequests(cluster, mark);
  const about = requests.filter(
    ({ objectRef }) => objectRef?.name === place[2] && place[0].startsWith(objectRef.resource?.slice(0, -1) ?? ""),
  );
  expect(about.map(printRequest)).toEqual([]);
  return waitForObject(cluster, place);
}

const DONGLES = "example.com/dongle";

function hasDongles(count: string | undefined): (object: KubernetesObject) => boolean {
  return ({ status }) =>
    (status as { capacity?: { [name: string]: string } } | undefined)?.capacity?.[DONGLES] === count;
}

describe("the status of a node", () => {
  const place: Place = ["node", "", "n1"];
  const targets = [{ apiVersion: "v1", kind: "Node/status", name: "n*" }];
  const capacity = { [DONGLES]: "{{ request.object.data.count }}" };
  const match = { any: [{ resources: { kinds: ["ConfigMap"], names: ["dongles"] } }] };

  function policy(more: object): object {
    const mutate = { targets, patchStrategicMerge: { status: { capacity } }, ...more };
    return clusterPolicy("dongles", { name: "capacity", match, mutate });
  }

  it("says what the rule says, again when somebody changed it, and no longer when the rule goes", async () => {
    const untouched: Place = ["node", "", "n2"];
    const node = (name: string): object => ({ apiVersion: "v1", kind: "Node", metadata: { name } });
    const counted = (count: string): object => storedConfigMap("nodes", "dongles", { count });
    await cluster.apply(namespace("nodes"), counted("4"), node("n1"), node("n2"));
    await served(policy({ revertOnDelete: true }));
    for (const each of [place, untouched]) await waitForObject(cluster, each, hasDongles("4"));
    await inSync("dongles", "2/2");
    await atRest(place);
    const other = JSON.stringify({ status: { capacity: { [DONGLES]: "9", cpu: "2" } } });
    await cluster.kubectl("patch", "node", "n1", "--subresource=status", "--type=merge", "-p", other);
    await waitForObject(cluster, place, hasDongles("4"));
    await waitUntil(
      "the repair is told",
      async () => (await policyStatus(cluster, "dongles")).summary?.corrected === 1,
    );
    const { drifts } = await policyStatus(cluster, "dongles");
    expect(drifts).toMatchObject([{ target: { kind: "Node", name: "n1" }, manager: "kubectl-patch" }]);
    await cluster.apply(counted("5"));
    for (const each of [place, untouched]) await waitForObject(cluster, each, hasDongles("5"));
    await inSync("dongles", "2/2");
    await atRest(place);
    await cluster.kubectl("delete", "clusterpolicy", "dongles");
    const after = await waitForObject(cluster, untouched, hasDongles(undefined));
    expect(JSON.stringify(after.metadata)).not.toContain("perennial/");
    // what it replaced there is not remembered, so what it set instead stays
    expect(hasDongles("5")(await atRest(place))).toBe(true);
  });

  it("is all that such a rule may change", async () => {
    const patchStrategicMerge = { metadata: { labels: { dongles: "4" } }, status: { capacity } };
    await cluster.apply(policy({ patchStrategicMerge }));
    await waitForCondition(cluster, "dongles", { type: "InSync", status: "False", reason: "InvalidTarget" });
    const { failures } = await policyStatus(cluster, "dongles");
    expect(failures?.[0]?.message).toMatch(/spec\.rules\[0\]\.mutate\.targets\[0\].*\/metadata\/labels.*status/);
    expect(hasDongles("5")(await atRest(place))).toBe(true);
    expect((await waitForObject(cluster, place)).metadata.labels ?? {}).not.toHaveProperty("dongles");
    await cluster.kubectl("delete", "clusterpolicy", "dongles");
  });
});

function hasReplicas(count: number): (object: KubernetesObject) => boolean {
  return ({ spec }) => (spec as { replicas?: number; size?: number }).replicas === count;
}

function deployment(where: string, name: string, replicas: number): object {
  const app = { app: name };
  const template = { metadata: { labels: app }, spec: { containers: [{ name: "c", image: "i" }] } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: where, name },
    spec: { replicas, selector: { matchLabels: app }, template },
  };
}

describe("the scale of Deployments", () => {
  const place: Place = ["deployment", "scaled", "web"];
  const targets = [{ apiVersion: "apps/v1", kind: "Deployment/scale", namespace: TRIGGER_NAME }];

  function scaling(name: string, replicas: number, more: object = {}): object {
    const preconditions = { all: [{ key: "{{ target.status.selector }}", operator: "Equals", value: "app=web" }] };
    const mutate = {
      targets: targets.map((target) => ({ ...target, preconditions })),
      patchStrategicMerge: { spec: { replicas } },
      ...more,
    };
    return clusterPolicy(name, { name: "night", match: namespacesLabelled("night"), mutate });
  }

  it("is as the rule says, again when somebody scaled, and stays when the rule goes", async () => {
    await cluster.apply(namespace("scaled"), deployment("scaled", "web", 3), deployment("scaled", "other", 3));
    await cluster.kubectl("label", "namespace", "scaled", "night=yes");
    await served(scaling("night", 0));
    await waitForObject(cluster, place, hasReplicas(0));
    await inSync("night", "2/2");
    await atRest(place);
    await cluster.kubectl("scale", "deployment", "-n", "scaled", "web", "--replicas=2");
    await waitForObject(cluster, place, hasReplicas(0));
    await waitUntil("the repair is told", async () => (await policyStatus(cluster, "night")).summary?.corrected === 1);
    await cluster.kubectl("delete", "clusterpolicy", "night");
    expect(hasReplicas(0)(await atRest(place))).toBe(true);
    expect(hasReplicas(3)(await waitForObject(cluster, ["deployment", "scaled", "other"]))).toBe(true);
  });

  it("is nobody's fight: two rules that want other numbers are both told, and neither scales", async () => {
    const match = namespacesLabelled("night");
    const rule = (name: string, kind: string, replicas: number) => {
      const place = { ...targets[0], kind, name: "web" };
      return { name, match, mutate: { targets: [place], patchStrategicMerge: { spec: { replicas } } } };
    };
    await cluster.apply(clusterPolicy("fight", rule("night", "Deployment/scale", 4), rule("day", "Deployment", 2)));
    await waitForCondition(cluster, "fight", { type: "InSync", status: "False", reason: "NotConvergent" });
    const { failures } = await policyStatus(cluster, "fight");
    expect(failures?.map((failure) => failure.rule).sort()).toEqual(["day", "night"]);
    expect(hasReplicas(0)(await atRest(place))).toBe(true);
    await cluster.kubectl("delete", "clusterpolicy", "fight");
  });

  it("of a generated Deployment is written by who generates it", async () => {
    const { spec } = deployment("made", "web", 1) as KubernetesObject;
    const { replicas: _free, ...free } = spec as { replicas: number };
    const generate = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      name: "web",
      namespace: TRIGGER_NAME,
      data: { spec: free },
    };
    await cluster.grant("made-deployments", [{ apiGroups: ["apps"], resources: ["deployments"] }]);
    await cluster.apply(
      namespace("made", { made: "yes", night: "yes" }),
      clusterPolicy("made", { name: "made", match: namespacesLabelled("made"), generate }),
    );
    const made: Place = ["deployment", "made", "web"];
    await waitForObject(cluster, made, hasReplicas(1));
    await served(scaling("night", 3));
    await waitForObject(cluster, made, hasReplicas(3));
    await inSync("made", "1/1");
    await atRest(made);
    await cluster.kubectl("scale", "deployment", "-n", "made", "web", "--replicas=2");
    await waitForObject(cluster, made, hasReplicas(3));
    await cluster.kubectl("delete", "clusterpolicy", "night", "made");
  });
});

describe("a custom resource", () => {
  const place: Place = ["widgets.e2e.example.com", "custom", "w"];

  function sized(size: number): (object: KubernetesObject) => boolean {
    return ({ spec }) => (spec as { size?: number } | undefined)?.size === size;
  }

  it("is scaled where its definition keeps the number, and has the status that another rule sets", async () => {
    await cluster.apply(namespace("custom"), {
      apiVersion: "e2e.example.com/v1",
      kind: "Widget",
      metadata: { name: "w", namespace: "custom" },
      spec: { colour: "red" },
    });
    const match = { any: [{ resources: { kinds: ["Namespace"], names: ["custom"] } }] };
    const target = { apiVersion: "e2e.example.com/v1", namespace: "custom", name: "w" };
    const patchesJson6902 = "- {op: replace, path: /spec/replicas, value: 2}";
    await served(
      clusterPolicy(
        "widgets",
        { name: "scale", match, mutate: { targets: [{ ...target, kind: "Widget/scale" }], patchesJson6902 } },
        {
          name: "status",
          match,
          mutate: {
            targets: [{ ...target, kind: "Widget/status" }],
            patchStrategicMerge: { status: { phase: "{{ target.spec.colour }}" } },
          },
        },
      ),
    );
    await waitForObject(cluster, place, sized(2));
    const { spec, status } = await waitForObject(cluster, place, ({ status }) => status !== undefined);
    expect(spec).toEqual({ colour: "red", size: 2 });
    expect(status).toEqual({ phase: "red" });
    await cluster.kubectl("scale", place[0], "-n", "custom", "w", "--replicas=7");
    await waitForObject(cluster, place, sized(2));
    await inSync("widgets", "2/2");
    await atRest(place);
  });
});
