/** foreach of mutate: patches for each element of a list, perhaps in lists within it. */

import type { Expression } from "../expression/index.ts";
import type { Json, JsonObject } from "../object/index.ts";
import type { ContextEntry, Preconditions } from "../policy/index.ts";
import { compileContext } from "./context.ts";
import { failed } from "./failed.ts";
import { compilePatch, type PatchForms } from "./mutate-patch.ts";
import type { Applied, CompiledPatch, MutateScope, Patching } from "./mutate-scope.ts";
import { type CompiledPreconditions, compilePreconditions } from "./preconditions.ts";
import type { CompiledContext, Scope } from "./scope.ts";

export type WrittenLoop = PatchForms & {
  list: string;
  order?: "Ascending" | "Descending" | undefined;
  context?: ContextEntry[] | undefined;
  preconditions?: Preconditions | undefined;
  foreach?: readonly WrittenLoop[] | undefined;
};

type Loop = {
  list: Expression;
  descending: boolean;
  context: CompiledContext;
  preconditions: CompiledPreconditions | undefined;
  /** What is done for each element: one patch, or the lists within it. */
  patches: readonly CompiledPatch[];
  depth: number;
};

/** An entry of foreach. Undefined when there are issues, which are noted. */
export function compileLoop(written: WrittenLoop, scope: MutateScope): CompiledPatch | undefined {
  const { path, roots, build, depth } = scope;
  const before = build.issues.length;
  noteForms(written, scope);
  const list = build.expression(written.list, `${path}.list`, { roots });
  const elementRoots = new Set([...roots, "element", "elementIndex", `element${depth}`, `elementIndex${depth}`]);
  const context = compileContext(written.context, { path: `${path}.context`, roots: elementRoots, build });
  const inner = { path, roots: new Set([...elementRoots, ...context.names]), build, depth: depth + 1 };
  const preconditions = compilePreconditions(written.preconditions, `${path}.preconditions`, inner);
  const patches = (written.foreach ?? [written]).map((part, i) =>
    written.foreach === undefined
      ? compilePatch(part, inner)
      : compileLoop(part, { ...inner, path: `${path}.foreach[${i}]` }),
  );
  if (list === undefined || build.issues.length > before) return undefined;
  const isStrategic = written.patchStrategicMerge !== undefined;
  const descending = (written.order ?? (isStrategic ? "Descending" : "Ascending")) === "Descending";
  const compiled = patches.filter((patch) => patch !== undefined);
  const loop = { list, descending, context, preconditions, patches: compiled, depth };
  return { apply: (object, outer, patching) => applyLoop({ ...loop, path }, object, { outer, patching }) };
}

type Around = { outer: Scope; patching: Patching };

/** The list is evaluated once, before the first element. Null elements are skipped; what is no list is one element. */
function applyLoop(
  { list, descending, path, ...loop }: Loop & { path: string },
  object: JsonObject,
  { outer, patching }: Around,
): Applied {
  const found = outer.evaluate(list);
  if (!found.ok) return found;
  const elements = Array.isArray(found.value) ? found.value : [found.value];
  const order = [...elements.keys()];
  let current = object;
  for (const index of descending ? order.reverse() : order) {
    if (elements[index] === null) continue;
    if (patching.left.elements-- <= 0) return failed("ExpressionFailed", `${path}: ${TOO_MANY}`);
    const result = applyElement(loop, current, { scope: elementScope(loop, { elements, index }, outer), patching });
    if (!result.ok) return { ...result, message: `element ${index}: ${result.message}` };
    if ("object" in result) current = result.object;
  }
  return { ok: true, object: current };
}

/** In all lists of a rule, for one object. */
export const MOST_ELEMENTS = 10_000;

const TOO_MANY = `the lists have more than ${MOST_ELEMENTS} elements in all`;

type At = { elements: readonly Json[]; index: number };

function elementScope(
  { context, depth }: Pick<Loop, "context" | "depth">,
  { elements, index }: At,
  outer: Scope,
): Scope {
  const element = elements[index] ?? null;
  const roots = { element, elementIndex: index, [`element${depth}`]: element, [`elementIndex${depth}`]: index };
  return outer.inner(roots, context, outer.environment.ofElement(elements, index));
}

/** An element whose preconditions do not hold, or for which a patch is not meant, is passed over. */
function applyElement(
  { preconditions, patches }: Pick<Loop, "preconditions" | "patches">,
  object: JsonObject,
  { scope, patching }: { scope: Scope; patching: Patching },
): Applied {
  const reason = preconditions?.whyNot(scope);
  if (typeof reason === "string") return { ok: true, idle: reason };
  if (reason !== undefined) return reason;
  let current = object;
  for (const patch of patches) {
    const result = patch.apply(current, scope, patching);
    if (!result.ok) return result;
    if ("object" in result) current = result.object;
  }
  return { ok: true, object: current };
}

/** Exactly one patch form, or only a nested foreach. */
function noteForms(written: WrittenLoop, { path, build }: MutateScope): void {
  const { patchStrategicMerge, patchesJson6902, foreach } = written;
  const forms = [patchStrategicMerge, patchesJson6902, foreach].filter((form) => form !== undefined);
  if (forms.length !== 1) build.issues.push({ code: "ExclusiveFields", path, message: ONE_FORM });
  if (foreach === undefined) return;
  for (const field of ["context", "preconditions"] as const)
    if (written[field] !== undefined)
      build.issues.push({
        code: "ExclusiveFields",
        path: `${path}.${field}`,
        message: `${field} beside a nested foreach would be of no use: move it into the entries of that foreach`,
      });
}

export const ONE_FORM = "give exactly one of patchStrategicMerge, patchesJson6902 and foreach";
