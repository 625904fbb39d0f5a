/** Copies of objects of many kinds: one write makes them what they should be, addresses and the like are their own. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../src/object/index.ts";
import {
  type Cluster,
  clusterPolicy,
  markAudit,
  namespace,
  namespacesLabelled,
  type OperatorProcess,
  operatorRequests,
  printRequest,
  startCluster,
  startOperator,
  TRIGGER_NAME,
  waitForCondition,
  waitForObject,
} from "./harness/index.ts";

const POD = {
  metadata: { labels: { app: "web" } },
  spec: {
    containers: [
      { name: "web", image: "nginx", ports: [{ containerPort: 80 }], resources: { requests: { cpu: "0.5" } } },
    ],
  },
};

/** Kind, API version, plural, content of the source as people write it, and what of it is not the copy's. */
const KINDS: [kind: string, apiVersion: string, plural: string, content: JsonObject, own: string[]][] = [
  ["ConfigMap", "v1", "configmaps", { data: { a: "1000m" }, binaryData: { b: "AQI=" } }, []],
  ["Secret", "v1", "secrets", { type: "Opaque", stringData: { a: "b" }, immutable: true }, []],
  [
    "Service",
    "v1",
    "services",
    {
      spec: {
        type: "NodePort",
        selector: { app: "web" },
        ports: [{ port: 80 }, { port: 53, protocol: "UDP", name: "dns" }].map((port, i) => ({
          name: `p${i}`,
          ...port,
        })),
      },
    },
    ["clusterIP", "clusterIPs", "nodePort"],
  ],
  [
    "ServiceAccount",
    "v1",
    "serviceaccounts",
    { imagePullSecrets: [{ name: "pull" }], secrets: [{ name: "own" }] },
    ["secrets"],
  ],
  ["ResourceQuota", "v1", "resourcequotas", { spec: { hard: { "requests.cpu": "1000m", pods: "10" } } }, []],
  ["LimitRange", "v1", "limitranges", { spec: { limits: [{ type: "Container", default: { cpu: "0.5" } }] } }, []],
  [
    "PersistentVolumeClaim",
    "v1",
    "persistentvolumeclaims",
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1024Mi" } }, volumeName: "disk-7" } },
    ["volumeName"],
  ],
  [
    "Deployment",
    "apps/v1",
    "deployments",
    { spec: { replicas: 2, selector: { matchLabels: { app: "web" } }, template: POD } },
    [],
  ],
  [
    "CronJob",
    "batch/v1",
    "cronjobs",
    {
      spec: {
        schedule: "0 0 * * *",
        jobTemplate: { spec: { template: { spec: { ...POD.spec, restartPolicy: "Never" } } } },
      },
    },
    [],
  ],
  [
    "Role",
    "rbac.authorization.k8s.io/v1",
    "roles",
    { rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }] },
    [],
  ],
  [
    "RoleBinding",
    "rbac.authorization.k8s.io/v1",
    "rolebindings",
    {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace: "origin" }],
    },
    [],
  ],
  [
    "NetworkPolicy",
    "networking.k8s.io/v1",
    "networkpolicies",
    { spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 80 }] }], egress: [] } },
    [],
  ],
  [
    "Ingress",
    "networking.k8s.io/v1",
    "ingresses",
    { spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } } },
    [],
  ],
  ["PodDisruptionBudget", "policy/v1", "poddisruptionbudgets", { spec: { minAvailable: "50%", selector: {} } }, []],
  [
    "HorizontalPodAutoscaler",
    "autoscaling/v2",
    "horizontalpodautoscalers",
    { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } } },
    [],
  ],
];

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster({ grantUsualKinds: false });
  await cluster.grant("kinds", [
    {
      apiGroups: ["", "apps", "batch", "networking.k8s.io", "policy", "autoscaling"],
      resources: KINDS.map(([, , plural]) => plural),
    },
    // Kubernetes lets nobody grant what he does not have
    { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles", "rolebindings"] },
    { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles", "clusterroles"], verbs: ["bind", "escalate"] },
  ]);
  operator = await startOperator(cluster);
  await cluster.apply(namespace("origin"));
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

/** The content, without what each object has of its own. */
function contentOf(value: Json, own: readonly string[]): Json {
  if (Array.isArray(value)) return value.map((item) => contentOf(item, own));
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([key]) => !own.includes(key));
  return Object.fromEntries(kept.map(([key, child]) => [key, contentOf(child, own)]));
}

describe.each(KINDS)("a copy of a %s", (kind, apiVersion, plural, content, own) => {
  const label = kind.toLowerCase();
  const target = [plural, `to-${label}`, "copy"] as const;

  it("is made by one write, has the source's content, and is at rest", async () => {
    const labels = { app: "web" };
    await cluster.apply({ apiVersion, kind, metadata: { name: "source", namespace: "origin", labels }, ...content });
    const mark = await markAudit(cluster);
    await cluster.apply(
      namespace(`to-${label}`, { [label]: "yes" }),
      clusterPolicy(label, {
        name: "copy",
        match: namespacesLabelled(label),
        generate: {
          ...{ apiVersion, kind, name: "copy", namespace: TRIGGER_NAME },
          clone: { namespace: "origin", name: "source" },
        },
      }),
    );
    await waitForCondition(cluster, label, { type: "InSync", status: "True" });
    const copy = await waitForObject(cluster, target);
    const source = await waitForObject(cluster, [plural, "origin", "source"]);
    const left = ["metadata", "status", ...own];
    expect(contentOf(copy as Json, left)).toEqual(contentOf(source as Json, left));
    expect(copy.metadata.labels).toMatchObject(labels);
    const writes = (await operatorRequests(cluster, mark)).filter(
      ({ objectRef }) => objectRef?.namespace === `to-${label}`,
    );
    expect(writes.map(printRequest)).toEqual([`patch ${plural} to-${label}/copy 201`]);
  });

  it("grows back when it is deleted", async () => {
    const { metadata } = await waitForObject(cluster, target);
    await cluster.kubectl("delete", plural, "copy", "-n", `to-${label}`, "--wait=false");
    // a volume claim is protected until a controller says that no Pod uses it
    const unprotected = JSON.stringify({ metadata: { finalizers: null } });
    await cluster.tryKubectl("patch", plural, "copy", "-n", `to-${label}`, "--type=merge", "-p", unprotected);
    await waitForObject(cluster, target, (copy) => copy.metadata.uid !== metadata.uid);
    await waitForCondition(cluster, label, { type: "InSync", status: "True" });
  });
});
