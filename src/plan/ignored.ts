/** The closed lists of places that are not the policy's: what the control plane writes, and what it allocates (docs/reference/drift.md). */

import {
  type FieldPath,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  valueAt,
} from "../object/index.ts";

type Place = {
  kind: string | "*";
  /** Fields from the root; "*" is each element of a list. */
  path: readonly string[];
  /** Another's only where it was written through this subresource. */
  subresource?: string;
  /** Only where desired has this field. */
  beside?: string;
};

const TEMPLATE_ANNOTATIONS = ["spec", "template", "metadata", "annotations"] as const;
const RESTARTED_AT = [...TEMPLATE_ANNOTATIONS, "kubectl.kubernetes.io/restartedAt"] as const;

/** Written by the control plane: never drift, unless the policy sets them itself. */
export const IGNORED: readonly Place[] = [
  { kind: "ServiceAccount", path: ["secrets"] },
  { kind: "ClusterRole", path: ["rules"], beside: "aggregationRule" },
  { kind: "PersistentVolumeClaim", path: ["spec", "volumeName"] },
  { kind: "Namespace", path: ["spec", "finalizers"] },
  { kind: "MutatingWebhookConfiguration", path: ["webhooks", "*", "clientConfig", "caBundle"] },
  { kind: "ValidatingWebhookConfiguration", path: ["webhooks", "*", "clientConfig", "caBundle"] },
  { kind: "CustomResourceDefinition", path: ["spec", "conversion", "webhook", "clientConfig", "caBundle"] },
  { kind: "APIService", path: ["spec", "caBundle"] },
  { kind: "*", path: ["spec", "replicas"], subresource: "scale" },
  { kind: "*", path: RESTARTED_AT },
];

/** Given anew to each object: another one's tell nothing, and are asked for by nobody else. */
export const ALLOCATED: readonly Place[] = [
  { kind: "Service", path: ["spec", "clusterIP"] },
  { kind: "Service", path: ["spec", "clusterIPs"] },
  { kind: "Service", path: ["spec", "healthCheckNodePort"] },
  { kind: "Service", path: ["spec", "ports", "*", "nodePort"] },
];

/** Whether a path that somebody else owns is such a place, or lies in one. */
export function isIgnored(desired: KubernetesObject, path: FieldPath, subresource: string | undefined): boolean {
  return IGNORED.some((place) => {
    if (!concerns(place, desired) || (place.subresource !== undefined && place.subresource !== subresource))
      return false;
    // `kubectl rollout restart` may have made the map that holds its annotation
    const fields = place.path === RESTARTED_AT && path.length === 4 ? TEMPLATE_ANNOTATIONS : place.path;
    return lies(path, fields) && !isDesired(desired, fields);
  });
}

/** The places of an object that are not compared with those of a fresh one. (Scaling may leave replicas to nobody.) */
export function placesLeftOut(desired: KubernetesObject): readonly Place[] {
  const ignored = IGNORED.filter((place) => concerns(place, desired) && !isDesired(desired, place.path));
  return [...ignored, ...ALLOCATED.filter((place) => concerns(place, desired))];
}

/** The value without those places, and without objects that became empty so; the value itself when it has none of them. */
export function leaveOut(content: JsonObject, places: readonly Pick<Place, "path">[]): JsonObject {
  return places.reduce<JsonObject>((left, { path }) => {
    const without = withoutPath(left, path);
    return isJsonObject(without) ? without : {};
  }, content);
}

function concerns({ kind, beside }: Place, desired: KubernetesObject): boolean {
  return (kind === "*" || kind === desired.kind) && (beside === undefined || desired[beside] !== undefined);
}

/** Elements of lists are told apart by what the policy wants of them, so there no element decides for all. */
function isDesired(desired: KubernetesObject, fields: readonly string[]): boolean {
  return !fields.includes("*") && valueAt(desired as JsonObject, fields) !== undefined; // metadata is JSON too
}

function lies(path: FieldPath, fields: readonly string[]): boolean {
  return fields.every((field, i) => (field === "*" ? path[i]?.startsWith("k:") : path[i] === `f:${field}`));
}

/** Undefined when nothing is left of it; the value itself when the path leads nowhere. */
function withoutPath(value: Json, [field, ...rest]: readonly string[]): Json | undefined {
  if (field === "*") return Array.isArray(value) ? withoutInEach(value, rest) : value;
  if (field === undefined || !isJsonObject(value) || !Object.hasOwn(value, field)) return value;
  const { [field]: child = null, ...others } = value;
  const left = rest.length === 0 ? undefined : withoutPath(child, rest);
  if (left === child) return value;
  if (left !== undefined) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === field ? left : v]));
  return Object.keys(others).length === 0 ? undefined : others;
}

function withoutInEach(list: Json[], rest: readonly string[]): Json[] {
  const left = list.map((item) => withoutPath(item, rest) ?? {});
  return left.every((item, i) => item === list[i]) ? list : left;
}
