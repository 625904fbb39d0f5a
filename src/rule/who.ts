/** What a filter asks of who made the request: subjects, roles, clusterRoles. Each that is given has to hold. */

import { compileWildcard } from "../expression/index.ts";
import type { Filter } from "../policy/index.ts";
import { accountOf, type Requester } from "./requester.ts";

export type WrittenWho = Pick<Filter, "subjects" | "roles" | "clusterRoles">;

/** Why not; undefined where it holds. */
export type WhoPart = (requester: Requester) => string | undefined;

/** By field; those that are given. Roles compare exactly, subjects take wildcards. */
export function compileWho({ subjects, roles, clusterRoles }: WrittenWho): { [field: string]: WhoPart } {
  return {
    ...(subjects === undefined ? {} : { subjects: subjectPart(subjects) }),
    ...(roles === undefined ? {} : { roles: rolePart(roles, "roles") }),
    ...(clusterRoles === undefined ? {} : { clusterRoles: rolePart(clusterRoles, "clusterRoles") }),
  };
}

/** Roles may be given to groups. */
export function asksGroups({ subjects = [], roles, clusterRoles }: WrittenWho): boolean {
  return roles !== undefined || clusterRoles !== undefined || subjects.some(({ kind }) => kind === "Group");
}

type Subject = NonNullable<WrittenWho["subjects"]>[number];

function subjectPart(subjects: readonly Subject[]): WhoPart {
  const matchers = subjects.map(compileSubject);
  const listed = subjects.map(
    ({ kind, namespace, name }) => `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
  );
  return (requester) =>
    matchers.some((matches) => matches(requester))
      ? undefined
      : `${requester.username} is none of ${listed.join(", ")}`;
}

function compileSubject({ kind, name, namespace = "" }: Subject): (requester: Requester) => boolean {
  const isNamed = compileWildcard(name);
  switch (kind) {
    case "User":
      return ({ username }) => isNamed(username);
    case "Group":
      return ({ groups }) => groups.some((group) => isNamed(group));
    case "ServiceAccount": {
      const liesIn = compileWildcard(namespace);
      return ({ username }) => {
        const account = accountOf(username);
        return account !== undefined && isNamed(account.name) && liesIn(account.namespace);
      };
    }
  }
}

function rolePart(wanted: readonly string[], field: "roles" | "clusterRoles"): WhoPart {
  return ({ username, holds }) =>
    holds(field, wanted) ? undefined : `${username} has none of the ${field} ${wanted.join(", ")}`;
}
