/** All rows, in the order of the kinds. */

import { ALL_KINDS, type Kind, kindTitled } from "../kinds.ts";
import { inSync, type Scenario } from "../scenario.ts";
import { CLUSTER_ROLE_SCENARIOS, ROLE_BINDING_SCENARIOS, ROLE_SCENARIOS } from "./access.ts";
import { CONFIG_MAP_SCENARIOS } from "./config-map.ts";
import { DEPLOYMENT_SCENARIOS } from "./deployment.ts";
import { GEAR_SCENARIOS } from "./gear.ts";
import { SECRET_SCENARIOS, SERVICE_ACCOUNT_SCENARIOS } from "./identity.ts";
import { LIMIT_RANGE_SCENARIOS, RESOURCE_QUOTA_SCENARIOS } from "./limits.ts";
import { NETWORK_POLICY_SCENARIOS } from "./network-policy.ts";
import { SERVICE_SCENARIOS } from "./service.ts";
import {
  ADMISSION_BINDING_SCENARIOS,
  ADMISSION_POLICY_SCENARIOS,
  NAMESPACE_SCENARIOS,
  VOLUME_CLAIM_SCENARIOS,
} from "./storage-and-admission.ts";
import { WIDGET_SCENARIOS } from "./widget.ts";
import {
  AUTOSCALER_SCENARIOS,
  CRON_JOB_SCENARIOS,
  DISRUPTION_BUDGET_SCENARIOS,
  INGRESS_SCENARIOS,
} from "./workload.ts";

export type Row = { kind: Kind; scenario: Scenario };

const BY_KIND: Readonly<Record<string, readonly Scenario[]>> = {
  NetworkPolicy: NETWORK_POLICY_SCENARIOS,
  ResourceQuota: RESOURCE_QUOTA_SCENARIOS,
  LimitRange: LIMIT_RANGE_SCENARIOS,
  Role: ROLE_SCENARIOS,
  RoleBinding: ROLE_BINDING_SCENARIOS,
  ClusterRole: CLUSTER_ROLE_SCENARIOS,
  ConfigMap: CONFIG_MAP_SCENARIOS,
  Secret: SECRET_SCENARIOS,
  ServiceAccount: SERVICE_ACCOUNT_SCENARIOS,
  Service: SERVICE_SCENARIOS,
  Deployment: DEPLOYMENT_SCENARIOS,
  PodDisruptionBudget: DISRUPTION_BUDGET_SCENARIOS,
  HorizontalPodAutoscaler: AUTOSCALER_SCENARIOS,
  CronJob: CRON_JOB_SCENARIOS,
  Ingress: INGRESS_SCENARIOS,
  Namespace: NAMESPACE_SCENARIOS,
  PersistentVolumeClaim: VOLUME_CLAIM_SCENARIOS,
  ValidatingAdmissionPolicy: ADMISSION_POLICY_SCENARIOS,
  ValidatingAdmissionPolicyBinding: ADMISSION_BINDING_SCENARIOS,
  "Widget (CRD)": WIDGET_SCENARIOS,
  "Gear (CRD, two versions)": GEAR_SCENARIOS,
};

/** Of every kind: what nobody touched is in sync, also by the deep check. */
const UNTOUCHED: Scenario = { title: "deep check of a fresh object", met: "down", outcome: inSync };

export const ALL_ROWS: readonly Row[] = [
  ...Object.entries(BY_KIND).flatMap(([title, scenarios]) =>
    scenarios.map((scenario) => ({ kind: kindTitled(title), scenario })),
  ),
  ...ALL_KINDS.map((kind) => ({ kind, scenario: UNTOUCHED })),
];
