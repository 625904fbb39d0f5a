/** Which permission a refused write may want: mostly the write's own, but what gives rights to others needs more. */

import type { ApiFailure, Permission } from "../cluster/index.ts";
import { asJson, isJsonObject, type Resource } from "../object/index.ts";
import type { WriteStep } from "../plan/index.ts";

export function neededPermission(step: WriteStep, failure: ApiFailure): Permission {
  const { resource, target } = step;
  if (isEscalation(failure)) return neededToGrant(step);
  return { ...askedOf(step, failure), resource, namespace: target.namespace };
}

/** What a step takes when nothing else turns out to be needed. */
export function ownPermission(step: WriteStep): Permission {
  const { resource, target, verb } = step;
  const part = verb === "mutate" && step.subresource !== undefined ? { subresource: step.subresource } : {};
  return { verb: verb === "delete" ? "delete" : "patch", resource, ...part, namespace: target.namespace };
}

/** RBAC lets nobody give more than he has, unless he may bind the role, or escalate it. */
export function isEscalation({ status, message }: ApiFailure): boolean {
  return status === 403 && message.includes("attempting to grant RBAC permissions not currently held");
}

/** An apply that creates needs `create` too, and what is there is read; the server's words tell what it asked for. */
function askedOf(step: WriteStep, { message }: ApiFailure): Pick<Permission, "verb" | "subresource"> {
  const { verb, subresource } = ownPermission(step);
  const [, asked = verb, resource] = / cannot (create|get|patch) resource(?: "([^"]*)")?/.exec(message) ?? [];
  const part = resource === undefined ? subresource : resource.split("/")[1];
  return { verb: asked, ...(part === undefined ? {} : { subresource: part }) };
}

function neededToGrant(step: WriteStep): Permission {
  const { resource, target } = step;
  const { namespace, name } = target;
  if (!resource.kind.endsWith("Binding")) return { verb: "escalate", resource, namespace, name };
  const role = step.verb === "apply" ? asJson(step.object).roleRef : undefined;
  if (!isJsonObject(role)) return { verb: "bind", resource: CLUSTER_ROLES, namespace };
  return { verb: "bind", resource: role.kind === "Role" ? ROLES : CLUSTER_ROLES, namespace, name: String(role.name) };
}

const CLUSTER_ROLES: Resource = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  namespaced: false,
  verbs: [],
};
const ROLES: Resource = { ...CLUSTER_ROLES, kind: "Role", plural: "roles", namespaced: true };
