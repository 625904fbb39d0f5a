/** The resources that the operator itself watches, whatever the policies say. */

import type { Resource } from "../object/index.ts";
import { GROUP, VERSION } from "../policy/index.ts";

const READ = ["list", "watch"];

export const NAMESPACES: Resource = {
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  namespaced: false,
  verbs: READ,
};
export const QUOTAS: Resource = {
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  namespaced: true,
  verbs: READ,
};
export const DEFINITIONS: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
  verbs: READ,
};
/** Aggregated APIs come and go with these. */
export const API_SERVICES: Resource = {
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  namespaced: false,
  verbs: READ,
};
export const LEASES: Resource = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
  verbs: READ,
};
export const POLICIES: readonly Resource[] = [
  { group: GROUP, version: VERSION, kind: "ClusterPolicy", plural: "clusterpolicies", namespaced: false, verbs: READ },
  { group: GROUP, version: VERSION, kind: "Policy", plural: "policies", namespaced: true, verbs: READ },
];
