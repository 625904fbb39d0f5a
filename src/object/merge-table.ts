/**
 * Which lists of the built-in kinds a strategic merge patch merges element by element, and by which fields: what the API
 * server's OpenAPI says under x-kubernetes-patch-strategy, x-kubernetes-patch-merge-key and x-kubernetes-list-map-keys
 * (e2e/merge-keys.test.ts compares). All other lists are replaced.
 *
 * `field:Type` leads to another type, `field[key]` is a list of elements told apart by that field, `field[]` a set of
 * values, `field=` a map that is replaced as a whole.
 */

/** `metadata` of an object itself is left out: it is the same for every kind. */
export const BUILT_IN_TYPES: { readonly [type: string]: string } = {
  ObjectMeta: "finalizers[] ownerReferences[uid]",
  PodTemplateSpec: "metadata:ObjectMeta spec:PodSpec",
  PodSpec:
    "containers[name]:Container ephemeralContainers[name]:EphemeralContainer hostAliases[ip] imagePullSecrets[name] initContainers[name]:Container resourceClaims[name] schedulingGates[name] topologySpreadConstraints[topologyKey,whenUnsatisfiable] volumes[name]:Volume",
  Container: "env[name] ports[containerPort,protocol] volumeDevices[devicePath] volumeMounts[mountPath]",
  EphemeralContainer: "env[name] ports[containerPort,protocol] volumeDevices[devicePath] volumeMounts[mountPath]",
  Volume: "ephemeral:EphemeralVolumeSource",
  EphemeralVolumeSource: "volumeClaimTemplate:PersistentVolumeClaimTemplate",
  PersistentVolumeClaimTemplate: "metadata:ObjectMeta",
  PodStatus:
    "conditions[type] containerStatuses:ContainerStatus ephemeralContainerStatuses:ContainerStatus hostIPs[ip] initContainerStatuses:ContainerStatus podIPs[ip] resourceClaimStatuses[name]",
  ContainerStatus: "allocatedResourcesStatus[name] volumeMounts[mountPath]",
  WorkloadSpec: "template:PodTemplateSpec",
  StatefulSetSpec: "template:PodTemplateSpec volumeClaimTemplates:PersistentVolumeClaim",
  PersistentVolumeClaim: "metadata:ObjectMeta status:Conditions",
  CronJobSpec: "jobTemplate:JobTemplateSpec",
  JobTemplateSpec: "metadata:ObjectMeta spec:WorkloadSpec",
  Conditions: "conditions[type]",
  NodeSpec: "podCIDRs[]",
  NodeStatus: "addresses[type] conditions[type]",
  ServiceSpec: "ports[port,protocol]",
  PodDisruptionBudgetSpec: "selector=",
  ResourceClaimStatus: "reservedFor[uid]",
  ResourceClaimTemplateSpec: "metadata:ObjectMeta",
  CSINodeSpec: "drivers[name]",
  Webhook: "matchConditions[name]",
  MutatingAdmissionPolicySpec: "matchConditions[name]",
  ValidatingAdmissionPolicySpec: "matchConditions[name] variables[name]",
};

/** By group/kind; the fields of the object itself. Kinds that are absent have no such lists outside of metadata. */
export const BUILT_IN_KINDS: { readonly [kind: string]: string } = {
  "/ComponentStatus": "conditions[type]",
  "/Namespace": "status:Conditions",
  "/Node": "spec:NodeSpec status:NodeStatus",
  "/PersistentVolumeClaim": "status:Conditions",
  "/Pod": "spec:PodSpec status:PodStatus",
  "/PodTemplate": "template:PodTemplateSpec",
  "/ReplicationController": "spec:WorkloadSpec status:Conditions",
  "/Service": "spec:ServiceSpec status:Conditions",
  "/ServiceAccount": "secrets[name]",
  "admissionregistration.k8s.io/MutatingAdmissionPolicy": "spec:MutatingAdmissionPolicySpec",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": "webhooks[name]:Webhook",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": "spec:ValidatingAdmissionPolicySpec",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": "webhooks[name]:Webhook",
  "apiregistration.k8s.io/APIService": "status:Conditions",
  "apps/DaemonSet": "spec:WorkloadSpec status:Conditions",
  "apps/Deployment": "spec:WorkloadSpec status:Conditions",
  "apps/ReplicaSet": "spec:WorkloadSpec status:Conditions",
  "apps/StatefulSet": "spec:StatefulSetSpec status:Conditions",
  "autoscaling/HorizontalPodAutoscaler": "status:Conditions",
  "batch/CronJob": "spec:CronJobSpec",
  "batch/Job": "spec:WorkloadSpec status:Conditions",
  "flowcontrol.apiserver.k8s.io/FlowSchema": "status:Conditions",
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": "status:Conditions",
  "networking.k8s.io/ServiceCIDR": "status:Conditions",
  "policy/PodDisruptionBudget": "spec:PodDisruptionBudgetSpec status:Conditions",
  "resource.k8s.io/ResourceClaim": "status:ResourceClaimStatus",
  "resource.k8s.io/ResourceClaimTemplate": "spec:ResourceClaimTemplateSpec",
  "storage.k8s.io/CSINode": "spec:CSINodeSpec",
};

/** What the API server means by an absent key field. */
export const KEY_DEFAULTS: { readonly [field: string]: string } = { protocol: "TCP" };
