/** The generate block: which object should exist for a trigger. */

import {
  type Bindings,
  compileTemplate,
  type Environment,
  type ExpressionIssue,
  type Template,
} from "../expression/index.ts";
import {
  canonicalObject,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type ObjectRef,
  type Resource,
} from "../object/index.ts";
import type { Generate, Issue } from "../policy/index.ts";
import { clusterScopedTarget } from "./confinement.ts";
import type { Desired } from "./rule.ts";
import { TRIGGER_ROOTS } from "./trigger-bindings.ts";

export type CompiledGenerate = {
  target: Resource | undefined;
  desired(bindings: Bindings, environment: Environment): Desired;
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
  const { name, namespace, data } = generate;
  const compiled = compileTemplate(
    { name: name ?? null, namespace: namespace ?? null, data: (data ?? {}) as Json }, // free-form JSON by the schema
    scope.path,
    { roots: new Set(TRIGGER_ROOTS) },
  );
  const scoped = scopeIssues(generate, scope);
  if ("issues" in compiled) return { ok: false, issues: [...compiled.issues.map(expressionIssue), ...scoped] };
  if (scoped.length > 0) return { ok: false, issues: scoped };
  const { template } = compiled;
  return {
    ok: true,
    generate: {
      target: scope.target,
      desired: (bindings, environment) => evaluate(template, scope, bindings, environment),
    },
  };
}

function expressionIssue({ path, value, message, unknownRoot }: ExpressionIssue): Issue {
  return { code: unknownRoot ? "UnknownVariable" : "InvalidExpression", path, value, message };
}

/** What only discovery can tell: whether the kind lives in a namespace. */
function scopeIssues({ namespace, kind }: Generate, { target, path, confinedTo }: GenerateScope): Issue[] {
  if (target === undefined) return [];
  if (!target.namespaced && confinedTo !== undefined) return [clusterScopedTarget(target, path)];
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

function evaluate(template: Template, scope: GenerateScope, bindings: Bindings, environment: Environment): Desired {
  const { target: resource, path } = scope;
  if (resource === undefined)
    return { ok: false, reason: "KindUnknown", message: `${path}: its kind is not served by the API server` };
  const result = template.evaluate(bindings, environment);
  if (!result.ok)
    return { ok: false, reason: "ExpressionFailed", message: `${result.error.path}: ${result.error.message}` };
  const { name, namespace, data } = result.value as { name: Json; namespace: Json; data: Json }; // the shape that was compiled
  const wrong = whyNotAnObject(path, { name, namespace, data });
  if (wrong !== undefined) return { ok: false, reason: "InvalidTarget", message: wrong };
  const ref = { group: resource.group, kind: resource.kind, namespace: String(namespace ?? ""), name: String(name) };
  if (scope.confinedTo !== undefined && ref.namespace !== scope.confinedTo) {
    return {
      ok: false,
      reason: "OutsideNamespace",
      message: `${path}.namespace is ${ref.namespace || "empty"}: a Policy writes only in its own namespace, ${scope.confinedTo}`,
    };
  }
  const object = objectOf(ref, resource, data as JsonObject); // checked to be an object above
  return { ok: true, targets: [{ resource, ref, object: canonicalObject(object) }] };
}

function whyNotAnObject(
  path: string,
  { name, namespace, data }: { name: Json; namespace: Json; data: Json },
): string | undefined {
  if (typeof name !== "string" || name === "") return `${path}.name must give a name, not ${JSON.stringify(name)}`;
  if (namespace !== null && (typeof namespace !== "string" || namespace === "")) {
    return `${path}.namespace must give the name of a namespace, not ${JSON.stringify(namespace)}`;
  }
  if (!isJsonObject(data)) return `${path}.data must give an object, not ${JSON.stringify(data)}`;
  return undefined;
}

/** Type, name and namespace come from the rule, whatever data says; labels and annotations come from data. */
function objectOf(ref: ObjectRef, resource: Resource, data: JsonObject): KubernetesObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...content } = data;
  const { labels, annotations } = isJsonObject(metadata) ? metadata : {};
  return {
    ...content,
    apiVersion: resource.group === "" ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: {
      name: ref.name,
      ...(ref.namespace === "" ? {} : { namespace: ref.namespace }),
      ...(isJsonObject(labels) ? { labels: textValues(labels) } : {}),
      ...(isJsonObject(annotations) ? { annotations: textValues(annotations) } : {}),
    },
  };
}

/** A variable may give a number or null where the API server wants text. */
function textValues(values: JsonObject): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]])),
  );
}
