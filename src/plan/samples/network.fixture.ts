/** samples/network */

import { namespaceNamed, objectAt, type SampleExample } from "./example.fixture.ts";

const from = (namespace: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
});

export const NETWORK: { readonly [file: string]: SampleExample } = {
  "network/allow-monitoring.yaml": {
    trigger: namespaceNamed("scraped", { labels: { monitoring: "enabled" } }),
    other: namespaceNamed("unscraped", { labels: { monitoring: "disabled" } }),
    makes: {
      "NetworkPolicy scraped/allow-monitoring": {
        spec: {
          podSelector: {},
          policyTypes: ["Ingress"],
          ingress: [
            {
              from: [
                {
                  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
                  podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
                },
              ],
              ports: [{ protocol: "TCP", port: "metrics" }],
            },
          ],
        },
      },
    },
    change: { spec: { ingress: [{}] } },
  },
  "network/egress-dns-only.yaml": {
    trigger: namespaceNamed("restricted", { labels: { egress: "restricted" } }),
    other: namespaceNamed("unrestricted"),
    makes: {
      "NetworkPolicy restricted/egress-dns-only": {
        spec: {
          podSelector: {},
          policyTypes: ["Egress"],
          egress: [
            {
              to: [
                {
                  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
                  podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
                },
              ],
              ports: [
                { protocol: "UDP", port: 53 },
                { protocol: "TCP", port: 53 },
              ],
            },
          ],
        },
      },
    },
    change: { spec: { egress: [{}] } },
  },
  "network/ingress-to-backends.yaml": {
    stored: [
      objectAt("storefront/web", "v1", "Service", { spec: { selector: { app: "web" }, ports: [{ port: 80 }] } }),
      objectAt("storefront/api", "v1", "Service", {
        spec: { selector: { app: "api", tier: "x" }, ports: [{ port: 80 }] },
      }),
      namespaceNamed("storefront"),
    ],
    trigger: objectAt("storefront/front", "networking.k8s.io/v1", "Ingress", {
      spec: {
        rules: [
          {
            host: "shop.example.com",
            http: {
              paths: ["web", "api", "web"].map((name, i) => ({
                path: `/${i}`,
                pathType: "Prefix",
                backend: { service: { name, port: { number: 80 } } },
              })),
            },
          },
        ],
      },
    }),
    other: objectAt("storefront/nowhere", "networking.k8s.io/v1", "Ingress", {
      spec: { defaultBackend: { resource: { kind: "Bucket", name: "static" } } },
    }),
    makes: {
      "NetworkPolicy storefront/ingress-to-web": {
        spec: {
          podSelector: { matchLabels: { app: "web" } },
          policyTypes: ["Ingress"],
          ingress: [{ from: [from("ingress-nginx")] }],
        },
      },
      "NetworkPolicy storefront/ingress-to-api": {
        spec: {
          podSelector: { matchLabels: { app: "api", tier: "x" } },
          policyTypes: ["Ingress"],
          ingress: [{ from: [from("ingress-nginx")] }],
        },
      },
    },
    change: { spec: { podSelector: { matchLabels: { app: null } } } },
  },
  "network/istio-strict-mtls.yaml": {
    trigger: namespaceNamed("meshed", { labels: { "istio-injection": "enabled" } }),
    other: namespaceNamed("outside", { labels: { "istio-injection": "disabled" } }),
    makes: { "PeerAuthentication meshed/default": { spec: { mtls: { mode: "STRICT" } } } },
    change: { spec: { mtls: { mode: "PERMISSIVE" } } },
  },
  "network/no-metadata-service.yaml": {
    trigger: namespaceNamed("crawler", { labels: { egress: "internet" } }),
    other: namespaceNamed("unrestricted"),
    makes: {
      "NetworkPolicy crawler/no-metadata-service": {
        spec: {
          podSelector: {},
          policyTypes: ["Egress"],
          egress: [
            {
              to: [
                { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } },
                { ipBlock: { cidr: "::/0", except: ["fd00:ec2::254/128"] } },
              ],
            },
          ],
        },
      },
    },
    change: { spec: { egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] } },
  },
  "network/same-namespace-only.yaml": {
    trigger: namespaceNamed("closed"),
    other: namespaceNamed("ingress-nginx", { labels: { network: "open" } }),
    makes: {
      "NetworkPolicy closed/same-namespace-only": {
        spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ from: [{ podSelector: {} }] }] },
      },
    },
    change: { spec: { ingress: [{}] } },
  },
};
