/** Has the API server tell who changes or deletes what we generated. Nothing waits for the answer's sake: it is always yes. */

import { type JsonObject, type KubernetesObject, type Resource, TARGET } from "../object/index.ts";
import { clientConfig } from "./configuration.ts";
import { type EntryOptions, namespaceSelector, notByUs, requestRules } from "./entry.ts";
import type { AdmissionRequest } from "./review.ts";

export function usersPath(secret: string): string {
  return `/users/${secret}`;
}

/** `resources`: of what is generated; none: no entry. */
export function userEntries(resources: readonly Resource[], options: EntryOptions): JsonObject[] {
  if (resources.length === 0) return [];
  const operations = new Set(["UPDATE", "DELETE"] as const);
  return [
    {
      name: "users.perennial.dev",
      clientConfig: clientConfig(usersPath(options.secret), options),
      rules: requestRules(resources.map((resource) => ({ resource, subresource: "", operations }))),
      failurePolicy: "Ignore",
      matchPolicy: "Equivalent",
      namespaceSelector: namespaceSelector([], options.leftAlone),
      objectSelector: { matchExpressions: [{ key: TARGET, operator: "Exists" }] },
      matchConditions: [notByUs(options)],
      sideEffects: "None",
      timeoutSeconds: 1,
      admissionReviewVersions: ["v1"],
    },
  ];
}

/** Who is about to change or delete which object; undefined where nothing will come of it. */
export function changeIn({
  object,
  oldObject,
  fields,
}: AdmissionRequest): { object: KubernetesObject; user: string } | undefined {
  const changed = object ?? oldObject;
  const { userInfo, dryRun } = fields;
  const user = (userInfo as JsonObject | undefined)?.username; // as the API server sends it
  return changed === undefined || dryRun === true || typeof user !== "string" ? undefined : { object: changed, user };
}
