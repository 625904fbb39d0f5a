/** What the expressions of a rule see of a stored trigger: the roots of an admission request that made it. */

import {
  asJson,
  groupOf,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  versionOf,
} from "../object/index.ts";
import type { Asked, Change } from "./change.ts";
import { imagesOf } from "./images.ts";
import { accountOf, userOf } from "./requester.ts";

export const AT_REST: Change = { operation: "CREATE", oldObject: undefined };

/** The names that a rule may use without defining them. */
export const TRIGGER_ROOTS = ["request", "serviceAccountName", "serviceAccountNamespace", "images"] as const;

/** A change while it is admitted: all of the request is known. */
export type Admitted = Change & Asked;

/** What the expressions of a rule see of an object that is admitted. */
export function admittedBindings(object: KubernetesObject, admitted: Admitted): { [root: string]: Json } {
  const atRest = triggerBindings(object, admitted);
  const known = isJsonObject(atRest.request) ? atRest.request : {};
  // what has no name yet is told without one, and what lies in no namespace without that
  const request: JsonObject = { ...known, name: "", namespace: "", ...admitted.request };
  const { namespace = "", name = "" } = accountIn(admitted.request);
  const roots = { request, serviceAccountName: name, serviceAccountNamespace: namespace };
  return Object.defineProperties(atRest, Object.getOwnPropertyDescriptors(roots));
}

function accountIn({ userInfo }: JsonObject): { namespace?: string; name?: string } {
  return accountOf(userOf(userInfo).username) ?? {};
}

/** What they see of a trigger for a change: of one that a watch has shown nobody knows the request. */
export function changeBindings(trigger: KubernetesObject, change: Change): { [root: string]: Json } {
  const { request } = change;
  return request === undefined ? triggerBindings(trigger, change) : admittedBindings(trigger, { ...change, request });
}

/**
 * At rest there is no request and no old object; the operation is the one that made what is stored. Who did it is known
 * only where the object tells.
 * Requests about a Namespace are in it, as the API server says.
 */
export function triggerBindings(
  trigger: KubernetesObject,
  { operation, oldObject, createdBy }: Change = AT_REST,
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
    ...createdBy,
  };
  const { namespace = "", name = "" } = createdBy === undefined ? {} : accountIn(createdBy);
  const roots = { request, serviceAccountName: name, serviceAccountNamespace: namespace };
  const images = imagesOf(trigger);
  return images === undefined ? roots : Object.defineProperty(roots, "images", { get: images, enumerable: true });
}
