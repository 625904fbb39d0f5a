/**
 * Objects in files have no managedFields, so nobody can tell who set what. They are compared by content: what is desired
 * counts as ours, and what is there besides as somebody's, as far as no server could have put it there by itself.
 */

import {
  contentOf,
  groupOf,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  MANAGER,
  type ManagedFieldsEntry,
} from "../object/index.ts";

/** Kinds that the API server adds nothing to, but for the fields named. */
const DEFAULTED: { readonly [kind: string]: readonly string[] } = {
  "/ConfigMap": [],
  "/LimitRange": [],
  "/ResourceQuota": [],
  "/Secret": ["f:type"],
  "networking.k8s.io/NetworkPolicy": ["f:policyTypes"],
  "rbac.authorization.k8s.io/ClusterRole": [],
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["f:apiGroup"],
  "rbac.authorization.k8s.io/Role": [],
  "rbac.authorization.k8s.io/RoleBinding": ["f:apiGroup"],
};

/** The live object as it is, where it tells who owns what. */
export function withOwnership(desired: KubernetesObject, live: KubernetesObject): KubernetesObject {
  return live.metadata.managedFields === undefined ? assumeOwnership(desired, live) : live;
}

function assumeOwnership(desired: KubernetesObject, live: KubernetesObject): KubernetesObject {
  const defaulted = DEFAULTED[`${groupOf(desired.apiVersion)}/${desired.kind}`];
  const wanted = contentOf(desired);
  const added = defaulted === undefined ? {} : fieldsOf(contentOf(live), { but: wanted, defaulted });
  const managedFields = [
    entryOf(MANAGER, "Apply", desired, ownedBy(desired)),
    ...(Object.keys(added).length === 0 ? [] : [entryOf("unknown", "Update", desired, added)]),
  ];
  return { ...live, metadata: { ...live.metadata, managedFields } };
}

/** What a desired object owns once it was applied; lists are taken as a whole. */
export function ownedBy(desired: KubernetesObject): JsonObject {
  const { labels = {}, annotations = {} } = desired.metadata;
  const metadata = { "f:labels": fieldsOf(labels), "f:annotations": fieldsOf(annotations) };
  return { ...fieldsOf(contentOf(desired)), "f:metadata": metadata };
}

export function entryOf(
  manager: string,
  operation: "Apply" | "Update",
  { apiVersion }: KubernetesObject,
  fieldsV1: JsonObject,
): ManagedFieldsEntry {
  return { manager, operation, apiVersion, fieldsType: "FieldsV1", fieldsV1 };
}

type Less = { but: JsonObject; defaulted: readonly string[] };

/** As FieldsV1; `less`: without what another object has, and without defaults. */
function fieldsOf(value: JsonObject, less?: Less): JsonObject {
  const fields: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    const field = `f:${key}`;
    if (less?.defaulted.includes(field)) continue;
    const known = less !== undefined && Object.hasOwn(less.but, key) ? less.but[key] : undefined;
    const isMap = isJsonObject(child) && Object.keys(child).length > 0;
    if (known === undefined) fields[field] = isMap ? fieldsOf(child) : {};
    else if (less !== undefined && isMap && isJsonObject(known)) {
      const inner = fieldsOf(child, { ...less, but: known });
      if (Object.keys(inner).length > 0) fields[field] = inner;
    }
  }
  return fields;
}
