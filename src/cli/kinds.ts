/**
 * The kinds that are known without asking a cluster: those of Kubernetes, and custom ones that policies often name. A
 * CustomResourceDefinition among the files knows better.
 */

import { groupOf, type Resource, versionOf } from "../object/index.ts";

type Group = { apiVersion: string; namespaced?: string; cluster?: string };

/** Of a kind in several versions, the preferred one stands first. */
const GROUPS: readonly Group[] = [
  {
    apiVersion: "v1",
    namespaced:
      "ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount",
    cluster: "Namespace Node PersistentVolume",
  },
  { apiVersion: "apps/v1", namespaced: "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet" },
  { apiVersion: "batch/v1", namespaced: "CronJob Job" },
  { apiVersion: "autoscaling/v2", namespaced: "HorizontalPodAutoscaler" },
  { apiVersion: "autoscaling/v1", namespaced: "HorizontalPodAutoscaler" },
  { apiVersion: "policy/v1", namespaced: "PodDisruptionBudget" },
  {
    apiVersion: "networking.k8s.io/v1",
    namespaced: "Ingress NetworkPolicy",
    cluster: "IPAddress IngressClass ServiceCIDR",
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    namespaced: "Role RoleBinding",
    cluster: "ClusterRole ClusterRoleBinding",
  },
  {
    apiVersion: "storage.k8s.io/v1",
    namespaced: "CSIStorageCapacity",
    cluster: "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
  },
  { apiVersion: "scheduling.k8s.io/v1", cluster: "PriorityClass" },
  { apiVersion: "coordination.k8s.io/v1", namespaced: "Lease" },
  { apiVersion: "discovery.k8s.io/v1", namespaced: "EndpointSlice" },
  { apiVersion: "events.k8s.io/v1", namespaced: "Event" },
  { apiVersion: "node.k8s.io/v1", cluster: "RuntimeClass" },
  { apiVersion: "certificates.k8s.io/v1", cluster: "CertificateSigningRequest" },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    cluster:
      "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
  },
  { apiVersion: "apiextensions.k8s.io/v1", cluster: "CustomResourceDefinition" },
  { apiVersion: "apiregistration.k8s.io/v1", cluster: "APIService" },
  { apiVersion: "flowcontrol.apiserver.k8s.io/v1", cluster: "FlowSchema PriorityLevelConfiguration" },
  {
    apiVersion: "resource.k8s.io/v1",
    namespaced: "ResourceClaim ResourceClaimTemplate",
    cluster: "DeviceClass ResourceSlice",
  },
  // Custom kinds.
  { apiVersion: "argoproj.io/v1alpha1", namespaced: "AppProject Application ApplicationSet" },
  { apiVersion: "autoscaling.k8s.io/v1", namespaced: "VerticalPodAutoscaler" },
  { apiVersion: "cert-manager.io/v1", namespaced: "Certificate CertificateRequest Issuer", cluster: "ClusterIssuer" },
  {
    apiVersion: "external-secrets.io/v1",
    namespaced: "ExternalSecret SecretStore",
    cluster: "ClusterExternalSecret ClusterSecretStore",
  },
  {
    apiVersion: "external-secrets.io/v1beta1",
    namespaced: "ExternalSecret SecretStore",
    cluster: "ClusterExternalSecret ClusterSecretStore",
  },
  { apiVersion: "gateway.networking.k8s.io/v1", namespaced: "GRPCRoute Gateway HTTPRoute", cluster: "GatewayClass" },
  { apiVersion: "gateway.networking.k8s.io/v1beta1", namespaced: "ReferenceGrant" },
  { apiVersion: "helm.toolkit.fluxcd.io/v2", namespaced: "HelmRelease" },
  { apiVersion: "keda.sh/v1alpha1", namespaced: "ScaledObject" },
  { apiVersion: "kustomize.toolkit.fluxcd.io/v1", namespaced: "Kustomization" },
  { apiVersion: "notification.toolkit.fluxcd.io/v1beta3", namespaced: "Alert Provider" },
  { apiVersion: "notification.toolkit.fluxcd.io/v1", namespaced: "Receiver" },
  { apiVersion: "monitoring.coreos.com/v1", namespaced: "PodMonitor PrometheusRule ServiceMonitor" },
  { apiVersion: "networking.istio.io/v1", namespaced: "DestinationRule Gateway ServiceEntry Sidecar VirtualService" },
  { apiVersion: "security.istio.io/v1", namespaced: "AuthorizationPolicy PeerAuthentication RequestAuthentication" },
  {
    apiVersion: "security.istio.io/v1beta1",
    namespaced: "AuthorizationPolicy PeerAuthentication RequestAuthentication",
  },
  { apiVersion: "snapshot.storage.k8s.io/v1", namespaced: "VolumeSnapshot", cluster: "VolumeSnapshotClass" },
  { apiVersion: "source.toolkit.fluxcd.io/v1", namespaced: "Bucket GitRepository HelmChart HelmRepository" },
];

const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

export function knownKinds(): Resource[] {
  return GROUPS.flatMap(({ apiVersion, namespaced = "", cluster = "" }) => [
    ...words(namespaced).map((kind) => resourceOf(apiVersion, kind, true)),
    ...words(cluster).map((kind) => resourceOf(apiVersion, kind, false)),
  ]);
}

/** As a definition would most likely say. */
export function resourceOf(apiVersion: string, kind: string, namespaced: boolean): Resource {
  return {
    group: groupOf(apiVersion),
    version: versionOf(apiVersion),
    kind,
    plural: pluralOf(kind),
    namespaced,
    verbs: VERBS,
  };
}

function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}

function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (word === "endpoints") return word;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(?:s|x|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}
