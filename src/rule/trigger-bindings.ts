/** What the expressions of a rule see of a stored trigger: the roots of an admission request that made it. */

import { asJson, groupOf, type Json, type JsonObject, type KubernetesObject, versionOf } from "../object/index.ts";
import type { Change } from "./change.ts";
import { imagesOf } from "./images.ts";

export const AT_REST: Change = { operation: "CREATE", oldObject: undefined };

/** The names that a rule may use without defining them. */
export const TRIGGER_ROOTS = ["request", "serviceAccountName", "serviceAccountNamespace", "images"] as const;

/**
 * At rest there is no request and no old object; the operation is the one that made what is stored. Nobody knows who did it.
 * Requests about a Namespace are in it, as the API server says.
 */
export function triggerBindings(
  trigger: KubernetesObject,
  { operation, oldObject }: Change = AT_REST,
): { [root: string]: Json } {
  const { apiVersion, kind, metadata } = trigger;
  const request: JsonObject = {
    object: asJson(trigger),
    oldObject: oldObject === undefined ? null : asJson(oldObject),
    kind: { group: groupOf(apiVersion), version: versionOf(apiVersion), kind },
    name: metadata.name,
    namespace: kind === "Namespace" && apiVersion === "v1" ? metadata.name : (metadata.namespace ?? ""),
    operation,
    userInfo: {},
  };
  const roots = { request, serviceAccountName: "", serviceAccountNamespace: "" };
  const images = imagesOf(trigger);
  return images === undefined ? roots : Object.defineProperty(roots, "images", { get: images, enumerable: true });
}
