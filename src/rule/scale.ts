/** The Scale of an object, as its own API server would answer for it: how many of what it makes there should be, and are. */

import {
  asJson,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type Path,
  type Resource,
  type ScalePaths,
  valueAt,
} from "../object/index.ts";

/** `byDefault`: how many there should be where the object does not say. */
export type Scaled = ScalePaths & { byDefault: number };

const BUILT_IN: ReadonlySet<string> = new Set([
  "/ReplicationController",
  "apps/Deployment",
  "apps/ReplicaSet",
  "apps/StatefulSet",
]);

/** Undefined where nobody says what of its objects is scaled. */
export function scaledOf({ group, kind, subresources = [] }: Resource): Scaled | undefined {
  if (BUILT_IN.has(`${group}/${kind}`))
    return { replicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], byDefault: 1 };
  const paths = subresources.find(({ name }) => name === "scale")?.scale;
  return paths === undefined ? undefined : { ...paths, byDefault: 0 };
}

export function scaleOf(object: KubernetesObject, scaled: Scaled): KubernetesObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const at = (path: Path): Json | undefined => valueAt(asJson(object), path);
  const selector = scaled.selector === undefined ? selectorText(at(["spec", "selector"])) : at(scaled.selector);
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: at(scaled.replicas) ?? scaled.byDefault },
    status: { replicas: at(scaled.statusReplicas) ?? 0, ...(selector === undefined ? {} : { selector }) },
  };
}

/** A label selector, or a map of labels as older kinds have it, in the words of a query. */
function selectorText(selector: Json | undefined): string | undefined {
  if (selector === undefined || !isJsonObject(selector)) return undefined;
  const { matchLabels, matchExpressions } = selector;
  const isOld = matchLabels === undefined && matchExpressions === undefined;
  const labels = isOld ? selector : isJsonObject(matchLabels) ? matchLabels : {};
  const expressions = Array.isArray(matchExpressions) ? matchExpressions.filter(isJsonObject) : [];
  const parts = [
    ...Object.entries(labels).map(([key, value]) => ({ key, text: `${key}=${String(value)}` })),
    ...expressions.map((expression) => ({ key: String(expression.key), text: expressionText(expression) })),
  ];
  return parts
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ text }) => text)
    .join(",");
}

function expressionText({ key, operator, values }: JsonObject): string {
  if (operator === "Exists") return String(key);
  if (operator === "DoesNotExist") return `!${String(key)}`;
  const among = (Array.isArray(values) ? values.map(String) : []).sort().join(",");
  return `${String(key)} ${operator === "In" ? "in" : "notin"} (${among})`;
}
