/** A change of a trigger, as an edge rule sees it. */

import type { JsonObject, KubernetesObject } from "../object/index.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/**
 * What the API server tells of a request besides the objects, under the names of an AdmissionReview: `userInfo`, `dryRun`, `namespace`
 * and the like. Known only while the request is admitted.
 */
export type Asked = { request: JsonObject };

/**
 * `oldObject`: as it was before; of a deletion the deleted object, of a creation nothing. `createdBy`: what is known of the request
 * that created the object, under the names of an AdmissionReview. `request`: all of the request, where it was seen while it was
 * admitted.
 */
export type Change = {
  operation: Operation;
  oldObject: KubernetesObject | undefined;
  createdBy?: JsonObject;
  request?: JsonObject;
};
