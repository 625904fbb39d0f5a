export { CONFIGURATION, REFUSED, webhookAddress, webhookFlags, writeRefused } from "./admission.ts";
export { AGGREGATED_GROUP, type AggregatedApi, registerAggregatedApi } from "./aggregated-api.ts";
export {
  type Audited,
  type AuditMark,
  auditBetween,
  isLeaseRenewal,
  markAudit,
  operatorRequests,
  printRequest,
} from "./audit.ts";
export {
  ALL_VERBS,
  type Cluster,
  installPolicyDefinitions,
  OPERATOR_NAMESPACE,
  ROOT,
  startCluster,
  waitUntil,
} from "./cluster.ts";
export {
  customResourceDefinition,
  type Definition,
  installDefinition,
  PARTS_BY_NAME,
  removeDefinition,
} from "./definition.ts";
export { type HttpsService, startHttpsService } from "./https-service.ts";
export { INVENTORY, inventoryData, storedRules } from "./inventory.ts";
export { createAsKyverno, installKyverno, keepKyvernoAlive, kyvernoLabels, kyvernoPolicy } from "./kyverno.ts";
export {
  hasData,
  type Labels,
  namespace,
  type Place,
  storedConfigMap,
  versionOf,
  waitForObject,
  waitUntilGone,
} from "./objects.ts";
export {
  type OperatorProcess,
  type OperatorProcessOptions,
  PROGRAM,
  PROGRAM_PATH,
  startOperator,
} from "./operator-process.ts";
export {
  clusterPolicy,
  condition,
  configMap,
  namespacedPolicy,
  namespacesLabelled,
  policyStatus,
  type TestRule,
  TRIGGER_NAME,
  waitForCondition,
} from "./policy.ts";
export { type ProxiedAccess, startProxy } from "./proxied.ts";
export {
  edit,
  isHeldBy,
  isUnmarked,
  laterEventProcessed,
  marksOf,
  settingsIn,
  wantingSettings,
} from "./settings.ts";
