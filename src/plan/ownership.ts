/** The managedFields that make everything others own ours, so that the next apply prunes what is not desired. */

import {
  applyEntryOf,
  isApplyEntry,
  isJsonObject,
  isLeaf,
  type Json,
  type JsonObject,
  type KubernetesObject,
  MANAGER,
  type ManagedFieldsEntry,
} from "../object/index.ts";
import { isIgnored } from "./ignored.ts";

/** Undefined when nobody else owns anything that could be taken. */
export function moveOwnership(desired: KubernetesObject, live: KubernetesObject): Json | undefined {
  const foreign = (live.metadata.managedFields ?? []).filter((entry) => !isApplyEntry(entry, MANAGER));
  const split = foreign.map((entry) => splitEntry(entry, desired));
  if (split.every(({ taken }) => isLeaf(taken))) return undefined;
  const apiVersion = versionToTake(split, desired.apiVersion);
  const ours = ourEntry(live, apiVersion);
  const fields = split
    .filter(({ entry }) => entry.apiVersion === apiVersion)
    .reduce((merged, { taken }) => unite(merged, taken), ours.fieldsV1 ?? {});
  const left = split
    .map(({ entry, left }) => ({ ...entry, fieldsV1: left }))
    .filter(({ fieldsV1 }) => !isLeaf(fieldsV1));
  return [{ ...ours, fieldsV1: fields }, ...left] as Json; // entries are JSON
}

type Split = { entry: ManagedFieldsEntry; taken: JsonObject; left: JsonObject };

/** Metadata and status stay with their owner, and so do the places that the control plane writes. */
function splitEntry(entry: ManagedFieldsEntry, desired: KubernetesObject): Split {
  const taken: JsonObject = {};
  const left: JsonObject = {};
  for (const [field, node] of Object.entries(entry.fieldsV1 ?? {})) {
    const stays = field === "f:metadata" || field === "f:status" || isIgnored(desired, [field], entry.subresource);
    (stays ? left : taken)[field] = node;
  }
  return { entry, taken, left };
}

/** An entry speaks one version; where others speak another one, ours becomes theirs, and the apply translates. */
function versionToTake(split: readonly Split[], desired: string): string {
  const versions = split.filter(({ taken }) => !isLeaf(taken)).map(({ entry }) => entry.apiVersion ?? desired);
  return versions.find((version) => version !== desired) ?? desired;
}

function ourEntry(live: KubernetesObject, apiVersion: string): ManagedFieldsEntry {
  const ours = applyEntryOf(live, MANAGER);
  if (ours !== undefined && ours.apiVersion === apiVersion) return ours;
  return { manager: MANAGER, operation: "Apply", apiVersion, fieldsType: "FieldsV1", fieldsV1: {} };
}

function unite(a: JsonObject, b: JsonObject): JsonObject {
  const united: JsonObject = { ...a };
  for (const [element, node] of Object.entries(b)) {
    const known = Object.hasOwn(united, element) ? united[element] : undefined;
    united[element] = isJsonObject(known) && isJsonObject(node) ? uniteNodes(known, node) : node;
  }
  return united;
}

/** A leaf that gets children stays a member of the set: the child ".". */
function uniteNodes(a: JsonObject, b: JsonObject): JsonObject {
  if (isLeaf(a) && isLeaf(b)) return {};
  const both = unite(a, b);
  return isLeaf(a) || isLeaf(b) ? { ".": {}, ...both } : both;
}
