/** The mutate block: what becomes of an object. */

import {
  asJson,
  builtInSchema,
  groupOf,
  isEqual,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type MergeSchema,
  type ObjectRef,
  printJson,
  printPointer,
  refOf,
  versionOf,
} from "../object/index.ts";
import type { Rule } from "../policy/index.ts";
import type { Change } from "./change.ts";
import { CLAIM_STEPS, ClaimEnvironment } from "./claim-environment.ts";
import { type Failed, failed } from "./failed.ts";
import { firstDifference } from "./first-difference.ts";
import { compileLoop, MOST_ELEMENTS, ONE_FORM, type WrittenLoop } from "./mutate-foreach.ts";
import { compilePatch } from "./mutate-patch.ts";
import type { Applied, CompiledPatch, MutateScope } from "./mutate-scope.ts";
import type { CompiledPreconditions } from "./preconditions.ts";
import type { Mutated, ServedKinds, Snapshot } from "./rule.ts";
import { type CompiledContext, NO_CONTEXT, Scope } from "./scope.ts";
import { type Admitted, admittedBindings, changeBindings, triggerBindings } from "./trigger-bindings.ts";

type Mutate = NonNullable<Rule["mutate"]>;

/** Its parts in order; several for foreach. Undefined when there are issues, which are noted. */
export function compileMutate(mutate: Mutate, scope: MutateScope): readonly CompiledPatch[] | undefined {
  const { build, path } = scope;
  const before = build.issues.length;
  const { patchStrategicMerge, patchesJson6902, foreach } = mutate;
  const forms = [patchStrategicMerge, patchesJson6902, foreach].filter((form) => form !== undefined);
  if (forms.length !== 1) build.issues.push({ code: "ExclusiveFields", path, message: ONE_FORM });
  // the schema knows nothing of what lies below the third list, and refuses it there
  const loops = foreach as readonly WrittenLoop[] | undefined;
  const patches =
    loops === undefined
      ? [compilePatch(mutate, scope)]
      : loops.map((entry, i) => compileLoop(entry, { ...scope, path: `${path}.foreach[${i}]` }));
  const compiled = patches.filter((patch) => patch !== undefined);
  return build.issues.length > before || compiled.length < patches.length ? undefined : compiled;
}

export type MutateMeaning = {
  policy: ObjectRef;
  rule: string;
  patches: readonly CompiledPatch[];
  preconditions: CompiledPreconditions | undefined;
  context: CompiledContext;
  served: ServedKinds;
};

/** Each part sees what those before it made of the object, and the context as it was before all of them. */
export function mutateObject(
  meaning: MutateMeaning,
  object: KubernetesObject,
  { snapshot, admitted }: { snapshot: Snapshot; admitted?: Admitted | undefined },
): Mutated {
  const { patches, preconditions, served } = meaning;
  const scope = mutateScope(meaning, object, { snapshot, admitted });
  const reason = preconditions?.whyNot(scope);
  if (reason !== undefined) return typeof reason === "string" ? { ok: true, idle: reason } : reason;
  return patchObject(object, { patches, served, bindings: (changed) => bindingsOf(changed, admitted) }, scope);
}

export type Patches = {
  patches: readonly CompiledPatch[];
  served: ServedKinds;
  /** What the parts after the first see of the object as it is by then. */
  bindings(object: KubernetesObject): { [root: string]: Json };
};

/** What becomes of an object for which all conditions hold. */
export function patchObject(object: KubernetesObject, { patches, served, bindings }: Patches, scope: Scope): Mutated {
  const patching = { schema: mergeSchemaOf(object, served), left: { elements: MOST_ELEMENTS } };
  let current = asJson(object);
  let idle = "it is already as the rule wants it";
  for (const [i, patch] of patches.entries()) {
    const changed = current as KubernetesObject; // patched, and still one
    const inner = i === 0 ? scope : scope.inner(bindings(changed), NO_CONTEXT, scope.environment);
    const result: Applied = patch.apply(current, inner, patching);
    if (!result.ok) return result;
    if ("object" in result) current = result.object;
    else idle = result.idle;
  }
  if (isEqual(current, asJson(object))) return { ok: true, idle };
  return whyNoObject(current, object) ?? { ok: true, object: current as KubernetesObject }; // checked
}

