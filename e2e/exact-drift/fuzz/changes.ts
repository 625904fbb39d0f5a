/** What somebody may put into an object of each kind: where, and what. Some of it the server will not take. */

import type { Json } from "../../../src/object/index.ts";

export type Change = { path: string; value: Json };

const POD = "/spec/template/spec";
const CONTAINER = `${POD}/containers/0`;

export const CHANGES: Readonly<Record<string, readonly Change[]>> = {
  NetworkPolicy: [
    { path: "/spec/egress", value: [{}] },
    { path: "/spec/ingress", value: [{}] },
    { path: "/spec/ingress/-", value: {} },
    { path: "/spec/ingress/0/ports/0/protocol", value: "UDP" },
    { path: "/spec/ingress/0/ports/0/endPort", value: 9000 },
    { path: "/spec/ingress/0/from/-", value: { ipBlock: { cidr: "192.0.2.0/24" } } },
    { path: "/spec/policyTypes", value: ["Egress"] },
    { path: "/spec/podSelector/matchLabels", value: { app: "mine" } },
  ],
  ResourceQuota: [
    { path: "/spec/hard/services", value: "3" },
    { path: "/spec/hard/pods", value: "3000" },
    { path: "/spec/hard/requests.cpu", value: "4" },
    { path: "/spec/hard/limits.memory", value: "1Ti" },
    { path: "/spec/hard/count~1secrets", value: 12 },
  ],
  RoleBinding: [
    { path: "/subjects/-", value: { kind: "ServiceAccount", name: "mallory", namespace: "default" } },
    { path: "/subjects/0/name", value: "mallory" },
    { path: "/subjects", value: [] },
    { path: "/subjects/1", value: { kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "mallory" } },
  ],
  ConfigMap: [
    { path: "/data/more", value: "yes" },
    { path: "/data/a", value: "1" },
    { path: "/data/constructor", value: "yes" },
    { path: "/data", value: {} },
    { path: "/data", value: { a: "1000m" } },
    { path: "/binaryData/blob", value: "AAAA" },
    { path: "/binaryData/other", value: "AAAA" },
  ],
  Service: [
    { path: "/spec/ports/-", value: { name: "back", port: 9000 } },
    { path: "/spec/ports/0", value: { name: "first", port: 9001 } },
    { path: "/spec/ports/0/port", value: 81 },
    { path: "/spec/ports/0/name", value: "renamed" },
    { path: "/spec/ports/1/targetPort", value: "named" },
    { path: "/spec/selector/tier", value: "back" },
    { path: "/spec/externalIPs", value: ["192.0.2.7"] },
    { path: "/spec/sessionAffinity", value: "ClientIP" },
    { path: "/spec/publishNotReadyAddresses", value: true },
    { path: "/spec/externalTrafficPolicy", value: "Local" },
    { path: "/spec/internalTrafficPolicy", value: "Local" },
    { path: "/spec/type", value: "ClusterIP" },
    { path: "/spec/type", value: "LoadBalancer" },
  ],
  Deployment: [
    { path: "/spec/replicas", value: 6 },
    { path: "/spec/paused", value: true },
    { path: "/spec/minReadySeconds", value: 4 },
    { path: "/spec/revisionHistoryLimit", value: 1 },
    { path: "/spec/strategy", value: { type: "Recreate" } },
    { path: "/spec/strategy/rollingUpdate/maxSurge", value: 4 },
    { path: "/spec/template/metadata/annotations", value: { note: "mine" } },
    { path: `${POD}/hostNetwork`, value: true },
    { path: `${POD}/nodeSelector`, value: { disk: "fast" } },
    { path: `${POD}/tolerations`, value: [{ key: "spot", operator: "Exists" }] },
    { path: `${POD}/volumes`, value: [{ name: "scratch", emptyDir: {} }] },
    { path: `${POD}/initContainers/-`, value: { name: "last", image: "other:1" } },
    { path: `${POD}/containers/-`, value: { name: "sidecar", image: "other:1", env: [{ name: "E", value: "1" }] } },
    { path: `${POD}/containers/0`, value: { name: "first", image: "other:1" } },
    { path: `${CONTAINER}/env/0`, value: { name: "FIRST", value: "1" } },
    { path: `${CONTAINER}/env/-`, value: { name: "A", value: "again" } },
    { path: `${CONTAINER}/env/1/value`, value: "2000m" },
    { path: `${CONTAINER}/image`, value: "other" },
    { path: `${CONTAINER}/command`, value: ["sleep", "1d"] },
    { path: `${CONTAINER}/ports/-`, value: { containerPort: 80, protocol: "UDP" } },
    { path: `${CONTAINER}/ports/0/containerPort`, value: 81 },
    { path: `${CONTAINER}/resources/limits/memory`, value: "4Gi" },
  ],
  PodDisruptionBudget: [
    { path: "/spec/minAvailable", value: 2 },
    { path: "/spec/unhealthyPodEvictionPolicy", value: "AlwaysAllow" },
    { path: "/spec/selector/matchLabels/tier", value: "back" },
    { path: "/spec/selector/matchExpressions", value: [{ key: "tier", operator: "Exists" }] },
  ],
  HorizontalPodAutoscaler: [
    { path: "/spec/maxReplicas", value: 40 },
    { path: "/spec/minReplicas", value: 2 },
    { path: "/spec/behavior", value: { scaleDown: { stabilizationWindowSeconds: 7 } } },
    { path: "/spec/behavior/scaleUp", value: { selectPolicy: "Disabled" } },
    {
      path: "/spec/metrics/-",
      value: {
        type: "Resource",
        resource: { name: "memory", target: { type: "Utilization", averageUtilization: 60 } },
      },
    },
  ],
  Ingress: [
    { path: "/spec/rules/-", value: { host: "mallory.example.com" } },
    { path: "/spec/rules/0/host", value: "mallory.example.com" },
    { path: "/spec/ingressClassName", value: "other" },
    { path: "/spec/defaultBackend", value: { service: { name: "mallory", port: { number: 80 } } } },
    { path: "/spec/tls", value: [{ hosts: ["shop.example.com"] }] },
  ],
  ValidatingAdmissionPolicy: [
    { path: "/spec/validations/-", value: { expression: "1 < 2" } },
    { path: "/spec/failurePolicy", value: "Ignore" },
    { path: "/spec/matchConditions", value: [{ name: "never", expression: "false" }] },
    { path: "/spec/variables", value: [{ name: "one", expression: "1" }] },
    { path: "/spec/matchConstraints/matchPolicy", value: "Exact" },
    {
      path: "/spec/matchConstraints/excludeResourceRules",
      value: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }],
    },
  ],
  "Widget (CRD)": [
    { path: "/spec/atomic/-", value: { a: 7 } },
    { path: "/spec/atomic/0/other", value: 7 },
    { path: "/spec/amap/other", value: "7" },
    { path: "/spec/byName/0", value: { name: "first" } },
    { path: "/spec/byName/-", value: { name: "last", v: 7 } },
    { path: "/spec/byName/0/v", value: 70 },
    { path: "/spec/byName/0/d", value: "other" },
    { path: "/spec/byName/0/name", value: "renamed" },
    { path: "/spec/set/0", value: "first" },
    { path: "/spec/set", value: ["y", "x"] },
    { path: "/spec/free/other", value: { list: [1, { a: 2 }] } },
    { path: "/spec/free/deep/list/0", value: 7 },
    { path: "/spec/num", value: 2 },
    { path: "/spec/str", value: "other" },
    { path: "/spec/gmap", value: { other: "7" } },
    { path: "/spec/gmap/more", value: "7" },
    { path: "/spec/dflt", value: "other" },
    { path: "/spec/withDefault/e", value: "other" },
    { path: "/spec/plain", value: ["other"] },
    { path: "/spec/ios", value: "5" },
    { path: "/spec/big", value: 7 },
    { path: "/extraTop", value: "other" },
  ],
  "Gear (CRD, two versions)": [
    { path: "/spec/teeth/-", value: "other" },
    { path: "/spec/teeth/0", value: "first" },
    { path: "/spec/opt", value: "other" },
    { path: "/spec/size", value: 7 },
  ],
};

/** Other versions in which the kind is served. */
export const OTHER_VERSIONS: Readonly<Record<string, string>> = {
  HorizontalPodAutoscaler: "autoscaling/v1",
  "Gear (CRD, two versions)": "drift.example.com/v1beta1",
};

/** What can be said in the other version only, or in both. */
export const CHANGES_IN_OTHER_VERSION: Readonly<Record<string, readonly Change[]>> = {
  HorizontalPodAutoscaler: [
    { path: "/spec/targetCPUUtilizationPercentage", value: 60 },
    { path: "/spec/maxReplicas", value: 40 },
  ],
  "Gear (CRD, two versions)": CHANGES["Gear (CRD, two versions)"] ?? [],
};
