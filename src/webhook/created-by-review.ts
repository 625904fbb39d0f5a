/** The annotation that tells who created an object: written when it is created, whatever was there, and kept as it was written. */

import {
  asJson,
  CREATED_BY,
  type Creator,
  groupOf,
  isBeingDeleted,
  isJsonObject,
  type Json,
  jsonDifference,
  type KubernetesObject,
  readCreator,
  signCreator,
} from "../object/index.ts";
import type { CompiledPolicy } from "../rule/index.ts";
import { type AdmissionAnswer, type AdmissionRequest, ALLOWED } from "./review.ts";

export type CreatedByOptions = { installationKey: Uint8Array; policies: readonly CompiledPolicy[] };

export function reviewCreatedBy(request: AdmissionRequest, options: CreatedByOptions): AdmissionAnswer {
  const { object, oldObject, operation, fields } = request;
  if (object === undefined || isBeingDeleted(object)) return ALLOWED;
  const { installationKey } = options;
  if (operation === "UPDATE" && oldObject !== undefined) return kept(object, oldObject, installationKey);
  if (operation !== "CREATE") return ALLOWED;
  const creator = creatorIn(fields.userInfo);
  const value = creator === undefined ? undefined : signCreator(installationKey, object, creator);
  const warnings = value === undefined ? [NOT_TOLD] : lacks(object, { value, ...options }) ? [NO_GROUPS] : [];
  return withValue(object, value, warnings);
}

const NOT_TOLD = `${CREATED_BY}: who created it is too long to be kept with it, so rules that ask for that do not apply`;
const NO_GROUPS = `${CREATED_BY}: the groups of who created it are too many to be kept with it, so rules that ask for them do not apply`;

/** What somebody else wrote there is taken out. */
function kept(object: KubernetesObject, oldObject: KubernetesObject, key: Uint8Array): AdmissionAnswer {
  const isOurs = "creator" in readCreator(key, oldObject);
  return withValue(object, isOurs ? oldObject.metadata.annotations?.[CREATED_BY] : undefined, []);
}

function withValue(object: KubernetesObject, value: string | undefined, warnings: readonly string[]): AdmissionAnswer {
  const { [CREATED_BY]: before, ...others } = object.metadata.annotations ?? {};
  if (before === value) return { allowed: true, warnings };
  const annotations = value === undefined ? others : { ...others, [CREATED_BY]: value };
  const changed = { ...object, metadata: { ...object.metadata, annotations } };
  return { allowed: true, warnings, patch: jsonDifference(asJson(object), asJson(changed)) };
}

/** True when some rule asks for groups, and they were left out. */
function lacks(
  object: KubernetesObject,
  { value, installationKey, policies }: CreatedByOptions & { value: string },
): boolean {
  const { apiVersion, kind, metadata } = object;
  const asksGroups = policies.some(({ rules }) =>
    rules.some(
      ({ asksCreator, triggers }) =>
        asksCreator === "groups" &&
        triggers.some((found) => found.kind === kind && found.group === groupOf(apiVersion)),
    ),
  );
  if (!asksGroups) return false;
  const annotations = { ...metadata.annotations, [CREATED_BY]: value };
  const read = readCreator(installationKey, { ...object, metadata: { ...metadata, annotations } });
  return !("creator" in read) || read.creator.groups === undefined;
}

function creatorIn(userInfo: Json | undefined): Creator | undefined {
  if (userInfo === undefined || !isJsonObject(userInfo) || typeof userInfo.username !== "string") return undefined;
  const { username, uid, groups } = userInfo;
  return {
    username,
    uid: typeof uid === "string" ? uid : "",
    groups: Array.isArray(groups) ? groups.map(String) : [],
  };
}
