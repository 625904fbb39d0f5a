/**
 * FieldsV1, the ownership sets of metadata.managedFields.
 *
 * A path element is `f:<field>`, `k:<key fields as JSON>` (an element of a keyed list), `v:<JSON>` (an element of a set)
 * or `i:<index>`. A node without children, or with the child ".", is a member of the set; a leaf owns all below it.
 */

import { isEqual } from "./equality.ts";
import { parseJson } from "./exact-json.ts";
import { isJsonObject, type Json, type JsonObject, ownValue } from "./json.ts";
import type { KubernetesObject, ManagedFieldsEntry } from "./object.ts";
import type { Path } from "./pointer.ts";

export type FieldPath = readonly string[];

/** All members of an ownership set. */
export function fieldMembers(fields: JsonObject, prefix: FieldPath = [], found: FieldPath[] = []): FieldPath[] {
  for (const element of Object.keys(fields)) {
    if (element === ".") {
      found.push(prefix);
      continue;
    }
    const child = fields[element];
    const path = [...prefix, element];
    if (!isJsonObject(child) || isLeaf(child)) found.push(path);
    else fieldMembers(child, path, found);
  }
  return found;
}

export function isLeaf(node: JsonObject): boolean {
  for (const _ in node) return false;
  return true;
}

/** The node of the set below these elements. */
export function fieldNode(fields: JsonObject | undefined, path: FieldPath): JsonObject | undefined {
  let node = fields;
  for (const element of path) {
    if (node === undefined) return undefined;
    const child: Json | undefined = Object.hasOwn(node, element) ? node[element] : undefined;
    node = isJsonObject(child) ? child : undefined;
  }
  return node;
}

/** The entry that stands for what we applied: our manager, operation Apply, no subresource unless one is given. */
export function applyEntryOf(
  object: KubernetesObject,
  manager: string,
  subresource?: string,
): ManagedFieldsEntry | undefined {
  return object.metadata.managedFields?.find((entry) => isApplyEntry(entry, manager, subresource));
}

export function isApplyEntry(entry: ManagedFieldsEntry, manager: string, subresource = ""): boolean {
  return entry.manager === manager && entry.operation === "Apply" && (entry.subresource ?? "") === subresource;
}

/** Through which subresources the manager applied what it still owns; "" is the object itself. */
export function appliedThrough({ metadata }: KubernetesObject, manager: string): string[] {
  const applied = metadata.managedFields?.filter((entry) => isApplyEntry(entry, manager, entry.subresource)) ?? [];
  return applied.map(({ subresource = "" }) => subresource);
}

export type Resolved = { path: Path; value: Json };

/**
 * Where a field path leads in a value: nowhere, to one place, or to several when a keyed list holds duplicates.
 * `lax`: an element may leave out key fields that the server would default (a port without a protocol).
 */
export function resolveField(root: Json, path: FieldPath, lax = false): Resolved[] {
  let current: Resolved[] = [{ path: [], value: root }];
  for (const element of path) {
    current = current.flatMap(({ path, value }) =>
      stepInto(value, element, lax).map((step) => ({ path: [...path, step.segment], value: step.value })),
    );
    if (current.length === 0) return [];
  }
  return current;
}

type Step = { segment: string | number; value: Json };

export function stepInto(value: Json, element: string, lax = false): Step[] {
  const rest = element.slice(2);
  if (element.startsWith("f:")) {
    return isJsonObject(value) && Object.hasOwn(value, rest) ? [{ segment: rest, value: value[rest] ?? null }] : [];
  }
  if (!Array.isArray(value)) return [];
  if (element.startsWith("k:")) return keyedElements(value, parseJson(rest) as JsonObject, lax);
  if (element.startsWith("v:")) {
    const wanted = parseJson(rest);
    return elements(value).filter((item) => isEqual(item.value, wanted));
  }
  const item = value[Number(rest)];
  return item === undefined ? [] : [{ segment: Number(rest), value: item }];
}

function keyedElements(list: Json[], key: JsonObject, lax: boolean): Step[] {
  const names = Object.keys(key);
  const exact = elements(list).filter(
    ({ value }) => isJsonObject(value) && names.every((n) => isEqual(value[n], key[n])),
  );
  if (exact.length > 0 || !lax) return exact;
  return elements(list).filter(
    ({ value }) =>
      isJsonObject(value) &&
      names.some((name) => Object.hasOwn(value, name)) &&
      names.every((name) => !Object.hasOwn(value, name) || isEqual(value[name], key[name])),
  );
}

function elements(list: Json[]): Step[] {
  return list.map((value, segment) => ({ segment, value }));
}

/** The fields that tell the elements of a keyed list apart, from the elements of an ownership set; none for a set. */
export function keyFields(elements: readonly string[]): string[] {
  const keyed = elements.find((element) => element.startsWith("k:"));
  const key = keyed === undefined ? {} : parseJson(keyed.slice(2));
  return isJsonObject(key) ? Object.keys(key) : [];
}

/** Whether `wanted` stands for that element; key fields that it leaves out are defaults of the server's. */
export function isSameElement(wanted: Json, element: Json, keys: readonly string[]): boolean {
  if (keys.length === 0 || !isJsonObject(wanted)) return isEqual(wanted, element);
  if (!isJsonObject(element)) return false;
  return keys.every((key) => !Object.hasOwn(wanted, key) || isEqual(ownValue(wanted, key), ownValue(element, key)));
}
