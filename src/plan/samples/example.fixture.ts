/** What each policy of samples/ is to do, once: planned by a unit test, and seen in a cluster by e2e/samples.test.ts. */

import type { Json, KubernetesObject } from "../../object/index.ts";

/** What an object has to say; a RegExp stands for a text that nobody knows beforehand. */
export type Wanted = Json | RegExp | readonly Wanted[] | { readonly [field: string]: Wanted };

export type SampleExample = {
  /** What is there besides: sources, and what the rule reads. */
  stored?: readonly KubernetesObject[];
  trigger: KubernetesObject;
  /** Of the same kind, and none of its business. */
  other?: KubernetesObject;
  /** `NetworkPolicy shop/allow-dns` (of a cluster-scoped one the name alone), and its content; of what exists, what is set. */
  makes: { readonly [target: string]: Wanted };
  /** What somebody does to the first of them, as a merge patch; it is put back. */
  change: Json;
};

type Metadata = { labels?: { [key: string]: string }; annotations?: { [key: string]: string } };

export function namespaceNamed(name: string, metadata: Metadata = {}): KubernetesObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, ...metadata } };
}

/** `place`: namespace/name. */
export function objectAt(place: string, apiVersion: string, kind: string, fields: object = {}): KubernetesObject {
  const [namespace = "", name = ""] = place.split("/");
  const { metadata, ...content } = fields as { metadata?: Metadata };
  return { apiVersion, kind, metadata: { namespace, name, ...metadata }, ...content };
}

export function configMapAt(place: string, data: { [key: string]: string }, metadata: Metadata = {}): KubernetesObject {
  return objectAt(place, "v1", "ConfigMap", { data, metadata });
}

/** A Deployment or StatefulSet of nginx. */
export function workloadAt(
  place: string,
  kind: "Deployment" | "StatefulSet",
  { replicas = 1, ...metadata }: Metadata & { replicas?: number } = {},
): KubernetesObject {
  const labels = { app: place.split("/")[1] ?? "" };
  const spec = {
    replicas,
    selector: { matchLabels: labels },
    ...(kind === "StatefulSet" ? { serviceName: "db" } : {}),
    template: { metadata: { labels }, spec: { containers: [{ name: "main", image: "nginx" }] } },
  };
  return objectAt(place, "apps/v1", kind, { metadata, spec });
}
