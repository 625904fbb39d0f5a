/** The JMESPath engine's border: text in, a compiled expression or a Fault's content out; nothing is thrown past it. */

import type { CompileOptions } from "../language.ts";
import { compile } from "./compile.ts";
import { Fault } from "./fault.ts";
import { type FunctionTable, policyFunctions } from "./functions/index.ts";
import { parse } from "./parse.ts";
import type { Step } from "./run.ts";

export { Fault } from "./fault.ts";
export { policyFunctions, specificationFunctions } from "./functions/index.ts";
export { hasHoleCharacters, holeMark } from "./hole.ts";
export { emitValue, showValue } from "./json-text.ts";
export { Run, type Step } from "./run.ts";
export { setKey } from "./value.ts";
export { readYaml, readYamlDocuments } from "./yaml.ts";

export interface CompiledExpression {
  readonly reads: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
  readonly usesClock: boolean;
  readonly usesRandom: boolean;
  /** The value, or undefined for *not found*. Throws Fault. */
  readonly run: Step;
}

export interface SyntaxProblem {
  readonly message: string;
  readonly position: number | undefined;
  readonly unknownRoot: boolean;
}

const REQUEST: ReadonlySet<string> = new Set(["request"]);

export type CompiledOrProblem = { readonly expression: CompiledExpression } | { readonly problem: SyntaxProblem };

/** Compiles an expression of a policy; `functions` is for the specification's own built-ins. */
export function compileJmespath(
  source: string,
  options: CompileOptions = {},
  functions: FunctionTable = policyFunctions,
): CompiledOrProblem {
  const reads = new Set<string>();
  const paths = new Set<string>();
  let [usesClock, usesRandom] = [false, false];
  const noteClock = (): void => {
    usesClock = true;
  };
  const noteRandom = (): void => {
    usesRandom = true;
  };
  const { roots, fields, detailed = REQUEST } = options;
  const scope = { roots, detailed, fields, reads, paths, noteClock, noteRandom };
  try {
    const run = compile(parse(source), functions, scope);
    return { expression: { run, reads, paths, usesClock, usesRandom } };
  } catch (error) {
    return { problem: asProblem(error) };
  }
}

/** Runs a step; a Fault or an exhausted stack becomes a value. */
export function runGuarded<T>(work: () => T): { readonly value: T } | { readonly fault: Fault } {
  try {
    return { value: work() };
  } catch (error) {
    return { fault: asFault(error) };
  }
}

function asProblem(error: unknown): SyntaxProblem {
  const fault = asFault(error);
  return { message: fault.message, position: fault.position, unknownRoot: fault.unknownRoot };
}

function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof RangeError) return new Fault("is nested too deeply, or builds too large a value");
  throw error;
}
