/** The ConfigMap `settings` that tests of ownership are about, and the marks on it. */

import type { KubernetesObject } from "../../src/object/index.ts";
import { type Cluster, waitUntil } from "./cluster.ts";
import { type Labels, namespace, type Place, waitForObject } from "./objects.ts";
import type { OperatorProcess } from "./operator-process.ts";
import { clusterPolicy, configMap, namespacesLabelled, TRIGGER_NAME } from "./policy.ts";

export function settingsIn(where: string): Place {
  return ["configmap", where, "settings"];
}

/** A policy that wants `settings` with this data in each namespace that carries the label. */
export function wantingSettings(policy: string, label: string, data: Labels, generate: object = {}): object {
  return clusterPolicy(policy, {
    name: "settings",
    match: namespacesLabelled(label),
    generate: configMap("settings", data, generate),
  });
}

/** The keys of all labels and annotations of ours. */
export function marksOf({ metadata: { labels = {}, annotations = {} } }: KubernetesObject): string[] {
  return [...Object.keys(labels), ...Object.keys(annotations)].filter(
    (key) => key.startsWith("perennial.dev/") || key === "app.kubernetes.io/managed-by",
  );
}

export function isUnmarked(object: KubernetesObject): boolean {
  return marksOf(object).length === 0;
}

/** Whether its marks name this policy. */
export function isHeldBy(policy: string): (object: KubernetesObject) => boolean {
  return ({ metadata }) => metadata.labels?.["perennial.dev/policy"] === policy;
}

let later = 0;

/** Everything that happened before was worked on: something later was, and nothing waits. */
export async function laterEventProcessed(cluster: Cluster, operator: OperatorProcess): Promise<void> {
  const name = `later-${later++}`;
  await cluster.apply(wantingSettings("later", "later", { of: TRIGGER_NAME }), namespace(name, { later: "yes" }));
  await waitForObject(cluster, settingsIn(name));
  await waitUntil("nothing is waiting", async () => /perennial_queue_depth 0\n/.test(await operator.metrics()));
}

/** Changes the data of a ConfigMap as a person would, under the name of kubectl. */
export async function edit(cluster: Cluster, [resource, where, name]: Place, data: Labels): Promise<void> {
  await cluster.kubectl("patch", resource, name, "-n", where, "--type=merge", "-p", JSON.stringify({ data }));
}
