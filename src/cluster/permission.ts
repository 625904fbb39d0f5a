/** A 403 has many causes (quota, Pod Security, webhooks); only the API server can say whether RBAC is the one. */

import { isJsonObject, type JsonObject, type Resource } from "../object/index.ts";
import type { ClusterClient } from "./client.ts";

/** `name`: where RBAC can tell single objects apart, such as the role that may be bound. */
export type Permission = { verb: string; resource: Resource; namespace: string; name?: string };

/** Whose permissions are asked for, when they are not those of the credentials that the requests are sent with. */
export type ServiceAccount = { namespace: string; name: string };

/** An access review. Undefined when the review itself fails: unknown is not "no". */
export async function isPermitted(
  client: ClusterClient,
  permission: Permission,
  subject?: ServiceAccount,
): Promise<boolean | undefined> {
  const kind = subject === undefined ? "SelfSubjectAccessReview" : "SubjectAccessReview";
  const answer = await client.send({
    method: "POST",
    path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
    body: {
      ...{ apiVersion: "authorization.k8s.io/v1", kind },
      spec: { ...(subject === undefined ? {} : userOf(subject)), resourceAttributes: attributesOf(permission) },
    },
  });
  if (!answer.ok || !isJsonObject(answer.body) || !isJsonObject(answer.body.status)) return undefined;
  return answer.body.status.allowed === true;
}

function attributesOf({ verb, resource, namespace, name }: Permission): JsonObject {
  const { group, plural } = resource;
  return { verb, group, resource: plural, namespace, ...(name === undefined ? {} : { name }) };
}

/** As the API server knows the holder of a token of the account. */
function userOf({ namespace, name }: ServiceAccount): JsonObject {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
  };
}
