/** NetworkPolicy: atomic lists, sections that open everything, defaults that stick. */

import { NETWORK_POLICY } from "../kinds.ts";
import { inSync, repaired, type Scenario } from "../scenario.ts";

const OPEN_EGRESS = { spec: { egress: [{}] } };
const WITH_EGRESS = { spec: { ...NETWORK_POLICY.spec, egress: [{}] } };
const EMPTY_INGRESS = { spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [] } };

export const NETWORK_POLICY_SCENARIOS: readonly Scenario[] = [
  {
    title: "add section egress [{}] (merge)",
    act: (it) => it.merge(OPEN_EGRESS),
    outcome: repaired(1),
  },
  {
    title: "edit atomic ingress: add field in element",
    act: (it) => it.edit([{ op: "add", path: "/spec/ingress/0/ports/0/endPort", value: 8499 }]),
    outcome: repaired(1),
  },
  {
    title: "add element to atomic ingress",
    act: (it) => it.edit([{ op: "add", path: "/spec/ingress/-", value: {} }]),
    outcome: repaired(1),
  },
  {
    title: "remove ingress element field (from)",
    act: (it) => it.edit([{ op: "remove", path: "/spec/ingress/0/from" }]),
    outcome: repaired(1),
  },
  {
    title: "append from peer in atomic",
    act: (it) => it.edit([{ op: "add", path: "/spec/ingress/0/from/-", value: { ipBlock: { cidr: "0.0.0.0/0" } } }]),
    outcome: repaired(1),
  },
  { title: "remove ingress section", act: (it) => it.merge({ spec: { ingress: null } }), outcome: repaired(1) },
  { title: "edit policyTypes", act: (it) => it.merge({ spec: { policyTypes: ["Ingress"] } }), outcome: repaired(1) },
  {
    title: "edit podSelector {} -> label",
    act: (it) => it.merge({ spec: { podSelector: { matchLabels: { app: "mine" } } } }),
    outcome: repaired(1),
  },
  {
    title: "podSelector matchExpressions",
    act: (it) => it.merge({ spec: { podSelector: { matchExpressions: [{ key: "tier", operator: "Exists" }] } } }),
    outcome: repaired(1),
  },
  { title: "foreign Apply co-own equal", act: (it) => it.apply(NETWORK_POLICY, "other"), outcome: inSync },
  { title: "foreign Apply adds egress", act: (it) => it.apply(WITH_EGRESS, "other"), outcome: repaired(2) },
  {
    title: "foreign forced Apply changes ingress",
    act: (it) => it.apply({ spec: { ...NETWORK_POLICY.spec, ingress: [{}] } }, "other"),
    outcome: repaired(1),
  },
  {
    title: "foreign spoofs manager perennial Apply +egress",
    act: async (it) => it.apply(WITH_EGRESS, "perennial", { metadata: await ourMetadata(it) }),
    outcome: repaired(1),
  },
  {
    title: "foreign spoofs manager perennial Update +egress",
    act: (it) => it.merge(OPEN_EGRESS, { as: "perennial" }),
    outcome: repaired(2),
  },
  {
    title: "foreign spoofs kube-controller-manager +egress",
    act: (it) => it.merge(OPEN_EGRESS, { as: "kube-controller-manager" }),
    outcome: repaired(1),
  },
  {
    title: "managedFields cleared, then egress added... cleared again",
    met: "held",
    act: async (it) => {
      await it.merge(OPEN_EGRESS);
      await it.clearManagedFields();
    },
    outcome: repaired(2),
  },
  {
    title: "egress added, own entry dropped by editor, ours kept",
    met: "held",
    act: async (it) => {
      await it.merge(OPEN_EGRESS);
      await it.keepOnlyEntriesOf("perennial");
    },
    outcome: { is: "repaired", writes: 1, deepOnly: true },
  },
  {
    title: "no policyTypes desired; egress later added by us (sticky default)",
    desired: { spec: { podSelector: {}, ingress: [] } },
    change: { spec: { podSelector: {}, ingress: [], egress: [{ ports: [{ port: 53 }] }] } },
    outcome: repaired(2),
  },
  {
    title: "created by foreign POST with extras, adopted",
    before: (it) => it.create(WITH_EGRESS),
    outcome: repaired(2),
  },
  { title: "created by foreign POST equal, adopted", before: (it) => it.create(NETWORK_POLICY), outcome: repaired(1) },
  {
    title: "created by foreign POST, mf cleared, extras, adopted",
    before: async (it) => {
      await it.create(WITH_EGRESS);
      await it.clearManagedFields();
    },
    outcome: repaired(2),
  },
  { title: "desired ingress: [] (empty list)", desired: EMPTY_INGRESS, outcome: inSync },
  {
    title: "desired ingress: [] + foreign adds ingress [{}]",
    desired: EMPTY_INGRESS,
    act: (it) => it.merge({ spec: { ingress: [{}] } }),
    outcome: repaired(1),
  },
  {
    title: "port default in atomic: foreign edit protocol UDP",
    act: (it) => it.edit([{ op: "replace", path: "/spec/ingress/0/ports/0/protocol", value: "UDP" }]),
    outcome: repaired(1),
  },
  {
    title: "namespaceSelector {} -> labels inside atomic",
    act: (it) =>
      it.edit([{ op: "add", path: "/spec/ingress/0/from/0/namespaceSelector/matchLabels", value: { team: "mine" } }]),
    outcome: repaired(1),
  },
  {
    title: "egress added, own entry dropped, deep check",
    met: "down",
    act: async (it) => {
      await it.merge(OPEN_EGRESS);
      await it.keepOnlyEntriesOf("perennial");
    },
    outcome: repaired(1),
  },
];

/** Who speaks under our name leaves our marks where they are, or the object would be nobody's. */
async function ourMetadata(it: Parameters<NonNullable<Scenario["act"]>>[0]) {
  const { labels = {}, annotations = {} } = (await it.live())?.metadata ?? {};
  return { labels, annotations };
}
