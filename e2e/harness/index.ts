export { ALL_VERBS, type Cluster, OPERATOR_NAMESPACE, ROOT, startCluster, waitUntil } from "./cluster.ts";
export { type OperatorProcess, startOperator } from "./operator-process.ts";
export {
  clusterPolicy,
  condition,
  configMap,
  namespacedPolicy,
  namespacesLabelled,
  policyStatus,
  TRIGGER_NAME,
  waitForCondition,
} from "./policy.ts";
