/** What the expressions of a rule see of a stored trigger: the roots of an admission request that made it. */

import { asJson, groupOf, type Json, type JsonObject, type KubernetesObject, versionOf } from "../object/index.ts";
import { imagesOf } from "./images.ts";

/** The names that a rule may use without defining them. */
export const TRIGGER_ROOTS = ["request", "serviceAccountName", "serviceAccountNamespace", "images"] as const;

/** At rest there is no request: no user and no old object; the operation is the one that made what is stored. */
export function triggerBindings(trigger: KubernetesObject): { [root: string]: Json } {
  const { apiVersion, kind, metadata } = trigger;
  const request: JsonObject = {
    object: asJson(trigger),
    oldObject: null,
    kind: { group: groupOf(apiVersion), version: versionOf(apiVersion), kind },
    name: metadata.name,
    namespace: metadata.namespace ?? "",
    operation: "CREATE",
    userInfo: {},
  };
  const roots = { request, serviceAccountName: "", serviceAccountNamespace: "" };
  const images = imagesOf(trigger);
  return images === undefined ? roots : Object.defineProperty(roots, "images", { get: images, enumerable: true });
}
