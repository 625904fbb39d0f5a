/**
 * Which kinds the API server serves: what discovery said, corrected by the CustomResourceDefinitions as they are watched,
 * so that a kind installed, changed or removed later is known at once.
 */

import {
  apiVersionOf,
  definitionSchema,
  type GroupKind,
  type GroupKindKey,
  groupKindKey,
  isBeingDeleted,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  type MergeSchema,
  type Resource,
  type ScalePaths,
} from "../object/index.ts";
import type { ServedKinds } from "../rule/index.ts";

export interface Catalogue extends ServedKinds {
  /** The kind in its preferred version. */
  findKind(kind: GroupKind): Resource | undefined;
  /** The uid of the definition behind a custom resource that can be trusted to be there; undefined for built-in kinds. */
  definitionOf(kind: GroupKind): Definition | undefined;
  /** True when there can be no object of the kind: no definition defines it, and nobody who does not answer may serve it. */
  isGone(kind: GroupKind): boolean;
}

/**
 * `createdAt`: milliseconds since 1970, by the clock of the API server. `unavailable`: being deleted, or not yet established;
 * its objects may be there.
 */
export type Definition = { uid: string; createdAt: number; state: "established" | "unavailable" | "removed" };

export interface CatalogueWriter extends Catalogue {
  /** `stale`: groups of which it is not known what they serve. */
  replaceDiscovered(resources: readonly Resource[], stale?: ReadonlySet<string>): void;
  setDefinition(definition: KubernetesObject): void;
  removeDefinition(definition: KubernetesObject): void;
}

export function createCatalogue(): CatalogueWriter {
  return new WatchedCatalogue();
}

/** `schemas`: how patches merge its objects, by version. */
type Defined = Definition & { resources: readonly Resource[]; schemas: ReadonlyMap<string, MergeSchema> };

const NO_SCHEMAS: Defined["schemas"] = new Map();

class WatchedCatalogue implements CatalogueWriter {
  #discovered = new Map<GroupKindKey, Resource[]>();
  #stale: ReadonlySet<string> = new Set();
  /** A kind that was defined once stays here, so that what discovery said of it earlier is not believed. */
  readonly #defined = new Map<GroupKindKey, Defined>();

  replaceDiscovered(resources: readonly Resource[], stale: ReadonlySet<string> = new Set()): void {
    this.#discovered = Map.groupBy(resources, groupKindKey);
    this.#stale = stale;
  }

  setDefinition(definition: KubernetesObject): void {
    const defined = readDefinition(definition);
    this.#defined.set(groupKindKey(defined.kind), defined);
  }

  removeDefinition(definition: KubernetesObject): void {
    const { kind, uid, createdAt } = readDefinition(definition);
    this.#defined.set(groupKindKey(kind), { uid, createdAt, state: "removed", resources: [], schemas: NO_SCHEMAS });
  }

  find(apiVersion: string, kind: string): Resource | undefined {
    const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
    return this.#versions({ group, kind }).find((resource) => apiVersionOf(group, resource.version) === apiVersion);
  }

  findKind(kind: GroupKind): Resource | undefined {
    return this.#versions(kind)[0];
  }

  definitionOf(kind: GroupKind): Definition | undefined {
    return this.#defined.get(groupKindKey(kind));
  }

  mergeSchemaOf({ version, ...kind }: GroupKind & { version: string }): MergeSchema | undefined {
    return this.#defined.get(groupKindKey(kind))?.schemas.get(version);
  }

  isGone(kind: GroupKind): boolean {
    if (this.findKind(kind) !== undefined || this.#stale.has(kind.group)) return false;
    const definition = this.definitionOf(kind);
    return definition === undefined || definition.state === "removed";
  }

  *all(): Iterable<Resource> {
    for (const key of new Set([...this.#discovered.keys(), ...this.#defined.keys()])) yield* this.#versionsOf(key);
  }

  #versions(kind: GroupKind): readonly Resource[] {
    return this.#versionsOf(groupKindKey(kind));
  }

  #versionsOf(key: GroupKindKey): readonly Resource[] {
    return this.#defined.get(key)?.resources ?? this.#discovered.get(key) ?? [];
  }
}

const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

function readDefinition(definition: KubernetesObject): Defined & { kind: GroupKind } {
  const spec = objectAt(definition.spec);
  const names = objectAt(spec.names);
  const kind = { group: String(spec.group ?? ""), kind: String(names.kind ?? "") };
  const established = hasCondition(definition, "Established") && !isBeingDeleted(definition);
  const shared = { ...kind, plural: String(names.plural ?? ""), namespaced: spec.scope === "Namespaced", verbs: VERBS };
  const versions = established ? objectsAt(spec.versions).filter((version) => version.served === true) : [];
  return {
    kind,
    uid: definition.metadata.uid ?? "",
    createdAt: Date.parse(definition.metadata.creationTimestamp ?? ""),
    state: established ? "established" : "unavailable",
    resources: versions
      .map((version) => withSubresources({ ...shared, version: String(version.name) }, version))
      .sort(byPriority),
    schemas: new Map(versions.map(({ name }) => [String(name), definitionSchema(spec, String(name))])),
  };
}

/** Those that this version of the definition turns on. */
function withSubresources(resource: Resource, version: JsonObject): Resource {
  const { status, scale } = objectAt(version.subresources);
  const { group, kind } = resource;
  return {
    ...resource,
    subresources: [
      ...(isJsonObject(status) ? [{ group, version: resource.version, kind, name: "status", verbs: PART_VERBS }] : []),
      ...(isJsonObject(scale) ? [{ ...SCALE, scale: scalePathsOf(scale) }] : []),
    ],
  };
}

const PART_VERBS = ["get", "patch", "update"];
const SCALE = { group: "autoscaling", version: "v1", kind: "Scale", name: "scale", verbs: PART_VERBS };

function scalePathsOf({ specReplicasPath, statusReplicasPath, labelSelectorPath }: JsonObject): ScalePaths {
  const selector = labelSelectorPath === undefined ? {} : { selector: pathOf(labelSelectorPath) };
  return { replicas: pathOf(specReplicasPath), statusReplicas: pathOf(statusReplicasPath), ...selector };
}

/** Simple JSON paths without lists, such as `.spec.replicas`: the API server takes no other. */
function pathOf(path: unknown): string[] {
  return String(path ?? "")
    .split(".")
    .slice(1);
}

function hasCondition(definition: KubernetesObject, type: string): boolean {
  const conditions = objectsAt(objectAt(definition.status).conditions);
  return conditions.some((condition) => condition.type === type && condition.status === "True");
}

/** Kubernetes prefers v2 to v1 to v1beta2 to v1alpha1, and names that are no such version last. */
function byPriority(a: Resource, b: Resource): number {
  const [left, right] = [priorityOf(a.version), priorityOf(b.version)];
  for (let i = 0; i < left.length; i++) {
    const difference = (right[i] ?? 0) - (left[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.version < b.version ? -1 : 1;
}

function priorityOf(version: string): number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const stability = match[2] === undefined ? 3 : match[2] === "beta" ? 2 : 1;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

function objectAt(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function objectsAt(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
