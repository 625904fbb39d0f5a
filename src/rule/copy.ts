/**
 * What a copy takes over from its source: all content but status and what the API server gave to that one object, with
 * the labels and annotations that do not say whose the source is (docs/reference/clone.md has the closed lists).
 */

import {
  contentOf,
  groupOf,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  MANAGED_BY,
  ownValue,
} from "../object/index.ts";
import { holdsInstallationKey } from "./installation-key.ts";

/** The keys that the planner takes for the marks of other managers, and their like: a copy with them would be pruned. */
export const MARKS_OF_MANAGERS: readonly string[] = [
  MANAGED_BY,
  "app.kubernetes.io/instance",
  "argocd.argoproj.io/instance",
  "argocd.argoproj.io/tracking-id",
  "kustomize.toolkit.fluxcd.io/name",
  "kustomize.toolkit.fluxcd.io/namespace",
  "helm.toolkit.fluxcd.io/name",
  "helm.toolkit.fluxcd.io/namespace",
  "meta.helm.sh/release-name",
  "meta.helm.sh/release-namespace",
  "hnc.x-k8s.io/inherited-from",
  "olm.owner",
  "olm.owner.kind",
  "olm.owner.namespace",
];

/** Bookkeeping: of kubectl, of Perennial, of Kyverno, and of controllers about that one object. */
export const BOOKKEEPING: readonly string[] = [
  "kubectl.kubernetes.io/",
  "perennial.dev/",
  "generate.kyverno.io/",
  "deployment.kubernetes.io/",
  "pv.kubernetes.io/",
];

type Path = readonly string[];

/** They tell the Pods of one Job. */
const JOB_LABELS = ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];

/** By kind, what was given to that one object; `*` is every element of a list. */
export const BOUND: { readonly [kind: string]: readonly Path[] } = {
  "/Service": [
    ["spec", "clusterIP"],
    ["spec", "clusterIPs"],
    ["spec", "healthCheckNodePort"],
    ["spec", "ports", "*", "nodePort"],
  ],
  "/ServiceAccount": [["secrets"]],
  "/PersistentVolumeClaim": [["spec", "volumeName"]],
  "/PersistentVolume": [["spec", "claimRef"]],
  "/Pod": [["spec", "nodeName"]],
  "/Namespace": [["spec", "finalizers"]],
  "batch/Job": [["spec", "selector"], ...JOB_LABELS.map((label) => ["spec", "template", "metadata", "labels", label])],
  "rbac.authorization.k8s.io/ClusterRole": [["rules"]],
};

/** Where the source's author wrote such a place himself, it is copied like all else. */
const WRITTEN: { readonly [kind: string]: (source: KubernetesObject, place: Path) => boolean } = {
  // a headless Service says so in the place where others have an address
  "/Service": ({ spec }, [, field]) => field?.startsWith("clusterIP") === true && valueIn(spec, "clusterIP") === "None",
  "batch/Job": ({ spec }) => valueIn(spec, "manualSelector") === true,
  // without one the rules are its own; with one a controller sums them up
  "rbac.authorization.k8s.io/ClusterRole": ({ aggregationRule }) => !isJsonObject(aggregationRule),
};

/** Labels and annotations by kind that the API server or a controller sets on that one object. */
export const BOUND_METADATA: { readonly [kind: string]: readonly string[] } = {
  "/Namespace": ["kubernetes.io/metadata.name"],
  "/PersistentVolumeClaim": [
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
  ],
  "batch/Job": JOB_LABELS,
  "apps/DaemonSet": ["deprecated.daemonset.template.generation"],
};

/** Content, labels and annotations in the form of a rule's data. The source is not changed. */
export function copyOf(source: KubernetesObject): JsonObject {
  const kind = kindOf(source);
  const { labels = {}, annotations = {} } = source.metadata;
  const kept = (values: { [key: string]: string }): JsonObject =>
    Object.fromEntries(Object.entries(values).filter(([key]) => isCopied(key, kind)));
  return { ...copyContent(source, kind), metadata: { labels: kept(labels), annotations: kept(annotations) } };
}

/** Why objects like this one are not copied; undefined when they are. */
export function whyNotCopied(source: KubernetesObject): string | undefined {
  if (kindOf(source) !== "/Secret") return undefined;
  if (source.type === "kubernetes.io/service-account-token")
    return "is the token of a ServiceAccount, which stands for that account alone; let the copy's namespace have its own";
  if (holdsInstallationKey(source))
    return "holds the installation key of Perennial, which nobody else may know; name another Secret";
  return undefined;
}

function kindOf({ apiVersion, kind }: KubernetesObject): string {
  return `${groupOf(apiVersion)}/${kind}`;
}

function isCopied(key: string, kind: string): boolean {
  if (MARKS_OF_MANAGERS.includes(key) || BOUND_METADATA[kind]?.includes(key)) return false;
  return !BOOKKEEPING.some((prefix) => key.startsWith(prefix));
}

function copyContent(source: KubernetesObject, kind: string): JsonObject {
  const bound = (BOUND[kind] ?? []).filter((place) => WRITTEN[kind]?.(source, place) !== true);
  return bound.reduce(
    (copied, place) => without(copied, place) as JsonObject, // an object stays one
    contentOf(source),
  );
}

function valueIn(value: unknown, field: string): Json | undefined {
  return isJsonObject(value) ? ownValue(value, field) : undefined;
}

/** The same value without what a path leads to; what the path does not touch is shared. */
function without(value: Json, [step = "", ...rest]: Path): Json {
  if (step === "*") return Array.isArray(value) ? value.map((item) => without(item, rest)) : value;
  if (!isJsonObject(value) || !Object.hasOwn(value, step)) return value;
  if (rest.length > 0) return { ...value, [step]: without(value[step] ?? null, rest) };
  const { [step]: _dropped, ...left } = value;
  return left;
}
