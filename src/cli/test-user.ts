/** Who sends the requests of an offline test, and the roles that he has there. */

import {
  CREATED_BY,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  signCreator,
} from "../object/index.ts";
import type { OfflineWorld } from "./offline-world.ts";

/** `bindings`: what gives him his roles. */
export type TestUser = { userInfo: JsonObject; bindings: readonly KubernetesObject[] };

/** Of a UserInfo of cli.kyverno.io. */
export function readTestUser(document: JsonObject): TestUser {
  const { userInfo, roles, clusterRoles } = document;
  const user = isJsonObject(userInfo ?? null) ? (userInfo as JsonObject) : {}; // just checked
  const username = String(user.username ?? "");
  const groups = texts(user.groups);
  const subjects: Json = [{ kind: "User", name: username }];
  return {
    userInfo: { ...user, username, groups },
    bindings: [
      ...texts(roles).map((role, i) => {
        const [namespace = "", ...name] = role.split(":");
        return binding("Role", name.join(":"), { name: `role-${i}`, namespace, subjects });
      }),
      ...texts(clusterRoles).map((role, i) => binding("ClusterRole", role, { name: `cluster-role-${i}`, subjects })),
    ],
  };
}

type Bound = { name: string; namespace?: string; subjects: Json };

function binding(kind: string, role: string, { subjects, ...metadata }: Bound): KubernetesObject {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: metadata.namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata,
    ...{ roleRef: { kind, name: role }, subjects },
  } as KubernetesObject; // of its shape
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The object is there as if he had created it. */
export function createAs({ userInfo }: TestUser, trigger: KubernetesObject, world: OfflineWorld): void {
  const { installationKey } = world;
  const creator = {
    username: String(userInfo.username),
    uid: String(userInfo.uid ?? ""),
    groups: texts(userInfo.groups),
  };
  const value = installationKey === undefined ? undefined : signCreator(installationKey, trigger, creator);
  if (value === undefined) return;
  const annotations = { ...trigger.metadata.annotations, [CREATED_BY]: value };
  world.put({ ...trigger, metadata: { ...trigger.metadata, annotations } });
}
