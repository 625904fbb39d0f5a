/** Which roles bindings give to a user, his groups or his service account. */

import {
  asJson,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type Resource,
} from "../object/index.ts";
import { answerOf, type Found } from "./lookup.ts";
import type { Need } from "./need.ts";
import { needToList } from "./read-needs.ts";
import { type HeldRoles, type Requester, type User, userOf } from "./requester.ts";
import type { Read, Snapshot } from "./rule.ts";

/** `snapshot`: asked for when roles are. */
export function requesterOf(user: User, snapshot: () => Snapshot): Requester {
  return { ...user, holds: (kind, wanted) => holdsOne(user, { kind, wanted }, snapshot()) };
}

const RBAC = { group: "rbac.authorization.k8s.io", version: "v1", verbs: ["list", "watch"] };
const ROLE_BINDINGS: Resource = { ...RBAC, kind: "RoleBinding", plural: "rolebindings", namespaced: true };
const CLUSTER_ROLE_BINDINGS: Resource = {
  ...RBAC,
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  namespaced: false,
};

/** What has to be watched so that somebody's roles are known. */
export const ROLE_READS: readonly Read[] = [{ resource: ROLE_BINDINGS }, { resource: CLUSTER_ROLE_BINDINGS }];

/** Who has others' roles told, or decides by them, has to be allowed to read what gives them: bindings of the whole cluster. */
export function needsToReadRoles(path: string): Need[] {
  return ROLE_READS.map(({ resource }) => needToList(resource, { path, confinedTo: undefined }));
}

/** As of now. While the bindings are not known, which the snapshot tells, there are none. */
export function rolesOf(user: User, snapshot: Snapshot): HeldRoles {
  const given = [ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS].flatMap((resource) => {
    const value = ask(resource, (bindings) => rolesGiven(user, bindings), snapshot);
    return Array.isArray(value) ? value.map(String) : [];
  });
  const of = (prefix: string) =>
    [...new Set(given.filter((role) => role.startsWith(prefix)).map((role) => role.slice(prefix.length)))].sort();
  return { roles: of(PREFIXES.roles), clusterRoles: of(PREFIXES.clusterRoles) };
}

type Wanted = { kind: keyof HeldRoles; wanted: readonly string[] };

function holdsOne(user: User, { kind, wanted }: Wanted, snapshot: Snapshot): boolean {
  const roles = new Set(wanted.map((role) => `${PREFIXES[kind]}${role}`));
  const isGiven = (bindings: readonly KubernetesObject[]): boolean =>
    rolesGiven(user, bindings).some((role) => roles.has(role));
  const resources = kind === "roles" ? [ROLE_BINDINGS] : [ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS];
  return resources.some((resource) => ask(resource, isGiven, snapshot) === true);
}

/** Undefined while nobody can say. */
function ask(
  resource: Resource,
  question: (bindings: readonly KubernetesObject[]) => Json,
  snapshot: Snapshot,
): Json | undefined {
  const answer = (found: Found) => answerOf({ ok: true, value: question(listed(found)) }, "request.roles");
  const asked = snapshot.look({ resource, namespace: undefined, name: undefined, answer });
  return asked.ok ? asked.value : undefined;
}

const PREFIXES = { roles: "Role ", clusterRoles: "ClusterRole " };

/** No request tells which roles somebody has. */
export function withHeldRoles(request: JsonObject, snapshot: Snapshot): JsonObject {
  const { roles, clusterRoles } = rolesOf(userOf(request.userInfo), snapshot);
  return { ...request, roles: [...roles], clusterRoles: [...clusterRoles] };
}

function listed(found: Found): readonly KubernetesObject[] {
  return Array.isArray(found) ? found : [];
}

/** Each once: users have few bindings, clusters have many. */
function rolesGiven({ username, groups }: User, bindings: readonly KubernetesObject[]): string[] {
  const index = indexOf(bindings);
  const subjects = [`User ${username}`, ...groups.map((group) => `Group ${group}`)];
  return subjects.flatMap((subject) => [...(index.get(subject) ?? [])]).sort();
}

/** Roles by the subjects that hold them; the same list is looked through once. */
const INDEXES = new WeakMap<readonly KubernetesObject[], ReadonlyMap<string, ReadonlySet<string>>>();

function indexOf(bindings: readonly KubernetesObject[]): ReadonlyMap<string, ReadonlySet<string>> {
  const known = INDEXES.get(bindings);
  if (known !== undefined) return known;
  const index = new Map<string, Set<string>>();
  for (const binding of bindings) {
    const role = roleIn(binding);
    if (role === undefined) continue;
    for (const subject of subjectsIn(binding)) index.set(subject, (index.get(subject) ?? new Set()).add(role));
  }
  INDEXES.set(bindings, index);
  return index;
}

function roleIn(binding: KubernetesObject): string | undefined {
  const { roleRef } = asJson(binding);
  if (roleRef === undefined || !isJsonObject(roleRef)) return undefined;
  const { kind, name } = roleRef;
  if (kind === "ClusterRole") return `${PREFIXES.clusterRoles}${name}`;
  return kind === "Role" ? `${PREFIXES.roles}${binding.metadata.namespace ?? ""}:${name}` : undefined;
}

/** A service account is the user that it is to the API server. */
function subjectsIn(binding: KubernetesObject): string[] {
  const { subjects } = asJson(binding);
  const list = Array.isArray(subjects) ? subjects.filter(isJsonObject) : [];
  return list.map(({ kind, name, namespace }) => {
    if (kind !== "ServiceAccount") return `${kind} ${name}`;
    return `User system:serviceaccount:${namespace ?? binding.metadata.namespace ?? ""}:${name}`;
  });
}
