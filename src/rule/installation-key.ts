/** The one Secret that no rule gets to see. */

import { isJsonObject, KEY_FIELD, KEY_SECRET, type KubernetesObject } from "../object/index.ts";

/** Whoever has the installation key can forge what it signs. */
export function holdsInstallationKey({ apiVersion, kind, metadata, data }: KubernetesObject): boolean {
  const isNamedSo = kind === "Secret" && apiVersion === "v1" && metadata.name === KEY_SECRET;
  return isNamedSo && isJsonObject(data) && Object.hasOwn(data, KEY_FIELD);
}
