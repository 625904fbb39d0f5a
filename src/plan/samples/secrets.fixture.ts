/** samples/secrets */

import { configMapAt, namespaceNamed, objectAt, type SampleExample } from "./example.fixture.ts";

const base64 = (text: string): string => btoa(text);
const DOCKER_CONFIG = base64('{"auths":{"registry.example.com":{"auth":"cm9ib3Q6ZXhhbXBsZQ=="}}}');
const MAIL = { password: base64("example") };
const TLS = { "tls.crt": base64("certificate"), "tls.key": base64("key") };

export const SECRETS: { readonly [file: string]: SampleExample } = {
  "secrets/ca-bundle.yaml": {
    stored: [configMapAt("platform/ca-bundle", { "ca.crt": "-----BEGIN CERTIFICATE-----" })],
    trigger: namespaceNamed("trusting"),
    other: namespaceNamed("platform"),
    makes: { "ConfigMap trusting/ca-bundle": { data: { "ca.crt": "-----BEGIN CERTIFICATE-----" } } },
    change: { data: { "another.crt": "-----BEGIN CERTIFICATE-----" } },
  },
  "secrets/certificate-per-ingress.yaml": {
    stored: [namespaceNamed("encrypted")],
    trigger: objectAt("encrypted/front", "networking.k8s.io/v1", "Ingress", {
      metadata: { annotations: { issuer: "letsencrypt" } },
      spec: {
        tls: [{ secretName: "shop-tls", hosts: ["shop.example.com", "www.example.com"] }],
        defaultBackend: { resource: { kind: "Bucket", name: "static" } },
      },
    }),
    other: objectAt("encrypted/plain", "networking.k8s.io/v1", "Ingress", {
      spec: { defaultBackend: { resource: { kind: "Bucket", name: "static" } } },
    }),
    makes: {
      "Certificate encrypted/shop-tls": {
        spec: {
          secretName: "shop-tls",
          dnsNames: ["shop.example.com", "www.example.com"],
          privateKey: { rotationPolicy: "Always" },
          issuerRef: { kind: "ClusterIssuer", name: "letsencrypt" },
        },
      },
    },
    change: { spec: { dnsNames: ["evil.example.com"] } },
  },
  "secrets/database-password.yaml": {
    trigger: namespaceNamed("database", { labels: { database: "postgres" } }),
    other: namespaceNamed("files"),
    makes: {
      "Secret database/postgres": {
        type: "kubernetes.io/basic-auth",
        data: { username: base64("app"), password: /^[a-zA-Z0-9+/]{43}=$/ },
      },
    },
    change: { data: { password: base64("secret") } },
  },
  "secrets/pull-secret.yaml": {
    stored: [
      objectAt("platform/registry", "v1", "Secret", {
        type: "kubernetes.io/dockerconfigjson",
        data: { ".dockerconfigjson": DOCKER_CONFIG },
      }),
    ],
    trigger: namespaceNamed("pulling", { labels: { team: "pullers" } }),
    other: namespaceNamed("sandbox"),
    makes: {
      "Secret pulling/registry": {
        type: "kubernetes.io/dockerconfigjson",
        data: { ".dockerconfigjson": DOCKER_CONFIG },
      },
    },
    change: { data: { ".dockerconfigjson": base64("{}") } },
  },
  "secrets/shared-secrets.yaml": {
    stored: [
      objectAt("shared/mail", "v1", "Secret", { type: "Opaque", data: MAIL, metadata: { labels: { share: "teams" } } }),
      objectAt("shared/own", "v1", "Secret", { type: "Opaque", data: MAIL }),
    ],
    trigger: namespaceNamed("sharing", { labels: { team: "sharers" } }),
    other: namespaceNamed("sandbox"),
    makes: { "Secret sharing/mail": { metadata: { labels: { share: "teams" } }, type: "Opaque", data: MAIL } },
    change: { data: { password: base64("another") } },
  },
  "secrets/vault-per-team.yaml": {
    trigger: namespaceNamed("vaulted", { labels: { team: "keepers" } }),
    other: namespaceNamed("sandbox"),
    makes: {
      "SecretStore vaulted/vault": {
        spec: {
          provider: {
            vault: {
              server: "https://vault.example.com",
              path: "teams",
              version: "v2",
              auth: {
                kubernetes: {
                  mountPath: "kubernetes",
                  role: "team-keepers",
                  serviceAccountRef: { name: "default" },
                },
              },
            },
          },
        },
      },
      "ExternalSecret vaulted/app": {
        spec: {
          refreshInterval: "1h0m0s",
          secretStoreRef: { kind: "SecretStore", name: "vault" },
          target: { name: "app" },
          dataFrom: [{ extract: { key: "keepers/app" } }],
        },
      },
    },
    change: { spec: { provider: { vault: { auth: { kubernetes: { role: "team-others" } } } } } },
  },
  "secrets/wildcard-certificate.yaml": {
    stored: [objectAt("certificates/shop.example.com", "v1", "Secret", { type: "kubernetes.io/tls", data: TLS })],
    trigger: namespaceNamed("domained", { labels: { domain: "shop.example.com" } }),
    other: namespaceNamed("sandbox"),
    makes: { "Secret domained/tls": { type: "kubernetes.io/tls", data: TLS } },
    change: { data: { "tls.key": base64("mine") } },
  },
};
