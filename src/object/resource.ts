/** What the API server serves: a kind, the path it is found under, and what may be done with it. */

import type { Path } from "./pointer.ts";
import { apiVersionOf, type GroupKind, type ObjectRef } from "./reference.ts";

export type Resource = GroupKind & {
  version: string;
  /** The plural of the path, such as `networkpolicies`. */
  plural: string;
  namespaced: boolean;
  verbs: readonly string[];
  /** Undefined: it is not known which there are. */
  subresources?: readonly Subresource[];
};

/** A path below that of the object, such as `status` or `scale`, and the kind of what is read and written there. */
export type Subresource = GroupKind & {
  version: string;
  /** As it stands in the path. */
  name: string;
  verbs: readonly string[];
  /** Of `scale` of a custom resource: where it keeps what its Scale shows. */
  scale?: ScalePaths;
};

export type ScalePaths = { replicas: Path; statusReplicas: Path; selector?: Path };

export function resourceApiVersion(resource: Resource): string {
  return apiVersionOf(resource.group, resource.version);
}

/** `networkpolicies.networking.k8s.io`, `deployments/scale.apps`. */
export function resourceName({ group, plural }: Resource, subresource?: string): string {
  const what = subresource === undefined ? plural : `${plural}/${subresource}`;
  return group === "" ? what : `${what}.${group}`;
}

/** The path of the collection; "" as namespace means all namespaces, or a cluster-scoped kind. */
export function collectionPath(resource: Resource, namespace = ""): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = namespace === "" ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${resource.plural}`;
}

export function objectPath(resource: Resource, ref: ObjectRef): string {
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

/** One watch serves one resource; the version counts, because content differs between versions. */
export function resourceKey(resource: Resource): string {
  return `${resource.group}/${resource.version}/${resource.plural}`;
}

export function isWatchable(resource: Resource): boolean {
  return resource.verbs.includes("list") && resource.verbs.includes("watch");
}
