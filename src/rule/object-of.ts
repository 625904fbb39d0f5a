/** The object that a rule's data describes. */

import {
  canonicalObject,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  type ObjectRef,
  type Resource,
  resourceApiVersion,
} from "../object/index.ts";

/** Type, name and namespace come from the rule, whatever data says; labels and annotations come from data. */
export function objectOf(ref: ObjectRef, resource: Resource, data: JsonObject): KubernetesObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...content } = data;
  const { labels, annotations } = isJsonObject(metadata) ? metadata : {};
  return canonicalObject({
    ...content,
    apiVersion: resourceApiVersion(resource),
    kind: resource.kind,
    metadata: {
      name: ref.name,
      ...(ref.namespace === "" ? {} : { namespace: ref.namespace }),
      ...(isJsonObject(labels) ? { labels: textValues(labels) } : {}),
      ...(isJsonObject(annotations) ? { annotations: textValues(annotations) } : {}),
    },
  });
}

/** A variable may give a number or null where the API server wants text. */
function textValues(values: JsonObject): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]])),
  );
}
