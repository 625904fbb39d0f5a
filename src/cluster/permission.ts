/** A 403 has many causes (quota, Pod Security, webhooks); only the API server can say whether RBAC is the one. */

import { isJsonObject, type Resource } from "../object/index.ts";
import type { ClusterClient } from "./client.ts";

/** `name`: where RBAC can tell single objects apart, such as the role that may be bound. */
export type Permission = { verb: string; resource: Resource; namespace: string; name?: string };

/** SelfSubjectAccessReview. Undefined when the review itself fails: unknown is not "no". */
export async function isPermitted(client: ClusterClient, permission: Permission): Promise<boolean | undefined> {
  const { verb, resource, namespace, name } = permission;
  const answer = await client.send({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: {
          verb,
          group: resource.group,
          resource: resource.plural,
          namespace,
          ...(name === undefined ? {} : { name }),
        },
      },
    },
  });
  if (!answer.ok || !isJsonObject(answer.body) || !isJsonObject(answer.body.status)) return undefined;
  return answer.body.status.allowed === true;
}
