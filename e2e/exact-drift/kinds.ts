/** The kinds of the scenarios, and of each the content that a policy wants unless a scenario says otherwise. */

import type { JsonObject } from "../../src/object/index.ts";

export type Kind = {
  /** As the reference's table names it. */
  title: string;
  kind: string;
  apiVersion: string;
  plural: string;
  namespaced: boolean;
  /** What the policy wants: all but type and metadata. */
  content: JsonObject;
  /** Where the server picks a value of its own for each object; `*` is any element. */
  allocated: readonly string[];
};

export const NETWORK_POLICY = {
  spec: {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      {
        ports: [{ port: 8443 }],
        from: [{ namespaceSelector: {} }, { podSelector: { matchLabels: { role: "gateway" } } }],
      },
    ],
  },
} satisfies JsonObject;

/** Quantities in other forms than the one that the server stores. */
export const RESOURCE_QUOTA = {
  spec: { hard: { pods: "30", "requests.cpu": "4000m", "limits.memory": "2048Mi", "count/configmaps": 5000 } },
} satisfies JsonObject;

export const LIMIT_RANGE = {
  spec: {
    limits: [{ type: "Container", default: { cpu: "2000m", memory: "0.5Gi" }, defaultRequest: { cpu: 0.25 } }],
  },
} satisfies JsonObject;

export const ROLE = {
  rules: [{ apiGroups: [""], resources: ["services"], verbs: ["get", "watch"] }],
} satisfies JsonObject;

export const ROLE_BINDING = {
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
  subjects: [
    { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "checkout" },
    { kind: "ServiceAccount", name: "deployer", namespace: "ci" },
  ],
} satisfies JsonObject;

export const CLUSTER_ROLE = {
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { "drift.example.com/sum": "yes" } }] },
} satisfies JsonObject;

/** One value is text that looks like a quantity. */
export const CONFIG_MAP = {
  data: { a: "1000m", b: "blue" },
  binaryData: { blob: "BAUG" },
} satisfies JsonObject;

export const SECRET = { type: "Opaque", data: { p: "b3BlbiBzZXNhbWU=" } } satisfies JsonObject;

export const SERVICE_ACCOUNT = {
  automountServiceAccountToken: false,
  imagePullSecrets: [{ name: "registry" }],
} satisfies JsonObject;

export const SERVICE = {
  spec: {
    type: "NodePort",
    selector: { app: "shop" },
    ports: [
      { name: "web", port: 80, targetPort: 8443 },
      { name: "names", port: 53, protocol: "UDP" },
    ],
  },
} satisfies JsonObject;

export const CONTAINER = {
  name: "shop",
  image: "nginx:1.2",
  env: [
    { name: "A", value: "1000m" },
    { name: "B", value: "two" },
  ],
  ports: [{ containerPort: 80 }],
  resources: { requests: { cpu: "1000m", memory: "2048Mi" }, limits: { cpu: 3 } },
} satisfies JsonObject;

const SELECTOR = { matchLabels: { app: "shop" } };

export const POD_TEMPLATE = {
  metadata: { labels: { app: "shop" } },
  spec: {
    containers: [CONTAINER],
    initContainers: [
      { name: "migrate", image: "tool:1" },
      { name: "warm", image: "tool:1" },
    ],
  },
} satisfies JsonObject;

export const DEPLOYMENT = {
  spec: { replicas: 1, selector: SELECTOR, template: POD_TEMPLATE },
} satisfies JsonObject;

export const DEPLOYMENT_WITHOUT_REPLICAS = {
  spec: { selector: SELECTOR, template: POD_TEMPLATE },
} satisfies JsonObject;

export const DISRUPTION_BUDGET = { spec: { minAvailable: "50%", selector: SELECTOR } } satisfies JsonObject;

const SCALED = { apiVersion: "apps/v1", kind: "Deployment", name: "nowhere" };

export const AUTOSCALER = {
  spec: {
    scaleTargetRef: SCALED,
    minReplicas: 1,
    maxReplicas: 4,
    metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "AverageValue", averageValue: "2000m" } } }],
  },
} satisfies JsonObject;

export const AUTOSCALER_WITHOUT_METRICS = {
  spec: { scaleTargetRef: SCALED, maxReplicas: 4 },
} satisfies JsonObject;

