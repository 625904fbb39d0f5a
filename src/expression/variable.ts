/**
 * One `{{ variable }}` compiled: nested variables become holes of its expression, so what they give is a name or a text
 * there and never code.
 */

import type { Json, Path } from "../object/index.ts";
import {
  compileJmespath,
  Fault,
  hasHoleCharacters,
  holeMark,
  type Run,
  runGuarded,
  type Step,
} from "./jmespath/index.ts";
import type { CompileOptions } from "./language.ts";
import { withoutAnchor } from "./reference.ts";
import type { Piece, Variable } from "./variables.ts";

export interface CompiledVariable {
  readonly source: string;
  readonly reads: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
  readonly usesClock: boolean;
  readonly usesRandom: boolean;
  /** The value; throws a Fault whose message names the variable and what is wrong. */
  readonly evaluate: (bindings: Json, run: Run, value?: Json) => Json;
}

export interface VariableOptions extends CompileOptions {
  /** Where the string stands in the compiled value, for `{{@}}`; absent where that has no meaning. */
  readonly at?: Path;
  /** As in ExpressionOptions; nested variables have no part in it. */
  readonly onValue?: boolean;
}

export interface Problem {
  readonly message: string;
  readonly unknownRoot: boolean;
}

export type CompiledVariableOrProblem = { readonly variable: CompiledVariable } | { readonly problem: Problem };

export function compileVariable(variable: Variable, options: VariableOptions): CompiledVariableOrProblem {
  const own = options.at === undefined ? undefined : compileOwnPlace(variable, options.at, options);
  if (own !== undefined) return own;
  const pieces = variable.pieces.map((piece, index) => (index === 0 ? withoutDash(piece) : piece));
  return compilePieces(pieces, variable.source, options);
}

/** An expression whose text may hold variables; `source` is how messages call it. */
export function compilePieces(
  pieces: readonly Piece[],
  source: string,
  options: VariableOptions,
): CompiledVariableOrProblem {
  const holes: CompiledVariable[] = [];
  let text = "";
  for (const piece of pieces) {
    if (typeof piece === "string") {
      if (hasHoleCharacters(piece))
        return {
          problem: { message: `${source}: holds a character that Unicode does not allow in text`, unknownRoot: false },
        };
      text += piece;
    } else {
      const nested = compileVariable(piece, { ...options, onValue: false });
      if ("problem" in nested) return nested;
      text += holeMark(holes.push(nested.variable) - 1);
    }
  }
  return compileFilled(text, holes, source, options);
}

function compileFilled(
  text: string,
  holes: readonly CompiledVariable[],
  source: string,
  options: VariableOptions,
): CompiledVariableOrProblem {
  const { roots: _roots, ...onValue } = options;
  const compiled = compileJmespath(text, options.onValue === true ? onValue : options);
  if ("problem" in compiled) {
    const { message, position, unknownRoot } = compiled.problem;
    const where = position === undefined || holes.length > 0 ? "" : ` (at character ${position + 1} of ${text.trim()})`;
    return { problem: { message: `${source}: ${message}${where}`, unknownRoot } };
  }
  const { expression } = compiled;
  const reads = new Set([...expression.reads, ...holes.flatMap((hole) => [...hole.reads])]);
  const paths = new Set([...expression.paths, ...holes.flatMap((hole) => [...hole.paths])]);
  const usesClock = expression.usesClock || holes.some((hole) => hole.usesClock);
  const usesRandom = expression.usesRandom || holes.some((hole) => hole.usesRandom);
  const { run: step } = expression;
  const evaluate: CompiledVariable["evaluate"] =
    holes.length === 0
      ? (bindings, run, value = bindings) => evaluateStep(step, source, value, run)
      : (bindings, run, value = bindings) => {
          const filled: Step = (current) => runWithHoles(step, holes, { bindings, current, run });
          return evaluateStep(filled, source, value, run);
        };
  return { variable: { source, reads, paths, usesClock, usesRandom, evaluate } };
}

/** Innermost first: the nested variables' values stand ready before the expression runs. */
function runWithHoles(
  step: Step,
  holes: readonly CompiledVariable[],
  { bindings, current, run }: { bindings: Json; current: Json; run: Run },
): Json | undefined {
  const values = holes.map((hole) => hole.evaluate(bindings, run));
  const outer = run.holes;
  run.holes = values;
  const result = step(current, run);
  run.holes = outer;
  return result;
}

function evaluateStep(step: Step, source: string, bindings: Json, run: Run): Json {
  const result = runGuarded(() => step(bindings, run));
  if ("fault" in result) throw nameFault(result.fault, source);
  if (result.value === undefined) throw new Fault(`${source}: ${describeMissing(run)}`, { notFound: true });
  return result.value;
}

/** The innermost variable is the one to name: what it was part of adds nothing. */
function nameFault(fault: Fault, source: string): Fault {
  if (fault.message.startsWith("{{")) return fault;
  return new Fault(`${source}: ${fault.message}`, { notFound: fault.notFound });
}

function describeMissing(run: Run): string {
  const { names, at } = run.missing ?? { names: [], at: 0 };
  const name = JSON.stringify(names[at] ?? "");
  const where = at === 0 ? `${name} is not found` : `${name} is not found in ${printNames(names.slice(0, at))}`;
  return `${where}; if it may be missing, give a default: ... || 'default'`;
}

function printNames(names: readonly string[]): string {
  return names.map((name) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name))).join(".");
}

/** `{{- expression }}` asks for a result that is not scanned again; none ever is. */
function withoutDash(piece: Piece): Piece {
  return typeof piece === "string" ? piece.replace(/^-/, "") : piece;
}

/** `{{@}}`: the value at the string's own place in `target`, where there is one, else in `request.object`. */
function compileOwnPlace(variable: Variable, at: Path, options: CompileOptions): CompiledVariableOrProblem | undefined {
  const [piece] = variable.pieces;
  if (variable.pieces.length !== 1 || typeof piece !== "string" || !/^-?\s*@\s*$/.test(piece)) return undefined;
  const start = options.roots?.has("target") === true ? ["target"] : ["request", "object"];
  const names = [...start, ...at.map((segment) => (typeof segment === "number" ? segment : withoutAnchor(segment)))];
  const step: Step = (current, run) => {
    run.spend(names.length);
    return followPlace(current, names, run);
  };
  const evaluate = (bindings: Json, run: Run): Json => evaluateStep(step, variable.source, bindings, run);
  const reads = new Set([start.join(".")]);
  return { variable: { source: variable.source, reads, paths: reads, usesClock: false, usesRandom: false, evaluate } };
}

function followPlace(root: Json, names: Path, run: Run): Json | undefined {
  let value = root;
  for (const [at, name] of names.entries()) {
    const next = nextPlace(value, name);
    if (next === undefined) {
      run.missing = { names: names.map(String), at };
      return undefined;
    }
    value = next;
  }
  return value;
}

function nextPlace(value: Json, name: string | number): Json | undefined {
  if (Array.isArray(value)) return typeof name === "number" ? value[name] : undefined;
  if (value === null || typeof value !== "object") return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
