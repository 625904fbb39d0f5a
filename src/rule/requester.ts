/** Who made a request, as the API server says. */

import { isJsonObject, type Json } from "../object/index.ts";

export type User = { username: string; groups: readonly string[] };

/** `namespace:name` of Roles, and names of ClusterRoles, each once and sorted. */
export type HeldRoles = { roles: readonly string[]; clusterRoles: readonly string[] };

export type Requester = User & {
  /** Whether he has one of the roles. Nothing else is looked up, so nothing else asks for another answer. */
  holds(kind: keyof HeldRoles, wanted: readonly string[]): boolean;
};

export function userOf(userInfo: Json | undefined): User {
  if (userInfo === undefined || !isJsonObject(userInfo)) return { username: "", groups: [] };
  const { username, groups } = userInfo;
  return {
    username: typeof username === "string" ? username : "",
    groups: Array.isArray(groups) ? groups.map(String) : [],
  };
}

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** Undefined for who is no service account. */
export function accountOf(username: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = ACCOUNT.exec(username) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
