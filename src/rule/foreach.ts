/** foreach of generate: what is made for each element of a list. */

import type { Expression } from "../expression/index.ts";
import { asJson, isEqual, type Json, keyOf, type ObjectKey, printRef } from "../object/index.ts";
import type { Generate } from "../policy/index.ts";
import { compileBlock } from "./block.ts";
import type { BlockScope, CompiledBlock } from "./block-scope.ts";
import { compileContext } from "./context.ts";
import { type Failed, failed } from "./failed.ts";
import { type CompiledPreconditions, compilePreconditions } from "./preconditions.ts";
import type { Desired, DesiredTarget, Unmet } from "./rule.ts";
import type { CompiledContext, Scope } from "./scope.ts";

type WrittenEntry = NonNullable<Generate["foreach"]>[number];

type Entry = {
  path: string;
  list: Expression;
  context: CompiledContext;
  preconditions: CompiledPreconditions | undefined;
  block: CompiledBlock;
};

/** The numbered ones are those of the outermost foreach, and here there is no other. */
const ELEMENT_ROOTS = ["element", "elementIndex", "element0", "elementIndex0"];

/** Undefined when there are issues, which are noted. `path`: of foreach. */
export function compileForeach(
  written: readonly WrittenEntry[],
  { path, roots, build }: BlockScope,
): CompiledBlock | undefined {
  const entries = written.map((entry, i) => compileEntry(entry, { path: `${path}[${i}]`, roots, build }));
  const compiled = entries.filter((entry) => entry !== undefined);
  if (compiled.length < entries.length) return undefined;
  return {
    desired(scope) {
      const made = new Gathered();
      for (const entry of compiled) desireEach(entry, scope, made);
      return made.desired();
    },
  };
}

function compileEntry(entry: WrittenEntry, { path, roots, build }: BlockScope): Entry | undefined {
  const list = build.expression(entry.list, `${path}.list`, { roots });
  const elementRoots = new Set([...roots, ...ELEMENT_ROOTS]);
  const context = compileContext(entry.context, { path: `${path}.context`, roots: elementRoots, build });
  const inner = new Set([...elementRoots, ...context.names]);
  const preconditions = compilePreconditions(entry.preconditions, `${path}.preconditions`, { roots: inner, build });
  const block = compileBlock(entry, { path, roots: inner, build });
  if (list === undefined || block === undefined) return undefined;
  return { path, list, context, preconditions, block };
}

/** Whoever may write a trigger may make its list long. */
const MOST_ELEMENTS = 5_000;

/** An element that fails does not stop the others. Null elements are skipped. */
function desireEach({ path, list, context, preconditions, block }: Entry, scope: Scope, made: Gathered): void {
  const found = scope.evaluate(list);
  if (!found.ok) return made.addFailed(found);
  const elements = elementsOf(found.value);
  if (elements.length > MOST_ELEMENTS) {
    const message = `${path}.list gives ${elements.length} elements; at most ${MOST_ELEMENTS} are served: select fewer`;
    return made.addFailed(failed("ExpressionFailed", message));
  }
  elements.forEach((element, index) => {
    if (element === null) return;
    const roots = { element, elementIndex: index, element0: element, elementIndex0: index };
    const inner = scope.inner(roots, context, scope.environment.ofElement(elements, index));
    const reason = preconditions?.whyNot(inner.inRealTime());
    if (typeof reason === "string") return;
    const desired = reason ?? block.desired(inner);
    if (desired.ok) made.add(desired, path);
    else made.addFailed({ ...desired, message: `element ${index}: ${desired.message}` });
  });
}

/** What is no list is its only element. */
function elementsOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value];
}

/** What the elements came to. Two that ask for the same object have to agree on it. */
class Gathered {
  readonly #targets = new Map<ObjectKey, DesiredTarget>();
  readonly #unmet: Unmet[] = [];
  readonly #failed: Failed[] = [];

  add({ targets, unmet, failed: more = [] }: Extract<Desired, { ok: true }>, path: string): void {
    for (const target of targets) this.#addTarget(target, path);
    this.#unmet.push(...unmet);
    this.#failed.push(...more);
  }

  addFailed(failure: Failed): void {
    this.#failed.push(failure);
  }

  #addTarget(target: DesiredTarget, path: string): void {
    const key = keyOf(target.ref);
    const known = this.#targets.get(key);
    if (known === undefined) this.#targets.set(key, target);
    else if (!isEqual(asJson(known.object), asJson(target.object)))
      this.#failed.push(
        failed("Conflict", `${path}: two elements make ${printRef(target.ref)} differently; give them different names`),
      );
  }

  desired(): Desired {
    const made = { ok: true as const, targets: [...this.#targets.values()], unmet: this.#unmet };
    return this.#failed.length === 0 ? made : { ...made, failed: this.#failed };
  }
}
