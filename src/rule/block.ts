/** One block of generate, or of an entry of its foreach: which object should exist. */

import type { Template } from "../expression/index.ts";
import {
  groupOf,
  isJsonObject,
  type Json,
  type JsonObject,
  keyOf,
  type ObjectRef,
  printJson,
  type Resource,
} from "../object/index.ts";
import type { Generate, Issue } from "../policy/index.ts";
import type { BlockScope, CompiledBlock } from "./block-scope.ts";
import type { Build } from "./build.ts";
import { cloneIssues, copySource, type SourceNames, sourceRef } from "./clone.ts";
import { compileCloneList } from "./clone-list.ts";
import { clusterScopedTarget } from "./confinement.ts";
import { failed } from "./failed.ts";
import { objectOf } from "./object-of.ts";
import { readOf } from "./place.ts";
import { needToReadOne } from "./read-needs.ts";
import type { Desired } from "./rule.ts";
import type { Scope } from "./scope.ts";
import { needsToWrite, needsToWriteUnknown } from "./write-needs.ts";

export type Block = Pick<Generate, "apiVersion" | "kind" | "name" | "namespace" | "data" | "clone" | "cloneList">;

/** Undefined when there are issues, which are noted. */
export function compileBlock(block: Block, { path, roots, build }: BlockScope): CompiledBlock | undefined {
  const { apiVersion = "", kind = "", clone, cloneList, namespace } = block;
  if (cloneList !== undefined) return compileCloneList({ namespace, cloneList }, { path, roots, build });
  const resource = build.resource(apiVersion, kind, path);
  const template = build.template(templateOf(block), path, roots);
  const issues = resource === undefined ? [] : scopeIssues(block, resource, { path, build });
  build.issues.push(...issues);
  if (resource !== undefined) build.targets.push(resource);
  if (resource !== undefined && clone !== undefined) build.reads.push(readOf(clone, resource, build.confinedTo));
  if (template === undefined || issues.length > 0) return undefined;
  noteNeeds(block, resource, { path, build });
  const place = { path, confinedTo: build.confinedTo };
  return {
    desired(scope) {
      if (resource !== undefined) return evaluate(template, resource, { place, scope });
      return failed("KindUnknown", `${path}: its kind is not served by the API server`);
    },
  };
}

function noteNeeds(
  { apiVersion = "", name, namespace, data, clone }: Block,
  resource: Resource | undefined,
  { path, build }: { path: string; build: Build },
): void {
  const { confinedTo, needs } = build;
  const content = clone === undefined ? ((data ?? {}) as JsonObject) : undefined; // free-form JSON by the schema
  const target = { path, name, namespace, confinedTo, data: content };
  if (resource === undefined) needs.push(...needsToWriteUnknown(groupOf(apiVersion), target));
  else needs.push(...needsToWrite(resource, target));
  const unknown = { group: groupOf(apiVersion), plural: "*" };
  if (clone !== undefined)
    needs.push(needToReadOne(resource ?? unknown, { ...clone, path: `${path}.clone`, confinedTo }));
}

/** All that may hold variables; its shape is that of `Evaluated`. */
function templateOf({ name, namespace, data, clone }: Block): JsonObject {
  const named = { name: name ?? null, namespace: namespace ?? null };
  if (clone === undefined) return { ...named, data: (data ?? {}) as Json }; // free-form JSON by the schema
  return { ...named, clone: { name: clone.name, namespace: clone.namespace ?? null } };
}

type Evaluated = { name: Json; namespace: Json; data?: Json; clone?: SourceNames };

/** What only discovery can tell: whether the kind lives in a namespace. */
function scopeIssues(block: Block, target: Resource, { path, build }: { path: string; build: Build }): Issue[] {
  if (!target.namespaced && build.confinedTo !== undefined) return [clusterScopedTarget(target, path)];
  const ofSource = block.clone === undefined ? [] : cloneIssues(block.clone, target, `${path}.clone`);
  return [...targetIssues(block, target, path), ...ofSource];
}

function targetIssues({ namespace, kind }: Block, target: Resource, path: string): Issue[] {
  const at = `${path}.namespace`;
  if (target.namespaced && namespace === undefined) {
    return [
      {
        code: "NamespaceRequired",
        path: at,
        message: `${kind} lives in a namespace: say which, for example "{{ request.object.metadata.name }}"`,
      },
    ];
  }
  if (!target.namespaced && namespace !== undefined) {
    return [
      {
        code: "NamespaceForbidden",
        path: at,
        value: namespace,
        message: `${kind} is cluster-scoped: remove the namespace`,
      },
    ];
  }
  return [];
}

type Place = { path: string; confinedTo: string | undefined };

function evaluate(template: Template, resource: Resource, { place, scope }: { place: Place; scope: Scope }): Desired {
  const { path, confinedTo } = place;
  const result = scope.evaluate(template);
  if (!result.ok) return result;
  const evaluated = result.value as Evaluated; // the shape that was compiled
  const wrong = whyNotAnObject(path, evaluated);
  if (wrong !== undefined) return failed("InvalidTarget", wrong);
  const { name, namespace, clone, data } = evaluated;
  const ref = { group: resource.group, kind: resource.kind, namespace: String(namespace ?? ""), name: String(name) };
  if (confinedTo !== undefined && ref.namespace !== confinedTo) {
    const message = `${path}.namespace is ${ref.namespace || "empty"}: a Policy writes only in its own namespace, ${confinedTo}`;
    return failed("OutsideNamespace", message);
  }
  if (clone !== undefined) return desiredCopy(ref, resource, clone, { place, scope });
  const object = objectOf(ref, resource, data as JsonObject); // checked to be an object above
  return { ok: true, targets: [{ resource, ref, object }], unmet: [] };
}

function desiredCopy(
  ref: ObjectRef,
  resource: Resource,
  names: SourceNames,
  { place, scope }: { place: Place; scope: Scope },
): Desired {
  const path = `${place.path}.clone`;
  const found = sourceRef(names, resource, { path, confinedTo: place.confinedTo });
  if (!found.ok) return found;
  const { source } = found;
  const copied = copySource({ source, target: ref }, resource, { path, snapshot: scope.snapshot });
  if (keyOf(source) === keyOf(ref)) return { ok: true, targets: [], unmet: [] }; // where it is already, nothing is copied
  if ("unmet" in copied) return { ok: true, targets: [], unmet: [copied.unmet] };
  return { ok: true, targets: [{ resource, ref, object: objectOf(ref, resource, copied.content), source }], unmet: [] };
}

function whyNotAnObject(path: string, { name, namespace, data }: Evaluated): string | undefined {
  if (typeof name !== "string" || name === "") return `${path}.name must give a name, not ${printJson(name)}`;
  if (namespace !== null && (typeof namespace !== "string" || namespace === "")) {
    return `${path}.namespace must give the name of a namespace, not ${printJson(namespace)}`;
  }
  if (data !== undefined && !isJsonObject(data)) return `${path}.data must give an object, not ${printJson(data)}`;
  return undefined;
}
