/** The objects of tests: short to write, and waited for with a deadline. */

import type { KubernetesObject } from "../../src/object/index.ts";
import { type Cluster, waitUntil } from "./cluster.ts";

export type Labels = { [key: string]: string };

/** Where an object is: `["networkpolicy", "shop", "default-deny"]`; cluster-scoped ones have the namespace "". */
export type Place = readonly [resource: string, namespace: string, name: string];

export function namespace(name: string, labels: Labels = {}): object {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

export function storedConfigMap(namespace: string, name: string, data: Labels = {}, metadata: object = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name, ...metadata }, data };
}

/** Waits until the object is there, and as the test says; the error shows what it was instead. */
export async function waitForObject(
  cluster: Cluster,
  place: Place,
  isAsWanted: (object: KubernetesObject) => boolean = () => true,
): Promise<KubernetesObject> {
  let last: KubernetesObject | undefined;
  await waitUntil(`${place.join(" ")} is as wanted`, async () => {
    last = await cluster.get(...place);
    if (last !== undefined && isAsWanted(last)) return true;
    throw new Error(JSON.stringify(last ?? "it is not there"));
  });
  if (last === undefined) throw new Error("waited for, and not there");
  return last;
}

export async function waitUntilGone(cluster: Cluster, place: Place): Promise<void> {
  await waitUntil(`${place.join(" ")} is gone`, async () => (await cluster.get(...place)) === undefined);
}

/** Whether the `data` of a ConfigMap is exactly this. */
export function hasData(data: Labels): (object: KubernetesObject) => boolean {
  const print = (value: unknown): string => JSON.stringify(Object.entries(value ?? {}).sort());
  return (object) => print(object.data) === print(data);
}

/** What changes with every write, and with a delete: equal means that nobody wrote it. */
export function versionOf({ metadata }: KubernetesObject): string {
  return `${metadata.uid} at ${metadata.resourceVersion}`;
}
