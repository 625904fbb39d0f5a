/** The one Secret that no rule gets to see. */

import { isJsonObject, type Json, KEY_FIELD, KEY_SECRET, type KubernetesObject } from "../object/index.ts";

/** Whoever has the installation key can forge what it signs. */
export function holdsInstallationKey({ apiVersion, kind, metadata, data }: KubernetesObject): boolean {
  const isNamedSo = kind === "Secret" && apiVersion === "v1" && metadata.name === KEY_SECRET;
  return isNamedSo && isJsonObject(data) && Object.hasOwn(data, KEY_FIELD);
}

/** An answer of the API server, whatever its form, less that Secret. */
export function withoutInstallationKey(answer: Json): Json {
  if (Array.isArray(answer)) return answer.filter((item) => !isKey(item)).map(withoutInstallationKey);
  if (isKey(answer)) return null;
  if (!isJsonObject(answer)) return answer;
  return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, withoutInstallationKey(value)]));
}

/** Items of a list have neither kind nor apiVersion. */
function isKey(value: Json): boolean {
  if (!isJsonObject(value) || !isJsonObject(value.metadata) || !isJsonObject(value.data)) return false;
  return value.metadata.name === KEY_SECRET && Object.hasOwn(value.data, KEY_FIELD);
}