export const CRON_JOB = {
  spec: {
    schedule: "0 4 29 2 *", // on a leap day: it never runs within a test
    jobTemplate: {
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "sweep", image: "tool:1" }] } } },
    },
  },
} satisfies JsonObject;

export const INGRESS = {
  spec: {
    rules: [
      {
        host: "shop.example.com",
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "shop", port: { number: 80 } } } }],
        },
      },
    ],
  },
} satisfies JsonObject;

export const VOLUME_CLAIM = {
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2048Mi" } } },
} satisfies JsonObject;

export const ADMISSION_POLICY = {
  spec: {
    matchConstraints: {
      resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["podtemplates"] }],
    },
    validations: [{ expression: "true" }],
  },
} satisfies JsonObject;

export const ADMISSION_BINDING = {
  spec: { policyName: "nowhere", validationActions: ["Deny"] },
} satisfies JsonObject;

/** Every list type, an atomic map, a field without a schema, and text that looks like a number. */
export const WIDGET = {
  spec: {
    atomic: [{ a: 1 }],
    amap: { x: "1" },
    byName: [
      { name: "a", v: 1 },
      { name: "b", v: 2 },
    ],
    set: ["x", "y"],
    free: { deep: { n: 1, list: [1, 2] } },
    num: 1,
    str: "1",
  },
} satisfies JsonObject;

export const GEAR = { spec: { size: 5, teeth: ["a", "b"] } } satisfies JsonObject;

const KINDS: readonly Kind[] = [
  of("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies", NETWORK_POLICY),
  of("ResourceQuota", "v1", "resourcequotas", RESOURCE_QUOTA),
  of("LimitRange", "v1", "limitranges", LIMIT_RANGE),
  of("Role", "rbac.authorization.k8s.io/v1", "roles", ROLE),
  of("RoleBinding", "rbac.authorization.k8s.io/v1", "rolebindings", ROLE_BINDING),
  {
    ...of("ClusterRole", "rbac.authorization.k8s.io/v1", "clusterroles", CLUSTER_ROLE),
    namespaced: false,
    allocated: ["/rules"], // the sum of other roles
  },
  of("ConfigMap", "v1", "configmaps", CONFIG_MAP),
  of("Secret", "v1", "secrets", SECRET),
  of("ServiceAccount", "v1", "serviceaccounts", SERVICE_ACCOUNT),
  {
    ...of("Service", "v1", "services", SERVICE),
    allocated: ["/spec/clusterIP", "/spec/clusterIPs", "/spec/ports/*/nodePort", "/spec/healthCheckNodePort"],
  },
  of("Deployment", "apps/v1", "deployments", DEPLOYMENT),
  of("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets", DISRUPTION_BUDGET),
  of("HorizontalPodAutoscaler", "autoscaling/v2", "horizontalpodautoscalers", AUTOSCALER),
  of("CronJob", "batch/v1", "cronjobs", CRON_JOB),
  of("Ingress", "networking.k8s.io/v1", "ingresses", INGRESS),
  { ...of("Namespace", "v1", "namespaces", {}), namespaced: false },
  of("PersistentVolumeClaim", "v1", "persistentvolumeclaims", VOLUME_CLAIM),
  {
    ...of(
      "ValidatingAdmissionPolicy",
      "admissionregistration.k8s.io/v1",
      "validatingadmissionpolicies",
      ADMISSION_POLICY,
    ),
    namespaced: false,
  },
  {
    ...of(
      "ValidatingAdmissionPolicyBinding",
      "admissionregistration.k8s.io/v1",
      "validatingadmissionpolicybindings",
      ADMISSION_BINDING,
    ),
    namespaced: false,
  },
  { ...of("Widget", "drift.example.com/v1", "widgets", WIDGET), title: "Widget (CRD)" },
  { ...of("Gear", "drift.example.com/v1", "gears", GEAR), title: "Gear (CRD, two versions)" },
];

export const ALL_KINDS = KINDS;

/** The kind that the table calls so. */
export function kindTitled(title: string): Kind {
  const kind = KINDS.find((candidate) => candidate.title === title);
  if (kind === undefined) throw new Error(`no kind is called ${title}`);
  return kind;
}

function of(kind: string, apiVersion: string, plural: string, content: JsonObject): Kind {
  return { title: kind, kind, apiVersion, plural, namespaced: true, content, allocated: [] };
}
