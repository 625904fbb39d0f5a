/** What the API server publishes about strategic merge patches, read from its OpenAPI. */

import { isJsonObject, type Json, type JsonObject } from "../../src/object/index.ts";

/** Of a field: how it is merged, and what lies below it, where anything below is. */
export type Published = { keys?: string[]; replaced?: true; fields?: { [field: string]: Published } };

/** CustomResourceDefinitions hold schemas of any depth; nobody merges those. */
const LEFT_OUT = ["apiextensions.k8s.io/CustomResourceDefinition"];

/** By group/kind, of every kind in each of its versions; without metadata. Lists of objects are no kinds. */
export function publishedMerges(openapi: Json): Map<string, Published> {
  const definitions = isJsonObject(openapi) && isJsonObject(openapi.definitions) ? openapi.definitions : {};
  const kinds = new Map<string, Published>();
  for (const definition of Object.values(definitions)) {
    const kind = kindOf(definition);
    if (kind === undefined || LEFT_OUT.includes(kind)) continue;
    const { metadata: _metadata, ...fields } = fieldsOf(definition, definitions, []);
    kinds.set(kind, { fields: { ...kinds.get(kind)?.fields, ...fields } });
  }
  return kinds;
}

function kindOf(definition: Json): string | undefined {
  if (!isJsonObject(definition) || !isJsonObject(definition.properties)) return undefined;
  const types = definition["x-kubernetes-group-version-kind"];
  const [type, ...more] = Array.isArray(types) ? types : [];
  // an object of a group of its own; DeleteOptions and the like are in all groups
  const isObject = more.length === 0 && definition.properties.metadata !== undefined;
  if (type === undefined || !isJsonObject(type) || !isObject || String(type.kind).endsWith("List")) return undefined;
  return `${type.group}/${type.kind}`;
}

type Fields = { [field: string]: Published };

function fieldsOf(definition: Json, definitions: JsonObject, above: readonly Json[]): Fields {
  if (!isJsonObject(definition) || !isJsonObject(definition.properties) || above.includes(definition)) return {};
  const found: Fields = {};
  for (const [field, property] of Object.entries(definition.properties)) {
    const published = publishedField(property, definitions, [...above, definition]);
    if (published !== undefined) found[field] = published;
  }
  return found;
}

function publishedField(property: Json, definitions: JsonObject, above: readonly Json[]): Published | undefined {
  if (!isJsonObject(property)) return undefined;
  const strategies = String(property["x-kubernetes-patch-strategy"] ?? "").split(",");
  const type = definitions[referenceIn(property) ?? ""];
  const fields = type === undefined ? {} : fieldsOf(type, definitions, above);
  const published: Published = {
    ...(strategies.includes("merge") ? { keys: keysOf(property) } : {}),
    ...(strategies.includes("replace") ? { replaced: true } : {}),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  };
  return Object.keys(published).length > 0 ? published : undefined;
}

/** The one key of strategic merge patches, or all keys of a map of which it is one. */
function keysOf(property: JsonObject): string[] {
  const key = property["x-kubernetes-patch-merge-key"];
  const all = property["x-kubernetes-list-map-keys"];
  if (typeof key !== "string") return [];
  return Array.isArray(all) && all.includes(key) ? all.map(String) : [key];
}

function referenceIn(property: JsonObject): string | undefined {
  const places = [property, property.items, ...(Array.isArray(property.allOf) ? property.allOf : [])];
  const found = places.find((place) => isJsonObject(place) && place.$ref !== undefined);
  return isJsonObject(found) ? String(found.$ref).replace("#/definitions/", "") : undefined;
}
