/** One entry of `targets`: which existing objects it means, and what becomes of one of them. */

import { compileWildcard, hasWildcard, type Template } from "../expression/index.ts";
import { asJson, groupOf, isJsonObject, type KubernetesObject, printJson, type Resource } from "../object/index.ts";
import type { Rule } from "../policy/index.ts";
import type { BlockScope } from "./block-scope.ts";
import { clusterScopedTarget } from "./confinement.ts";
import { compileContext } from "./context.ts";
import { type Failed, failed } from "./failed.ts";
import { compileLabelSelector, type Labels } from "./label-selector.ts";
import { type Patches, patchObject } from "./mutate.ts";
import { readOf } from "./place.ts";
import { type CompiledPreconditions, compilePreconditions } from "./preconditions.ts";
import type { Mutated, MutationPlace, Read } from "./rule.ts";
import type { CompiledContext, Scope } from "./scope.ts";
import { compileTargetPart, type TargetPart } from "./target-part.ts";
import { needsToWrite, needsToWritePart, needsToWriteUnknown, PATCH } from "./write-needs.ts";

type WrittenTarget = NonNullable<NonNullable<Rule["mutate"]>["targets"]>[number];

export type ExistingTarget = {
  path: string;
  resource: Resource;
  part: TargetPart | undefined;
  read: Read;
  /** Of name and namespace. */
  template: Template;
  whyNotSelected: ((labels: Labels) => string | undefined) | undefined;
  confinedTo: string | undefined;
  context: CompiledContext;
  preconditions: CompiledPreconditions | undefined;
};

export type TargetMeaning = Pick<Patches, "patches" | "served"> & { target: ExistingTarget };

/** Undefined when there are issues, which are noted, or when nobody serves the kind. */
export function compileExistingTarget(
  written: WrittenTarget,
  { path, roots, build }: BlockScope,
): ExistingTarget | undefined {
  const { apiVersion, name, namespace, selector } = written;
  const { confinedTo } = build;
  const [kind = "", subresource] = written.kind.split("/");
  const resource = build.resource(apiVersion, kind, path);
  const template = build.template({ name: name ?? null, namespace: namespace ?? null }, path, roots);
  const targetRoots = new Set([...roots, "target"]);
  const context = compileContext(written.context, { path: `${path}.context`, roots: targetRoots, build });
  const inner = { roots: new Set([...targetRoots, ...context.names]), build };
  const preconditions = compilePreconditions(written.preconditions, `${path}.preconditions`, inner);
  const needed = { path, name: exact(name), namespace: exact(namespace), confinedTo, verbs: PATCH };
  const group = groupOf(apiVersion);
  if (resource === undefined) build.needs.push(...needsToWriteUnknown(group, needed));
  else
    build.needs.push(...(subresource === undefined ? needsToWrite : needsToWritePart(subresource))(resource, needed));
  if (resource === undefined || template === undefined) return undefined;
  noteScope({ namespace, kind }, resource, { path, roots, build });
  const part =
    subresource === undefined
      ? undefined
      : compileTargetPart(subresource, resource, { path, kind: written.kind, build });
  const place = { namespace: exact(namespace ?? confinedTo), name: exact(name) };
  return {
    path,
    resource,
    part,
    read: readOf(place, resource, confinedTo),
    template,
    whyNotSelected: selector === undefined ? undefined : compileLabelSelector(selector),
    confinedTo,
    context,
    preconditions,
  };
}

/** What only discovery can tell: whether the kind lives in a namespace. */
function noteScope(
  { namespace, kind }: Pick<WrittenTarget, "namespace" | "kind">,
  resource: Resource,
  { path, build }: BlockScope,
): void {
  if (resource.namespaced) return;
  if (build.confinedTo !== undefined) build.issues.push(clusterScopedTarget(resource, path));
  else if (namespace !== undefined)
    build.issues.push({
      code: "NamespaceForbidden",
      path: `${path}.namespace`,
      value: namespace,
      message: `${kind} is cluster-scoped: remove the namespace`,
    });
}

function exact(text: string | undefined): string | undefined {
  return text === undefined || hasWildcard(text) ? undefined : text;
}

type Opened = { ok: true; place: MutationPlace } | Failed;

/** For one trigger, whose scope it is. */
export function openTarget(meaning: TargetMeaning, scope: Scope): Opened {
  const { target } = meaning;
  const { path, resource, part, confinedTo, whyNotSelected } = target;
  const found = scope.evaluate(target.template);
  if (!found.ok) return found;
  const { name = null, namespace = null } = isJsonObject(found.value) ? found.value : {};
  for (const [field, value] of Object.entries({ name, namespace })) {
    if (value === null || (typeof value === "string" && value !== "")) continue;
    return failed("InvalidTarget", `${path}.${field} must give a name or a pattern, not ${printJson(value)}`);
  }
  const where = namespace === null ? (confinedTo ?? "*") : String(namespace);
  if (confinedTo !== undefined && where !== confinedTo) {
    const message = `${path}.namespace is ${where}: a Policy changes only objects of its own namespace, ${confinedTo}`;
    return failed("OutsideNamespace", message);
  }
  const who = name === null ? "*" : String(name);
  const isNamed = compileWildcard(who);
  const liesIn = resource.namespaced ? compileWildcard(where) : () => true;
  return {
    ok: true,
    place: {
      resource,
      ...(resource.namespaced && !hasWildcard(where) ? { namespace: where } : {}),
      ...(hasWildcard(who) ? {} : { name: who }),
      ...(part === undefined ? {} : { part }),
      whyNot: ({ metadata }) => {
        if (!isNamed(metadata.name)) return `its name is not ${who}`;
        if (!liesIn(metadata.namespace ?? "")) return `its namespace is not ${where}`;
        return whyNotSelected?.(metadata.labels ?? {});
      },
      mutate: (object) => mutateTarget(meaning, object, scope),
    },
  };
}

/** Each object has a budget of its own: how many there are is no fault of the rule. */
function mutateTarget({ target, patches, served }: TargetMeaning, object: KubernetesObject, outer: Scope): Mutated {
  const { part, context, preconditions } = target;
  const view = part?.viewOf(object) ?? object;
  const bindings = (current: KubernetesObject) => ({ target: asJson(current) });
  const scope = outer.inner(bindings(view), context, outer.environment.withNewBudget());
  const reason = preconditions?.whyNot(scope);
  if (reason !== undefined) return typeof reason === "string" ? { ok: true, idle: reason } : reason;
  const patched = patchObject(view, { patches, served, bindings }, scope);
  return part !== undefined && patched.ok && "object" in patched ? part.put(object, patched.object) : patched;
}
