/** samples/gitops */

import { namespaceNamed, type SampleExample } from "./example.fixture.ts";

const CLUSTER = "https://kubernetes.default.svc";

export const GITOPS: { readonly [file: string]: SampleExample } = {
  "gitops/argocd-application.yaml": {
    stored: [namespaceNamed("argocd")],
    trigger: namespaceNamed("deployed", {
      annotations: { repository: "https://git.example.com/checkout/shop", revision: "v1" },
    }),
    other: namespaceNamed("foreign", { annotations: { repository: "https://elsewhere.example.org/x" } }),
    makes: {
      "Application argocd/deployed": {
        spec: {
          project: "deployed",
          source: { repoURL: "https://git.example.com/checkout/shop", targetRevision: "v1", path: "deploy" },
          destination: { server: CLUSTER, namespace: "deployed" },
          syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ["ServerSideApply=true"] },
        },
      },
    },
    change: { spec: { project: "default" } },
  },
  "gitops/argocd-project.yaml": {
    stored: [namespaceNamed("argocd")],
    trigger: namespaceNamed("project", { labels: { team: "projects" } }),
    other: namespaceNamed("sandbox"),
    makes: {
      "AppProject argocd/project": {
        spec: {
          description: "Namespace project of team projects",
          sourceRepos: ["https://git.example.com/projects/*"],
          destinations: [{ server: CLUSTER, namespace: "project" }],
          clusterResourceWhitelist: [],
          namespaceResourceBlacklist: [
            { group: "", kind: "ResourceQuota" },
            { group: "", kind: "LimitRange" },
            { group: "networking.k8s.io", kind: "NetworkPolicy" },
          ],
          roles: [
            {
              name: "team",
              groups: ["team-projects"],
              policies: ["p, proj:project:team, applications, sync, project/*, allow"],
            },
          ],
        },
      },
    },
    change: { spec: { sourceRepos: ["*"] } },
  },
  "gitops/flux-notifications.yaml": {
    trigger: namespaceNamed("loud", { annotations: { chat: "checkout-alerts" } }),
    other: namespaceNamed("silent"),
    makes: {
      "Provider loud/chat": { spec: { type: "slack", channel: "checkout-alerts", secretRef: { name: "chat" } } },
      "Alert loud/failures": {
        spec: {
          providerRef: { name: "chat" },
          eventSeverity: "error",
          eventSources: [{ kind: "Kustomization", name: "*" }],
        },
      },
    },
    change: { spec: { channel: "nobody" } },
  },
  "gitops/flux-tenant.yaml": {
    trigger: namespaceNamed("tenant", {
      annotations: { "flux-repository": "https://git.example.com/checkout/shop" },
    }),
    other: namespaceNamed("foreign", { annotations: { "flux-repository": "https://elsewhere.example.org/x" } }),
    makes: {
      "ServiceAccount tenant/flux-tenant": { automountServiceAccountToken: false },
      "RoleBinding tenant/flux-tenant": {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
        subjects: [{ kind: "ServiceAccount", name: "flux-tenant", namespace: "tenant" }],
      },
      "GitRepository tenant/tenant": {
        spec: { interval: "5m", url: "https://git.example.com/checkout/shop", ref: { branch: "main" } },
      },
      "Kustomization tenant/tenant": {
        spec: {
          interval: "10m",
          path: "./deploy",
          prune: true,
          serviceAccountName: "flux-tenant",
          targetNamespace: "tenant",
          sourceRef: { kind: "GitRepository", name: "tenant" },
        },
      },
    },
    change: { automountServiceAccountToken: true },
  },
};
