/** Which object is meant: group, kind, namespace and name, never the version. */

import type { KubernetesObject } from "./object.ts";

export type GroupKind = { group: string; kind: string };

/** `namespace` is "" for cluster-scoped objects. */
export type ObjectRef = GroupKind & { namespace: string; name: string };

/** Text that is equal exactly when the references are equal; names hold no "/". */
export type ObjectKey = string & { readonly __brand: "ObjectKey" };

export type GroupKindKey = string & { readonly __brand: "GroupKindKey" };

export function keyOf(ref: ObjectRef): ObjectKey {
  return `${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}` as ObjectKey; // the only place that makes keys
}

/** The reference that gave the key. */
export function refOfKey(key: ObjectKey): ObjectRef {
  const [group = "", kind = "", namespace = "", name = ""] = key.split("/");
  return { group, kind, namespace, name };
}

export function groupKindKey(groupKind: GroupKind): GroupKindKey {
  return `${groupKind.group}/${groupKind.kind}` as GroupKindKey; // the only place that makes these keys
}

/** The group of `apps/v1` is `apps`, that of `v1` is "". */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf("/") + 1);
}

export function apiVersionOf(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

export function refOf(object: KubernetesObject): ObjectRef {
  return {
    group: groupOf(object.apiVersion),
    kind: object.kind,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
  };
}

/** For people and for annotations: `Namespace shop`, `apps/Deployment shop/web`. `parseRef` reads it back. */
export function printRef(ref: ObjectRef): string {
  const type = ref.group === "" ? ref.kind : `${ref.group}/${ref.kind}`;
  return `${type} ${ref.namespace === "" ? "" : `${ref.namespace}/`}${ref.name}`;
}

export function parseRef(text: string): ObjectRef | undefined {
  const match = /^(?:([^ /]+)\/)?([^ /]+) (?:([^/]+)\/)?([^/]+)$/.exec(text);
  if (match === null) return undefined;
  const [, group = "", kind = "", namespace = "", name = ""] = match;
  return { group, kind, namespace, name };
}
