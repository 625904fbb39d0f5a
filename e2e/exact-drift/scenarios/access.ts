/** Role, RoleBinding, ClusterRole: who may do what, and rules that the control plane sums up itself. */

import { waitUntil } from "../../harness/index.ts";
import type { Hands } from "../hands.ts";
import { inSync, repaired, type Scenario } from "../scenario.ts";

const MALLORY = { kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "mallory" };
const EVERYTHING = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
const WITHOUT_API_GROUP = {
  roleRef: { kind: "ClusterRole", name: "edit", apiGroup: "rbac.authorization.k8s.io" },
  subjects: [{ kind: "Group", name: "checkout" }],
};

export const ROLE_SCENARIOS: readonly Scenario[] = [
  {
    title: "add rule",
    act: (it) => it.edit([{ op: "add", path: "/rules/-", value: EVERYTHING }]),
    outcome: repaired(1),
  },
  {
    title: "add verb",
    act: (it) => it.edit([{ op: "add", path: "/rules/0/verbs/-", value: "delete" }]),
    outcome: repaired(1),
  },
  { title: "rules removed", act: (it) => it.edit([{ op: "remove", path: "/rules" }]), outcome: repaired(1) },
  {
    title: "resourceNames added",
    act: (it) => it.edit([{ op: "add", path: "/rules/0/resourceNames", value: ["front"] }]),
    outcome: repaired(1),
  },
];

export const ROLE_BINDING_SCENARIOS: readonly Scenario[] = [
  {
    title: "add subject",
    act: (it) => it.edit([{ op: "add", path: "/subjects/-", value: MALLORY }]),
    outcome: repaired(1),
  },
  { title: "desired without apiGroup (defaulted)", desired: WITHOUT_API_GROUP, outcome: inSync },
  {
    title: "desired without apiGroup + foreign adds subject",
    desired: WITHOUT_API_GROUP,
    act: (it) => it.edit([{ op: "add", path: "/subjects/-", value: MALLORY }]),
    outcome: repaired(1),
  },
  {
    title: "subject edited",
    act: (it) => it.edit([{ op: "replace", path: "/subjects/0/name", value: "mallory" }]),
    outcome: repaired(1),
  },
  { title: "subjects cleared", act: (it) => it.edit([{ op: "remove", path: "/subjects" }]), outcome: repaired(1) },
];

export const CLUSTER_ROLE_SCENARIOS: readonly Scenario[] = [
  {
    title: "aggregated rules written by KCM",
    act: async (it) => {
      await it.send({ method: "POST", path: "/apis/rbac.authorization.k8s.io/v1/clusterroles", body: SUMMAND });
      await rulesAre(it, "the sum of others", (rules) => rules.includes("leases"));
    },
    outcome: inSync,
  },
  {
    title: "foreign edits aggregated rules",
    act: async (it) => {
      await it.merge({ rules: [EVERYTHING] });
      await rulesAre(it, "the sum of others again", (rules) => !rules.includes("*"));
    },
    outcome: inSync,
  },
  {
    title: "add selector",
    act: (it) =>
      it.edit([
        { op: "add", path: "/aggregationRule/clusterRoleSelectors/-", value: { matchLabels: { mallory: "yes" } } },
      ]),
    outcome: repaired(1),
  },
];

/** Selected by the ClusterRoles that the policies want. */
const SUMMAND = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "summand", labels: { "drift.example.com/sum": "yes" } },
  rules: [{ apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get"] }],
};

/** The controller of aggregated roles has done its work. */
function rulesAre(it: Hands, what: string, isSo: (rules: string) => boolean): Promise<void> {
  return waitUntil(`the rules are ${what}`, async () => isSo(JSON.stringify((await it.live())?.rules ?? [])));
}
