/** Policies as tests write them, short enough to read. */

import type { PolicyStatus } from "../../src/policy/index.ts";
import type { Cluster } from "./cluster.ts";
import { waitUntil } from "./cluster.ts";

export type TestRule = {
  name: string;
  match: object;
  exclude?: object;
  context?: object[];
  preconditions?: object;
  skipBackgroundRequests?: boolean;
  generate?: object;
  mutate?: object;
};

export function clusterPolicy(name: string, ...rules: TestRule[]): object {
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name }, spec: { rules } };
}

export function namespacedPolicy(namespace: string, name: string, ...rules: TestRule[]): object {
  return { apiVersion: "perennial.dev/v1", kind: "Policy", metadata: { name, namespace }, spec: { rules } };
}

/** Matches Namespaces with a label, so that tests of one cluster stay out of each other's way. */
export function namespacesLabelled(label: string): object {
  return { any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { [label]: "*" } } } }] };
}

export const TRIGGER_NAME = "{{ request.object.metadata.name }}";

/** A ConfigMap in the namespace that triggers. */
export function configMap(name: string, data: object, more: object = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", name, namespace: TRIGGER_NAME, data: { data }, ...more };
}

export async function policyStatus(cluster: Cluster, name: string, namespace = ""): Promise<PolicyStatus> {
  const policy = await cluster.get(namespace === "" ? "clusterpolicies" : "policies", namespace, name);
  return (policy?.status ?? {}) as PolicyStatus; // as the operator writes it
}

export function condition(
  status: PolicyStatus,
  type: string,
): { status: string; reason: string; message: string } | undefined {
  return status.conditions?.find((candidate) => candidate.type === type);
}

/** Waits until a condition of the policy's current status is as said; the error shows what it was instead. */
export async function waitForCondition(
  cluster: Cluster,
  name: string,
  expected: { type: string; status: string; reason?: string; namespace?: string },
): Promise<PolicyStatus> {
  let last: PolicyStatus = {};
  await waitUntil(`${name} is ${expected.type}=${expected.status} ${expected.reason ?? ""}`, async () => {
    last = await policyStatus(cluster, name, expected.namespace);
    const found = condition(last, expected.type);
    if (found?.status === expected.status && (expected.reason === undefined || found.reason === expected.reason))
      return true;
    throw new Error(JSON.stringify(last));
  });
  return last;
}
