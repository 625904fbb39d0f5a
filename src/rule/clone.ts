/** clone: the target is a copy of a source of the same kind. */

import { isWatchable, type Json, type ObjectRef, printJson, printRef, type Resource } from "../object/index.ts";
import type { Generate, Issue } from "../policy/index.ts";
import { copyOf, whyNotCopied } from "./copy.ts";
import type { Snapshot, Unmet } from "./rule.ts";

/** Name and namespace of the source, evaluated. */
export type SourceNames = { name: Json; namespace: Json };

export type CloneScope = {
  /** The path of the clone block, such as `spec.rules[0].generate.clone`. */
  path: string;
  confinedTo: string | undefined;
};

type Clone = NonNullable<Generate["clone"]>;

/** What only discovery can tell: whether the kind lives in a namespace, and whether it can be watched. */
export function cloneIssues({ namespace }: Clone, resource: Resource, path: string): Issue[] {
  const { kind, namespaced } = resource;
  if (!isWatchable(resource)) {
    const message = `objects of kind ${kind} are not stored, so there is none to copy: write the content out under data`;
    return [{ code: "InvalidKind", path, value: kind, message }];
  }
  if (namespaced && namespace === undefined) {
    const message = `${kind} lives in a namespace: say in which one the source is`;
    return [{ code: "NamespaceRequired", path: `${path}.namespace`, message }];
  }
  if (!namespaced && namespace !== undefined) {
    const message = `${kind} is cluster-scoped: remove the namespace of the source`;
    return [{ code: "NamespaceForbidden", path: `${path}.namespace`, value: namespace, message }];
  }
  return [];
}

/** The source that the names mean, or why they mean none. */
export type SourceFound = { ok: true; source: ObjectRef } | Failed;
type Failed = { ok: false; reason: "InvalidTarget" | "OutsideNamespace"; message: string };

export function sourceRef(
  { name, namespace }: SourceNames,
  resource: Resource,
  { path, confinedTo }: CloneScope,
): SourceFound {
  if (typeof name !== "string" || name === "") return invalid(`${path}.name must give a name, not ${printJson(name)}`);
  if (resource.namespaced && (typeof namespace !== "string" || namespace === ""))
    return invalid(`${path}.namespace must give the name of a namespace, not ${printJson(namespace)}`);
  const place = typeof namespace === "string" ? namespace : "";
  if (confinedTo !== undefined && place !== confinedTo) {
    const message = `${path}.namespace is ${place || "empty"}: a Policy copies only from its own namespace, ${confinedTo}`;
    return { ok: false, reason: "OutsideNamespace", message };
  }
  return { ok: true, source: { group: resource.group, kind: resource.kind, namespace: place, name } };
}

function invalid(message: string): Failed {
  return { ok: false, reason: "InvalidTarget", message };
}

/** The content to generate, in the form of data; or why there is none, although everything is known. */
export type Copied = { content: ReturnType<typeof copyOf> } | { unmet: Unmet };

export function copySource(
  { source, target }: { source: ObjectRef; target: ObjectRef },
  resource: Resource,
  { path, snapshot }: { path: string; snapshot: Snapshot },
): Copied {
  const object = snapshot.read(resource, source);
  if (object === undefined) {
    const message = `${path}: ${printRef(source)} does not exist; create it, or correct its name and namespace`;
    return { unmet: { reason: "SourceMissing", message, target } };
  }
  const refused = whyNotCopied(object);
  if (refused === undefined) return { content: copyOf(object) };
  return { unmet: { reason: "SourceRefused", message: `${path}: ${printRef(source)} ${refused}`, target } };
}
