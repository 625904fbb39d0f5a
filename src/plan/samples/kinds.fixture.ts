/** The kinds that the samples are about. */

import type { Resource } from "../../object/index.ts";
import { resource } from "../world.fixture.ts";

/** Each is defined by whoever brings it: Istio, cert-manager, Argo CD... */
export const CUSTOM_KINDS: readonly Resource[] = [
  resource("argoproj.io", "v1alpha1", "AppProject", "appprojects", true),
  resource("argoproj.io", "v1alpha1", "Application", "applications", true),
  resource("autoscaling.k8s.io", "v1", "VerticalPodAutoscaler", "verticalpodautoscalers", true),
  resource("cert-manager.io", "v1", "Certificate", "certificates", true),
  resource("external-secrets.io", "v1", "ExternalSecret", "externalsecrets", true),
  resource("external-secrets.io", "v1", "SecretStore", "secretstores", true),
  resource("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations", true),
  resource("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors", true),
  resource("notification.toolkit.fluxcd.io", "v1beta3", "Alert", "alerts", true),
  resource("notification.toolkit.fluxcd.io", "v1beta3", "Provider", "providers", true),
  resource("security.istio.io", "v1", "PeerAuthentication", "peerauthentications", true),
  resource("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories", true),
];

export const SAMPLE_KINDS: readonly Resource[] = [
  ...CUSTOM_KINDS,
  resource("", "v1", "ConfigMap", "configmaps", true),
  resource("", "v1", "LimitRange", "limitranges", true),
  resource("", "v1", "Namespace", "namespaces", false),
  resource("", "v1", "ResourceQuota", "resourcequotas", true),
  resource("", "v1", "Secret", "secrets", true),
  resource("", "v1", "Service", "services", true),
  resource("", "v1", "ServiceAccount", "serviceaccounts", true),
  resource("apps", "v1", "Deployment", "deployments", true),
  resource("apps", "v1", "StatefulSet", "statefulsets", true),
  resource("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
  resource("networking.k8s.io", "v1", "Ingress", "ingresses", true),
  resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true),
  resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
  resource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false),
  resource("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", false),
  resource("rbac.authorization.k8s.io", "v1", "Role", "roles", true),
  resource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true),
  resource("storage.k8s.io", "v1", "StorageClass", "storageclasses", false),
];
