/** What both sides make: five objects for each namespace. */

import type { ClusterClient } from "../src/cluster/index.ts";
import { type Json, type KubernetesObject, marksFor, type Resource } from "../src/object/index.ts";

export const TARGET_KINDS: readonly { resource: Resource; name: string; content: { [field: string]: Json } }[] = [
  {
    resource: resource("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    name: "default-deny",
    content: { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
  },
  {
    resource: resource("", "ResourceQuota", "resourcequotas"),
    name: "compute",
    content: { spec: { hard: { pods: "50", "requests.cpu": "4", "limits.memory": "8Gi" } } },
  },
  {
    resource: resource("", "LimitRange", "limitranges"),
    name: "defaults",
    content: { spec: { limits: [{ type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: "100m" } }] } },
  },
  {
    resource: resource("rbac.authorization.k8s.io", "RoleBinding", "rolebindings"),
    name: "viewers",
    content: {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "team" }],
    },
  },
  {
    resource: resource("", "ConfigMap", "configmaps"),
    name: "settings",
    content: { data: { region: "eu", tier: "gold" } },
  },
];

export const DEPLOYMENTS = resource("apps", "Deployment", "deployments");

/** One rule for each of them, for Namespaces with the label. */
export function benchPolicy(label: string): object {
  const match = { any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { [label]: "yes" } } } }] };
  const rules = TARGET_KINDS.map(({ resource: { kind, ...found }, name, content }) => ({
    name,
    match,
    generate: {
      apiVersion: apiVersionOf(found),
      kind,
      name,
      namespace: "{{ request.object.metadata.name }}",
      data: content,
    },
  }));
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "bench" }, spec: { rules } };
}

export async function createNamespace(
  client: ClusterClient,
  name: string,
  labels: { [key: string]: string },
): Promise<void> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
  const answer = await client.send({ method: "POST", path: "/api/v1/namespaces", body });
  if (!answer.ok) throw new Error(`namespace ${name}: ${answer.failure.message}`);
}

/** The label that both carry, each with its own domain: the raw writer's objects must not look like the operator's. */
export const RAW_TARGET = "rawwriter.dev/target";

/** The object that the operator makes of the kind, byte for byte but for the domain of its marks. */
export function rawObject(
  kind: string,
  namespace: string,
  suffix: string,
): { resource: Resource; object: KubernetesObject } {
  const found = TARGET_KINDS.find(({ resource }) => resource.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} among the targets`);
  const { group, version } = found.resource;
  const name = `${found.name}${suffix}`;
  const policy = { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name: "bench" };
  const trigger = { group: "", kind: "Namespace", namespace: "", name: namespace };
  const identity = { policy, rule: found.name, trigger, triggerUid: "00000000-0000-0000-0000-000000000000" };
  const marks = marksFor("rawwriter", identity, { group, kind, namespace, name });
  const metadata = { name, namespace, labels: renamed(marks.labels), annotations: renamed(marks.annotations) };
  return {
    resource: found.resource,
    object: { apiVersion: apiVersionOf({ group, version }), kind, metadata, ...found.content },
  };
}

function renamed(marks: { [key: string]: string }): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(marks).map(([key, value]) => [key.replace("perennial.dev/", "rawwriter.dev/"), value]),
  );
}

/** At most `width` at once. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function resource(group: string, kind: string, plural: string): Resource {
  return { group, version: "v1", kind, plural, namespaced: true, verbs: ["list", "watch"] };
}

function apiVersionOf({ group, version }: { group: string; version: string }): string {
  return group === "" ? version : `${group}/${version}`;
}
