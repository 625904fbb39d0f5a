/** samples/tenancy */

import { configMapAt, namespaceNamed, type SampleExample } from "./example.fixture.ts";

const GROUP = "rbac.authorization.k8s.io";

export const TENANCY: { readonly [file: string]: SampleExample } = {
  "tenancy/directory.yaml": {
    stored: [namespaceNamed("directory"), namespaceNamed("listed-too", { labels: { team: "listers" } })],
    trigger: namespaceNamed("listed", { labels: { team: "listers" } }),
    other: namespaceNamed("unlisted"),
    makes: { "ConfigMap directory/listers": { data: { namespaces: "listed,listed-too" } } },
    change: { data: { namespaces: "listed,listed-too,kube-system" } },
  },
  "tenancy/inherited-settings.yaml": {
    stored: [configMapAt("parents/settings", { currency: "EUR" })],
    trigger: namespaceNamed("child", { labels: { parent: "parents" } }),
    other: namespaceNamed("orphan"),
    makes: { "ConfigMap child/settings": { data: { currency: "EUR" } } },
    change: { data: { currency: "USD" } },
  },
  "tenancy/namespace-baseline.yaml": {
    trigger: namespaceNamed("shop", { labels: { team: "checkout" } }),
    other: namespaceNamed("sandbox"),
    makes: {
      "NetworkPolicy shop/default-deny": { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
      "NetworkPolicy shop/allow-dns": {
        spec: {
          podSelector: {},
          policyTypes: ["Egress"],
          egress: [
            {
              to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }],
              ports: [
                { protocol: "UDP", port: 53 },
                { protocol: "TCP", port: 53 },
              ],
            },
          ],
        },
      },
      "ResourceQuota shop/team-quota": {
        spec: { hard: { pods: "50", "requests.cpu": "4", "requests.memory": "8Gi", "limits.memory": "16Gi" } },
      },
      "LimitRange shop/default-limits": {
        spec: {
          limits: [{ type: "Container", defaultRequest: { cpu: "50m", memory: "64Mi" }, default: { memory: "256Mi" } }],
        },
      },
      "RoleBinding shop/team-edit": {
        roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "edit" },
        subjects: [{ apiGroup: GROUP, kind: "Group", name: "team-checkout" }],
      },
      "ConfigMap shop/team-info": { data: { team: "checkout", contact: "checkout@example.com" } },
    },
    change: { spec: { egress: [{}] } },
  },
  "tenancy/team-namespaces.yaml": {
    trigger: configMapAt(
      "teams/founders",
      { environments: "dev,prod", contact: "founders@example.com" },
      { labels: { kind: "team" } },
    ),
    other: configMapAt("teams/notes", { text: "nothing" }),
    makes: {
      "Namespace founders-dev": {
        metadata: {
          labels: { team: "founders", environment: "dev", "pod-security.kubernetes.io/enforce": "baseline" },
          annotations: { contact: "founders@example.com" },
        },
      },
      "Namespace founders-prod": {
        metadata: {
          labels: { team: "founders", environment: "prod", "pod-security.kubernetes.io/enforce": "restricted" },
          annotations: { contact: "founders@example.com" },
        },
      },
    },
    change: { metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
  },
};
