/** Files for tests of the commands, as texts. */

import { dump } from "js-yaml";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import type { FileText } from "./documents.ts";

export function fileOf(...objects: (JsonObject | KubernetesObject)[]): FileText {
  return { path: "objects.yaml", text: objects.map((object) => dump(object)).join("---\n") };
}

export function policyOf(name: string, ...rules: Json[]): JsonObject {
  return { apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name }, spec: { rules } };
}

/** A ConfigMap for each Namespace with a team. */
export function infoRule(changes: JsonObject = {}, generate: JsonObject = {}): JsonObject {
  return {
    name: "info",
    match: { any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { team: "?*" } } } }] },
    ...changes,
    generate: {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "info",
      namespace: "{{ request.object.metadata.name }}",
      data: { data: { team: "{{ request.object.metadata.labels.team }}" } },
      ...generate,
    },
  };
}

/** A label for each Namespace with a team. */
export function labelRule(labels: JsonObject, changes: JsonObject = {}): JsonObject {
  return {
    name: "label",
    match: { any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { team: "?*" } } } }] },
    mutate: { patchStrategicMerge: { metadata: { labels } } },
    ...changes,
  };
}

export function namespaceOf(name: string, labels: { [key: string]: string } = { team: "checkout" }): KubernetesObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

export function objectOf(apiVersion: string, kind: string, name: string, fields: JsonObject = {}): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace: "shop" }, ...fields };
}
