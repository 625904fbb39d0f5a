/** PodDisruptionBudget, HorizontalPodAutoscaler, CronJob, Ingress. */

import { AUTOSCALER, AUTOSCALER_WITHOUT_METRICS } from "../kinds.ts";
import { repaired, type Scenario } from "../scenario.ts";

const V1 = { version: "autoscaling/v1" };

export const DISRUPTION_BUDGET_SCENARIOS: readonly Scenario[] = [
  { title: "edit 50% -> 10%", act: (it) => it.merge({ spec: { minAvailable: "10%" } }), outcome: repaired(1) },
  {
    title: "replace minAvailable by maxUnavailable (union)",
    act: (it) => it.merge({ spec: { minAvailable: null, maxUnavailable: 2 } }),
    outcome: repaired(2),
  },
  {
    title: "add selector expr",
    act: (it) => it.merge({ spec: { selector: { matchExpressions: [{ key: "tier", operator: "Exists" }] } } }),
    outcome: repaired(1),
  },
  {
    title: "unhealthyPodEvictionPolicy added",
    act: (it) => it.merge({ spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } }),
    outcome: repaired(1),
  },
];

export const AUTOSCALER_SCENARIOS: readonly Scenario[] = [
  { title: "v2 edit max", act: (it) => it.merge({ spec: { maxReplicas: 40 } }), outcome: repaired(1) },
  {
    title: "v2 add behavior",
    act: (it) => it.merge({ spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 7 } } } }),
    outcome: repaired(1),
  },
  {
    title: "v1 edit target CPU",
    act: (it) => it.merge({ spec: { targetCPUUtilizationPercentage: 60 } }, V1),
    outcome: repaired(2),
  },
  {
    title: "v1 edit maxReplicas",
    act: (it) => it.merge({ spec: { maxReplicas: 40 } }, V1),
    outcome: repaired(2),
  },
  {
    title: "v1 POST then adopted at v2",
    before: (it) => {
      const { scaleTargetRef, minReplicas, maxReplicas } = AUTOSCALER.spec;
      return it.create({ spec: { scaleTargetRef, minReplicas, maxReplicas, targetCPUUtilizationPercentage: 60 } }, V1);
    },
    outcome: repaired(2),
  },
  {
    title: "no metrics desired; v1 adds cpu target 70",
    desired: AUTOSCALER_WITHOUT_METRICS,
    act: (it) => it.merge({ spec: { targetCPUUtilizationPercentage: 70 } }, V1),
    outcome: repaired(3),
  },
];

export const CRON_JOB_SCENARIOS: readonly Scenario[] = [
  { title: "suspend true", act: (it) => it.merge({ spec: { suspend: true } }), outcome: repaired(1) },
  { title: "timeZone added", act: (it) => it.merge({ spec: { timeZone: "Etc/UTC" } }), outcome: repaired(1) },
  { title: "schedule edit", act: (it) => it.merge({ spec: { schedule: "5 4 29 2 *" } }), outcome: repaired(1) },
];

export const INGRESS_SCENARIOS: readonly Scenario[] = [
  {
    title: "rule added (atomic)",
    act: (it) => it.edit([{ op: "add", path: "/spec/rules/-", value: { host: "mallory.example.com" } }]),
    outcome: repaired(1),
  },
  {
    title: "defaultBackend added",
    act: (it) => it.merge({ spec: { defaultBackend: { service: { name: "mallory", port: { number: 80 } } } } }),
    outcome: repaired(1),
  },
  { title: "tls added", act: (it) => it.merge({ spec: { tls: [{ secretName: "mallory" }] } }), outcome: repaired(1) },
];
