/** The generate block: which object should exist for a trigger. */

import { type Bindings, compileTemplate, type ExpressionIssue, type Template } from "../expression/index.ts";
import {
  canonicalObject,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  type ObjectRef,
  printJson,
  type Resource,
  resourceApiVersion,
} from "../object/index.ts";
import type { Generate, Issue } from "../policy/index.ts";
import { cloneIssues, copySource, readOf, type SourceNames, sourceRef } from "./clone.ts";
import { clusterScopedTarget } from "./confinement.ts";
import type { Desired, Read, Snapshot } from "./rule.ts";
import { TRIGGER_ROOTS } from "./trigger-bindings.ts";

export type CompiledGenerate = {
  target: Resource | undefined;
  reads: readonly Read[];
  desired(bindings: Bindings, snapshot: Snapshot): Desired;
};

export type GenerateScope = {
  /** The path of the generate block, such as `spec.rules[0].generate`. */
  path: string;
  /** The namespace of a Policy, outside of which it must not write; undefined for a ClusterPolicy. */
  confinedTo: string | undefined;
  /** The resource of its apiVersion and kind; undefined when it is not served. */
  target: Resource | undefined;
};

export type GenerateCompilation = { ok: true; generate: CompiledGenerate } | { ok: false; issues: readonly Issue[] };

export function compileGenerate(generate: Generate, scope: GenerateScope): GenerateCompilation {
  const compiled = compileTemplate(templateOf(generate), scope.path, { roots: new Set(TRIGGER_ROOTS) });
  const scoped = scopeIssues(generate, scope);
  if ("issues" in compiled) return { ok: false, issues: [...compiled.issues.map(expressionIssue), ...scoped] };
  if (scoped.length > 0) return { ok: false, issues: scoped };
  const { template } = compiled;
  const { target, confinedTo } = scope;
  const { clone } = generate;
  return {
    ok: true,
    generate: {
      target,
      reads: clone === undefined || target === undefined ? [] : [readOf(clone, target, confinedTo)],
      desired: (bindings, snapshot) => evaluate(template, scope, bindings, snapshot),
    },
  };
}

/** All that may hold variables; its shape is that of `Evaluated`. */
function templateOf({ name, namespace, data, clone }: Generate): JsonObject {
  const named = { name: name ?? null, namespace: namespace ?? null };
  if (clone === undefined) return { ...named, data: (data ?? {}) as Json }; // free-form JSON by the schema
  return { ...named, clone: { name: clone.name, namespace: clone.namespace ?? null } };
}

type Evaluated = { name: Json; namespace: Json; data?: Json; clone?: SourceNames };

function expressionIssue({ path, value, message, unknownRoot }: ExpressionIssue): Issue {
  return { code: unknownRoot ? "UnknownVariable" : "InvalidExpression", path, value, message };
}

/** What only discovery can tell: whether the kind lives in a namespace. */
function scopeIssues(generate: Generate, { target, path, confinedTo }: GenerateScope): Issue[] {
  if (target === undefined) return [];
  if (!target.namespaced && confinedTo !== undefined) return [clusterScopedTarget(target, path)];
  const ofSource = generate.clone === undefined ? [] : cloneIssues(generate.clone, target, `${path}.clone`);
  return [...targetIssues(generate, target, path), ...ofSource];
}

function targetIssues({ namespace, kind }: Generate, target: Resource, path: string): Issue[] {
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

function evaluate(template: Template, scope: GenerateScope, bindings: Bindings, snapshot: Snapshot): Desired {
  const { target: resource, path } = scope;
  if (resource === undefined)
    return { ok: false, reason: "KindUnknown", message: `${path}: its kind is not served by the API server` };
  const result = template.evaluate(bindings, snapshot.environment);
  if (!result.ok)
    return { ok: false, reason: "ExpressionFailed", message: `${result.error.path}: ${result.error.message}` };
  const evaluated = result.value as Evaluated; // the shape that was compiled
  const wrong = whyNotAnObject(path, evaluated);
  if (wrong !== undefined) return { ok: false, reason: "InvalidTarget", message: wrong };
  const { name, namespace } = evaluated;
  const ref = { group: resource.group, kind: resource.kind, namespace: String(namespace ?? ""), name: String(name) };
  if (scope.confinedTo !== undefined && ref.namespace !== scope.confinedTo) {
    return {
      ok: false,
      reason: "OutsideNamespace",
      message: `${path}.namespace is ${ref.namespace || "empty"}: a Policy writes only in its own namespace, ${scope.confinedTo}`,
    };
  }
  if (evaluated.clone !== undefined) return desiredCopy(ref, resource, evaluated.clone, { scope, snapshot });
  const object = objectOf(ref, resource, evaluated.data as JsonObject); // checked to be an object above
  return { ok: true, targets: [{ resource, ref, object }], unmet: [] };
}

type CopyScope = { scope: GenerateScope; snapshot: Snapshot };

function desiredCopy(ref: ObjectRef, resource: Resource, names: SourceNames, { scope, snapshot }: CopyScope): Desired {
  const path = `${scope.path}.clone`;
  const found = sourceRef(names, resource, { path, confinedTo: scope.confinedTo });
  if (!found.ok) return found;
  const { source } = found;
  const copied = copySource({ source, target: ref }, resource, { path, snapshot });
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

/** Type, name and namespace come from the rule, whatever data says; labels and annotations come from data. */
function objectOf(ref: ObjectRef, resource: Resource, data: JsonObject): KubernetesObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...content } = data;
  const { labels, annotations } = isJsonObject(metadata) ? metadata : {};
  return canonicalObject({
    ...content,
    apiVersion: resourceApiVersion(resource),
    kind: resource.kind,
    metadata: {
      name: ref.name,
      ...(ref.namespace === "" ? {} : { namespace: ref.namespace }),
      ...(isJsonObject(labels) ? { labels: textValues(labels) } : {}),
      ...(isJsonObject(annotations) ? { annotations: textValues(annotations) } : {}),
    },
  });
}

/** A variable may give a number or null where the API server wants text. */
function textValues(values: JsonObject): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]])),
  );
}
