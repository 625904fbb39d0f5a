/** What a strategic merge patch has to know of the fields of an object: which lists are merged, and by which keys. */

import { isJsonObject, type Json, type JsonObject, ownValue } from "./json.ts";
import { BUILT_IN_KINDS, BUILT_IN_TYPES, KEY_DEFAULTS } from "./merge-table.ts";
import type { GroupKind } from "./reference.ts";

/** A field by which elements of a list are told apart; `default` is what an absent one means. */
export type MergeKey = { name: string; default?: Json };

export interface MergeSchema {
  /** Of a list: its elements are told apart by these fields. None at all: it is a set of values. Absent: it is replaced. */
  readonly keys?: readonly MergeKey[];
  /** Of a map: a patch replaces it as a whole. */
  readonly replaced?: boolean;
  /** The schema of a field of the map, or of the elements of the list. */
  field(name: string): MergeSchema;
}

/** Of something of which nothing is known: maps are merged, lists replaced. */
export const PLAIN_SCHEMA: MergeSchema = { field: () => PLAIN_SCHEMA };

/** Of a built-in kind; of any other kind only the lists of its metadata are merged. */
export function builtInSchema({ group, kind }: GroupKind): MergeSchema {
  const key = `${group}/${kind}`;
  const known = schemas.get(key);
  if (known !== undefined) return known;
  const schema = withMetadata(schemaOfFields(BUILT_IN_KINDS[key] ?? ""));
  if (Object.hasOwn(BUILT_IN_KINDS, key)) schemas.set(key, schema);
  return schema;
}

const schemas = new Map<string, MergeSchema>();

/** Of a custom resource, by the openAPIV3Schema of one version of its definition: lists are merged by their map keys. */
export function customSchema(openAPIV3Schema: Json | undefined): MergeSchema {
  return withMetadata(schemaOfNode(openAPIV3Schema));
}

/** The schema of a version of the kind that a CustomResourceDefinition defines. */
export function definitionSchema(spec: JsonObject, version: string): MergeSchema {
  const versions = Array.isArray(spec.versions) ? spec.versions.filter(isJsonObject) : [];
  const schema = versions.find(({ name }) => name === version)?.schema;
  return customSchema(isJsonObject(schema) ? schema.openAPIV3Schema : undefined);
}

function withMetadata(schema: MergeSchema): MergeSchema {
  return { field: (name) => (name === "metadata" ? METADATA : schema.field(name)) };
}

const FIELD = /^([^[:=]+)(?:\[([^\]]*)\])?(=)?(?::(.+))?$/;

function schemaOfFields(text: string, own: Omit<MergeSchema, "field"> = {}): MergeSchema {
  const fields = new Map(text.split(" ").map((word) => [FIELD.exec(word)?.[1] ?? "", word]));
  return { ...own, field: (name) => schemaOfWord(fields.get(name)) };
}

function schemaOfWord(word: string | undefined): MergeSchema {
  const [, , keys, replaced, type = ""] = FIELD.exec(word ?? "") ?? [];
  if (replaced !== undefined) return { ...PLAIN_SCHEMA, replaced: true };
  return schemaOfFields(BUILT_IN_TYPES[type] ?? "", keys === undefined ? {} : { keys: readKeys(keys) });
}

function readKeys(text: string): MergeKey[] {
  const names = text.split(",").filter((name) => name !== "");
  return names.map((name) => ({ name, ...(KEY_DEFAULTS[name] === undefined ? {} : { default: KEY_DEFAULTS[name] }) }));
}

const METADATA = schemaOfFields(BUILT_IN_TYPES.ObjectMeta ?? "");

/** Read at once, so that nothing is kept of a schema but its lists that are merged and its maps that are replaced. */
function schemaOfNode(node: Json | undefined): MergeSchema {
  return readNode(node) ?? PLAIN_SCHEMA;
}

/** Undefined where there is none of either. */
function readNode(node: Json | undefined): MergeSchema | undefined {
  if (node === undefined || !isJsonObject(node)) return undefined;
  return node.items === undefined ? readMap(node) : readList(node, node.items);
}

function readList(node: JsonObject, items: Json): MergeSchema | undefined {
  const own = listOf(node, items);
  const element = readNode(items);
  if (own.keys === undefined && element === undefined) return undefined;
  return { ...own, field: (element ?? PLAIN_SCHEMA).field };
}

function readMap({ properties, additionalProperties, ...node }: JsonObject): MergeSchema | undefined {
  const replaced = node["x-kubernetes-map-type"] === "atomic" ? { replaced: true } : {};
  const read = Object.entries(isJsonObject(properties ?? null) ? (properties as JsonObject) : {}).map(
    ([name, child]) => [name, readNode(child)] as const,
  );
  const fields = new Map(read.flatMap(([name, child]) => (child === undefined ? [] : [[name, child] as const])));
  const others = readNode(additionalProperties) ?? PLAIN_SCHEMA; // a schema has the one or the other
  if (fields.size === 0 && others === PLAIN_SCHEMA && replaced.replaced === undefined) return undefined;
  return { ...replaced, field: (name) => fields.get(name) ?? others };
}

function listOf(list: JsonObject, items: Json): { keys?: readonly MergeKey[] } {
  const type = list["x-kubernetes-list-type"];
  if (type === "set") return { keys: [] };
  const names = list["x-kubernetes-list-map-keys"];
  if (type !== "map" || !Array.isArray(names)) return {};
  const properties = isJsonObject(items) && isJsonObject(items.properties) ? items.properties : {};
  return { keys: names.map((name) => customKey(String(name), ownValue(properties, String(name)))) };
}

function customKey(name: string, schema: Json | undefined): MergeKey {
  const byDefault = schema !== undefined && isJsonObject(schema) ? schema.default : undefined;
  return { name, ...(byDefault === undefined ? {} : { default: byDefault }) };
}