function bindingsOf(object: KubernetesObject, admitted: Admitted | undefined): { [root: string]: Json } {
  return admitted === undefined ? triggerBindings(object) : admittedBindings(object, admitted);
}

/** What the rule's expressions see of an object. The time is real: what is asked for is what a request would see. */
export function mutateScope(
  { policy, rule, context, usesClock = false }: ScopeMeaning,
  object: KubernetesObject,
  { snapshot, admitted, change }: Looked,
): Scope {
  const trigger = { ...refOf(object), name: object.metadata.name ?? "" }; // which the API server may still have to give
  const triggerUid = admitted === undefined ? (object.metadata.uid ?? "") : writtenAs(object, admitted);
  const claim = { policy, rule, trigger, triggerUid };
  const environment = new ClaimEnvironment({ snapshot, claim, usesClock, budget: { left: CLAIM_STEPS } });
  const bindings = change === undefined ? bindingsOf(object, admitted) : changeBindings(object, change);
  return new Scope(bindings, { snapshot, environment }, context);
}

/**
 * What chance goes by while an object is written. When it is created it has no uid yet: its name stands for it, so that it
 * gets the same at every write. What has no name yet is told apart by the request.
 */
function writtenAs({ apiVersion, kind, metadata }: KubernetesObject, { request }: Admitted): string {
  const { namespace = "", name = "" } = metadata;
  if (name === "") return typeof request.uid === "string" ? request.uid : "";
  return printJson([groupOf(apiVersion), kind, namespace, name]);
}

/** `admitted`: the request; `change`: what a rule about changes acts on. Neither: the object is stored. */
type Looked = { snapshot: Snapshot; admitted?: Admitted | undefined; change?: Change | undefined };

/** `usesClock`: the time is that of the claim, or of the change that it is about. */
type ScopeMeaning = Pick<MutateMeaning, "policy" | "rule" | "context"> & { usesClock?: boolean };

/** How patches merge the lists of the object. */
export function mergeSchemaOf(object: KubernetesObject, served: ServedKinds): MergeSchema {
  const kind = { group: groupOf(object.apiVersion), version: versionOf(object.apiVersion), kind: object.kind };
  return served.mergeSchemaOf?.(kind) ?? builtInSchema(kind);
}

/** A patch changes what an object holds, never which one it is. */
function whyNoObject(patched: JsonObject, object: KubernetesObject): Mutated | undefined {
  const { metadata } = patched;
  const before = object.metadata;
  const isSame =
    patched.apiVersion === object.apiVersion &&
    patched.kind === object.kind &&
    isJsonObject(metadata) &&
    metadata.name === before.name &&
    metadata.namespace === before.namespace;
  if (isSame) return undefined;
  const message =
    "the patch changes apiVersion, kind, name or namespace, which make the object what it is: leave them out";
  return { ok: false, reason: "InvalidTarget", message };
}

/** The patch applied to its own result must change nothing; else the path of what it changes. */
export function whyNotConvergent(
  meaning: MutateMeaning,
  result: KubernetesObject,
  snapshot: Snapshot,
): Failed | undefined {
  const again = mutateObject(meaning, result, { snapshot });
  if (!again.ok) return again;
  if ("idle" in again) return undefined;
  return failed(
    "NotConvergent",
    neverAtRest(printPointer(firstDifference(asJson(result), asJson(again.object)) ?? [])),
  );
}

export function neverAtRest(place: string): string {
  return `${place} changes each time the rule is applied to its own result: let the rule set what it wants to be there, not add to it`;
}
