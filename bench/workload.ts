/** What both sides make: five objects for each namespace. */

import type { ClusterClient } from "../src/cluster/index.ts";
import { applyObject } from "../src/cluster/index.ts";
import type { Json, KubernetesObject, Resource } from "../src/object/index.ts";

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

export async function applyTargets(client: ClusterClient, namespace: string): Promise<void> {
  await Promise.all(
    TARGET_KINDS.map(async ({ resource: found, name, content }) => {
      const object: KubernetesObject = {
        apiVersion: apiVersionOf(found),
        kind: found.kind,
        metadata: { name, namespace },
        ...content,
      };
      const answer = await applyObject(client, found, object);
      if (!answer.ok) throw new Error(`${found.kind} in ${namespace}: ${answer.failure.message}`);
    }),
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
