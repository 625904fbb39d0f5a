/** A bare expression, as in a context entry's `jmesPath` or a foreach `list`; its text may hold `{{ variables }}`. */

import type { Json } from "../object/index.ts";
import { emitValue, Run, runGuarded } from "./jmespath/index.ts";
import type { Bindings, CompileOptions, Environment, Evaluated, ExpressionIssue } from "./language.ts";
import { compilePieces } from "./variable.ts";
import { findVariables, MAX_VARIABLE_NESTING } from "./variables.ts";

export interface Expression {
  readonly reads: ReadonlySet<string>;
  /** What it reads, by up to three names, such as `request.object.metadata`; `request.object` alone is all of it. */
  readonly paths: ReadonlySet<string>;
  readonly usesClock: boolean;
  /** True when it gives each asker another value. */
  readonly usesRandom: boolean;
  /** `value`: what the expression runs on, when it was compiled `onValue`. */
  evaluate(bindings: Bindings, environment: Environment, value?: Json): Evaluated;
}

export interface ExpressionOptions extends CompileOptions {
  /** The expression itself runs on a value; only the variables in its text start from the roots. */
  readonly onValue?: boolean;
}

export type CompiledExpression = { readonly expression: Expression } | { readonly issues: readonly ExpressionIssue[] };

/** Without `options.roots` the expression may name anything. */
export function compileExpression(text: string, path: string, options: ExpressionOptions = {}): CompiledExpression {
  const pieces = findVariables(text);
  const tooDeep = `variables are nested more than ${MAX_VARIABLE_NESTING} levels deep`;
  const compiled =
    pieces === undefined ? { problem: { message: tooDeep, unknownRoot: false } } : compilePieces(pieces, text, options);
  if ("problem" in compiled) return { issues: [{ path, at: [], value: text, ...compiled.problem }] };
  const { reads, paths, usesClock, usesRandom, evaluate } = compiled.variable;
  return {
    expression: {
      reads,
      paths,
      usesClock,
      usesRandom,
      evaluate(bindings, environment, value) {
        const run = new Run(environment);
        run.place = path;
        const result = runGuarded(() => emitted(evaluate(bindings, run, value), run));
        if ("value" in result) return { ok: true, value: result.value };
        const { message, notFound } = result.fault;
        return { ok: false, error: { path, message, notFound } };
      },
    },
  };
}

function emitted(value: Json, run: Run): Json {
  emitValue(value, run);
  return value;
}
