/** The object that a rule's data describes. */

import {
  canonicalObject,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type ObjectRef,
  type OwnerReference,
  type Resource,
  resourceApiVersion,
} from "../object/index.ts";

/** Type, name and namespace come from the rule, whatever data says; labels, annotations and owners come from data. */
export function objectOf(ref: ObjectRef, resource: Resource, data: JsonObject): KubernetesObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...content } = data;
  const { labels, annotations, ownerReferences } = isJsonObject(metadata) ? metadata : {};
  return canonicalObject({
    ...content,
    apiVersion: resourceApiVersion(resource),
    kind: resource.kind,
    metadata: {
      name: ref.name,
      ...(ref.namespace === "" ? {} : { namespace: ref.namespace }),
      ...(isJsonObject(labels) ? { labels: textValues(labels) } : {}),
      ...(isJsonObject(annotations) ? { annotations: textValues(annotations) } : {}),
      ...(Array.isArray(ownerReferences) && ownerReferences.length > 0
        ? { ownerReferences: ownersOf(ownerReferences) }
        : {}),
    },
  });
}

function ownersOf(references: readonly Json[]): OwnerReference[] {
  return references.filter(isJsonObject) as OwnerReference[]; // whether they are in a form that it accepts, the API server says
}

/** A variable may give a number or null where the API server wants text. */
function textValues(values: JsonObject): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]])),
  );
}
