/** samples/access */

import { namespaceNamed, type SampleExample } from "./example.fixture.ts";

const GROUP = "rbac.authorization.k8s.io";
const ofTeam = (team: string) => ({ labels: { team } });
const onCall = [{ apiGroup: GROUP, kind: "Group", name: "on-call" }];

export const ACCESS: { readonly [file: string]: SampleExample } = {
  "access/ci-deployer.yaml": {
    trigger: namespaceNamed("built", { labels: { ci: "enabled" } }),
    other: namespaceNamed("unbuilt"),
    makes: {
      "ServiceAccount built/deployer": { automountServiceAccountToken: false },
      "RoleBinding built/deployer": {
        roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "edit" },
        subjects: [{ kind: "ServiceAccount", name: "deployer", namespace: "built" }],
      },
    },
    change: { automountServiceAccountToken: true },
  },
  "access/no-default-token.yaml": {
    trigger: namespaceNamed("tokenless"),
    makes: { "ServiceAccount tokenless/default": { automountServiceAccountToken: false } },
    change: { automountServiceAccountToken: null },
  },
  "access/on-call.yaml": {
    trigger: namespaceNamed("guarded", ofTeam("guards")),
    other: namespaceNamed("unguarded"),
    makes: {
      "RoleBinding guarded/on-call-view": {
        roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "view" },
        subjects: onCall,
      },
      "Role guarded/restart": {
        rules: [
          { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "daemonsets"], verbs: ["patch"] },
          { apiGroups: [""], resources: ["pods"], verbs: ["delete"] },
        ],
      },
      "RoleBinding guarded/on-call-restart": {
        roleRef: { apiGroup: GROUP, kind: "Role", name: "restart" },
        subjects: onCall,
      },
    },
    change: { subjects: [{ apiGroup: GROUP, kind: "User", name: "mallory" }] },
  },
  "access/own-namespace.yaml": {
    trigger: namespaceNamed("owned", ofTeam("owners")),
    other: namespaceNamed("unowned"),
    makes: {
      "ClusterRole own-namespace:owned": {
        rules: [{ apiGroups: [""], resources: ["namespaces"], resourceNames: ["owned"], verbs: ["get"] }],
      },
      "ClusterRoleBinding own-namespace:owned": {
        roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "own-namespace:owned" },
        subjects: [{ apiGroup: GROUP, kind: "Group", name: "team-owners" }],
      },
    },
    change: { rules: [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get", "delete"] }] },
  },
  "access/viewers.yaml": {
    trigger: namespaceNamed("viewed", { annotations: { viewers: "ada@example.com, grace@example.com" } }),
    other: namespaceNamed("unseen"),
    makes: {
      "RoleBinding viewed/viewers": {
        roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "view" },
        subjects: [
          { apiGroup: GROUP, kind: "User", name: "ada@example.com" },
          { apiGroup: GROUP, kind: "User", name: "grace@example.com" },
        ],
      },
    },
    change: { subjects: [{ apiGroup: GROUP, kind: "User", name: "mallory@example.com" }] },
  },
};
