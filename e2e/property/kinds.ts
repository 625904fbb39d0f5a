/** The kinds that sequences are about, and what objects of them hold. */

import type { JsonObject } from "../../src/object/index.ts";
import type { Definition } from "../harness/index.ts";

/** Our own kinds: one in namespaces, one of the whole cluster. */
export const DEFINITIONS: readonly Definition[] = [
  { group: "property.test", kind: "Widget", plural: "widgets" },
  { group: "property.test", kind: "Beacon", plural: "beacons", scope: "Cluster" },
];

type Kind = { group: string; version: string; plural: string };

export const KINDS: { readonly [kind: string]: Kind } = {
  Namespace: { group: "", version: "v1", plural: "namespaces" },
  ConfigMap: { group: "", version: "v1", plural: "configmaps" },
  Secret: { group: "", version: "v1", plural: "secrets" },
  ResourceQuota: { group: "", version: "v1", plural: "resourcequotas" },
  NetworkPolicy: { group: "networking.k8s.io", version: "v1", plural: "networkpolicies" },
  Widget: { group: "property.test", version: "v1", plural: "widgets" },
  Beacon: { group: "property.test", version: "v1", plural: "beacons" },
  ClusterPolicy: { group: "perennial.dev", version: "v1", plural: "clusterpolicies" },
  Policy: { group: "perennial.dev", version: "v1", plural: "policies" },
};

export const TRIGGER_KINDS = ["Namespace", "ConfigMap", "Widget"] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

/** Beacons are of the whole cluster: only a ClusterPolicy may generate them. */
export const TARGET_KINDS = ["ConfigMap", "Secret", "ResourceQuota", "NetworkPolicy", "Widget", "Beacon"] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export const SOURCE_KINDS = ["ConfigMap", "Secret", "Widget"] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** What a rule says of an object, one content for each value. */
export function contentFor(kind: TargetKind, value: number): JsonObject {
  switch (kind) {
    case "ConfigMap":
      return { data: { value: `v${value}`, fixed: "yes" } };
    case "Secret":
      return { data: { value: base64(`v${value}`) } };
    case "ResourceQuota":
      return { spec: { hard: { pods: `${value}` } } };
    case "NetworkPolicy":
      return { spec: { podSelector: { matchLabels: { value: `v${value}` } }, policyTypes: ["Ingress"] } };
    case "Widget":
      return { spec: { value: `v${value}`, list: ["one", "two"] } };
    case "Beacon":
      return { spec: { value: `v${value}` } };
  }
}

/** The same, with what the API server fills in. */
export function storedContent(kind: TargetKind, value: number): JsonObject {
  return { ...contentFor(kind, value), ...(kind === "Secret" ? { type: "Opaque" } : {}) };
}

/** A merge patch that gives a desired field another value. */
export function changeOf(kind: TargetKind): JsonObject {
  return contentFor(kind, 99);
}

/** A merge patch that adds something that no rule asks for. */
export function additionTo(kind: TargetKind): JsonObject {
  switch (kind) {
    case "ConfigMap":
      return { data: { added: "yes" } };
    case "Secret":
      return { data: { added: base64("yes") } };
    case "ResourceQuota":
      return { spec: { hard: { secrets: "5" } } };
    case "NetworkPolicy":
      return { spec: { egress: [{}], policyTypes: ["Ingress", "Egress"] } };
    case "Widget":
    case "Beacon":
      return { spec: { added: "yes" } };
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
