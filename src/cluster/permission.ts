/** A 403 has many causes (quota, Pod Security, webhooks); only the API server can say whether RBAC is the one. */

import { isJsonObject, type JsonObject, type Resource } from "../object/index.ts";
import type { ClusterClient } from "./client.ts";

/** `name`: where RBAC can tell single objects apart, such as the role that may be bound. */
export type Permission = {
  verb: string;
  resource: Resource;
  subresource?: string;
  namespace: string;
  name?: string;
};

/** Whose permissions are asked for, when they are not those of the credentials that the requests are sent with. */
export type ServiceAccount = { namespace: string; name: string };

/** Somebody, as the API server knows him once it knows who he is. */
export type Subject = { user: string; uid?: string; groups?: string[]; extra?: JsonObject };

/** As an access review has it. */
export type AccessQuestion = { resourceAttributes: JsonObject } | { nonResourceAttributes: JsonObject };

/** An access review. Undefined when the review itself fails: unknown is not "no". */
export function isPermitted(
  client: ClusterClient,
  permission: Permission,
  account?: ServiceAccount,
): Promise<boolean | undefined> {
  const subject = account === undefined ? undefined : subjectOf(account);
  return reviewAccess(client, { resourceAttributes: attributesOf(permission) }, { subject });
}

/**
 * The same for any question, about anybody; without a subject, about the client. With a timeout (in milliseconds) somebody
 * waits for the answer, so it goes ahead of what the operator sends.
 */
export async function reviewAccess(
  client: ClusterClient,
  question: AccessQuestion,
  { subject, timeout }: { subject?: Subject | undefined; timeout?: number },
): Promise<boolean | undefined> {
  const kind = subject === undefined ? "SelfSubjectAccessReview" : "SubjectAccessReview";
  const answer = await client.send({
    method: "POST",
    path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
    body: { apiVersion: "authorization.k8s.io/v1", kind, spec: { ...subject, ...question } },
    ...(timeout === undefined ? {} : { timeout, ahead: true }),
  });
  if (!answer.ok || !isJsonObject(answer.body) || !isJsonObject(answer.body.status)) return undefined;
  return answer.body.status.allowed === true;
}

function attributesOf({ verb, resource, subresource, namespace, name }: Permission): JsonObject {
  const { group, plural } = resource;
  const part = subresource === undefined ? {} : { subresource };
  return { verb, group, resource: plural, ...part, namespace, ...(name === undefined ? {} : { name }) };
}

/** As the API server knows the holder of a token of the account. */
export function subjectOf({ namespace, name }: ServiceAccount): Subject {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
  };
}
