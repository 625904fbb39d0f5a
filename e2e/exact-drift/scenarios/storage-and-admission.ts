/** Namespace, PersistentVolumeClaim, ValidatingAdmissionPolicy and its binding. */

import { VOLUME_CLAIM } from "../kinds.ts";
import { inSync, repaired, type Scenario } from "../scenario.ts";

export const NAMESPACE_SCENARIOS: readonly Scenario[] = [
  {
    title: "label foreign",
    act: (it) => it.merge({ metadata: { labels: { cost: "42" } } }),
    keeps: ["/metadata/labels/cost"],
    outcome: inSync,
  },
  { title: "POST by kubectl then adopted", before: (it) => it.create({}), outcome: repaired(1) },
];

export const VOLUME_CLAIM_SCENARIOS: readonly Scenario[] = [
  {
    title: "volumeName set by binder-like",
    act: (it) => it.merge({ spec: { volumeName: "disk-1" } }, { as: "kube-controller-manager" }),
    keeps: ["/spec/volumeName"],
    outcome: inSync,
  },
  { title: "POST by kubectl then adopted", before: (it) => it.create(VOLUME_CLAIM), outcome: repaired(2) },
];

export const ADMISSION_POLICY_SCENARIOS: readonly Scenario[] = [
  {
    title: "validation added",
    act: (it) => it.edit([{ op: "add", path: "/spec/validations/-", value: { expression: "1 < 2" } }]),
    outcome: repaired(1),
  },
  { title: "failurePolicy Ignore", act: (it) => it.merge({ spec: { failurePolicy: "Ignore" } }), outcome: repaired(1) },
  {
    title: "matchConditions added",
    act: (it) => it.merge({ spec: { matchConditions: [{ name: "never", expression: "false" }] } }),
    outcome: repaired(1),
  },
  {
    title: "namespaceSelector {} default changed",
    act: (it) => it.merge({ spec: { matchConstraints: { namespaceSelector: { matchLabels: { team: "mine" } } } } }),
    outcome: repaired(1),
  },
];

export const ADMISSION_BINDING_SCENARIOS: readonly Scenario[] = [
  {
    title: "actions set changed",
    act: (it) => it.merge({ spec: { validationActions: ["Warn"] } }),
    outcome: repaired(2),
  },
  {
    title: "action added to set",
    act: (it) => it.merge({ spec: { validationActions: ["Deny", "Audit"] } }),
    outcome: repaired(1),
  },
  {
    title: "matchResources added",
    act: (it) => it.merge({ spec: { matchResources: { namespaceSelector: { matchLabels: { team: "mine" } } } } }),
    outcome: repaired(1),
  },
];
