/** The closed list of places that the control plane itself writes: never drift (docs/reference/drift.md names them). */

import { type FieldPath, isJsonObject, type KubernetesObject } from "../object/index.ts";

type IgnoredPlace = {
  kind: string | "*";
  ignores(desired: KubernetesObject, path: FieldPath, subresource: string | undefined): boolean;
};

const RESTARTED_AT = "f:kubectl.kubernetes.io/restartedAt";

const IGNORED: readonly IgnoredPlace[] = [
  { kind: "ServiceAccount", ignores: (desired, path) => path[0] === "f:secrets" && desired.secrets === undefined },
  { kind: "ClusterRole", ignores: (desired, path) => path[0] === "f:rules" && desired.aggregationRule !== undefined },
  {
    kind: "PersistentVolumeClaim",
    ignores: (desired, path) => path[1] === "f:volumeName" && !hasField(desired.spec, "volumeName"),
  },
  { kind: "Namespace", ignores: (_desired, path) => path[1] === "f:finalizers" },
  {
    kind: "*",
    ignores: (desired, path, subresource) =>
      subresource === "scale" && path.join(".") === "f:spec.f:replicas" && !hasField(desired.spec, "replicas"),
  },
  { kind: "*", ignores: (_desired, path) => isRestartAnnotation(path) },
];

export function isIgnored(desired: KubernetesObject, path: FieldPath, subresource: string | undefined): boolean {
  return IGNORED.some(
    ({ kind, ignores }) => (kind === "*" || kind === desired.kind) && ignores(desired, path, subresource),
  );
}

/** The annotation, or the map that `kubectl rollout restart` made to hold it. */
function isRestartAnnotation(path: FieldPath): boolean {
  const [spec, template, metadata, annotations, annotation] = path;
  const inTemplate = spec === "f:spec" && template === "f:template" && metadata === "f:metadata";
  return inTemplate && annotations === "f:annotations" && (annotation === undefined || annotation === RESTARTED_AT);
}

function hasField(value: unknown, field: string): boolean {
  return isJsonObject(value) && Object.hasOwn(value, field);
}
