/** What the expressions of a rule see of a stored trigger: the roots of an admission request that made it. */

import type { Bindings } from "../expression/index.ts";
import { asJson, type JsonObject, type KubernetesObject } from "../object/index.ts";

/** The names that a rule may use without defining them. */
export const TRIGGER_ROOTS = ["request", "serviceAccountName", "serviceAccountNamespace"] as const;

/** At rest there is no request: no user and no old object; the operation is the one that made what is stored. */
export function triggerBindings(trigger: KubernetesObject): Bindings {
  const request: JsonObject = {
    object: asJson(trigger),
    oldObject: null,
    namespace: trigger.metadata.namespace ?? "",
    operation: "CREATE",
    userInfo: {},
  };
  return { request, serviceAccountName: "", serviceAccountNamespace: "" };
}
