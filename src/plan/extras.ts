/** What others own and desired lacks. */

import {
  asJson,
  type FieldPath,
  fieldMembers,
  fieldNode,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  MANAGER,
  type ManagedFieldsEntry,
  type Path,
  printPointer,
  resolveField,
} from "../object/index.ts";
import { isIgnored } from "./ignored.ts";

export type Extras = {
  at: Path[];
  foreignVersion: boolean;
  /** Desired containers that somebody else has taken from us. */
  doubtful: string[];
  /** Undesired places whose owner may only have been there when the server set a default. */
  residue: string[];
};

export type Entries = { owned: JsonObject; foreign: readonly ManagedFieldsEntry[] };

/** Not content: labels and annotations of the object itself are left to whoever set them. */
const NOT_CONTENT = new Set(["f:metadata", "f:status", "f:apiVersion", "f:kind"]);

export function foreignExtras(desired: KubernetesObject, live: KubernetesObject, entries: Entries): Extras {
  const extras: Extras = { at: [], foreignVersion: false, doubtful: [], residue: [] };
  for (const entry of entries.foreign) {
    const members = fieldMembers(entry.fieldsV1 ?? {}).filter((path) => !NOT_CONTENT.has(path[0] ?? ""));
    if (members.length === 0) continue;
    if (entry.apiVersion !== desired.apiVersion) extras.foreignVersion = true;
    else for (const path of members) judge(path, entry, { desired, live, owned: entries.owned }, extras);
  }
  return extras;
}

type Compared = { desired: KubernetesObject; live: KubernetesObject; owned: JsonObject };

function judge(path: FieldPath, entry: ManagedFieldsEntry, { desired, live, owned }: Compared, extras: Extras): void {
  if (fieldNode(owned, path) !== undefined) return; // co-owned, or a container of ours
  if (isIgnored(desired, path, entry.subresource)) return;
  const wanted = resolveField(asJson(desired), path, true)[0];
  if (wanted === undefined) {
    const found = resolveField(asJson(live), path).map(({ path: at }) => at);
    if (isResidue(entry)) extras.residue.push(...found.map(printPointer));
    else extras.at.push(...found);
    return;
  }
  // a scalar is judged by its value; a container taken from us may hold more than we see
  const container = isJsonObject(wanted.value) || Array.isArray(wanted.value);
  if (container) extras.doubtful.push(printPointer(wanted.path));
}

/** What the server gives a new owner to when nobody applied it before. */
const BEFORE_FIRST_APPLY = "before-first-apply";

/** A default that came back after we took a value out counts as ours; where ownership was cleared, everything as somebody's. */
function isResidue({ manager, operation }: ManagedFieldsEntry): boolean {
  return operation === "Update" && (manager === MANAGER || manager === BEFORE_FIRST_APPLY);
}
