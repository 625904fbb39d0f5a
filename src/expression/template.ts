/**
 * Templates: any JSON value with `{{ variables }}` in its strings and keys, compiled once and filled in any number of
 * times. What has no variables is shared with the result, not copied.
 */

import { type Json, type JsonObject, type Path, printJson } from "../object/index.ts";
import { Fault, Run, runGuarded, setKey } from "./jmespath/index.ts";
import type { Bindings, CompileOptions, Environment, Evaluated, ExpressionIssue } from "./language.ts";
import { type Build, type ConstantPart, type FilledPart, type Part, PartFault, printPath } from "./part.ts";
import { compileString, compileValueString } from "./template-string.ts";

export interface Template {
  /** Root names it uses, such as `request.object`, `element` or a context entry's name. */
  readonly reads: ReadonlySet<string>;
  /** What it reads, by up to three names, such as `request.object.metadata`; `request.object` alone is all of it. */
  readonly paths: ReadonlySet<string>;
  /** True when it has no variables: it always gives the same value. */
  readonly constant: boolean;
  /** True when the result depends on the time of the evaluation. */
  readonly usesClock: boolean;
  evaluate(bindings: Bindings, environment: Environment): Evaluated;
}

export type CompiledTemplate = { readonly template: Template } | { readonly issues: readonly ExpressionIssue[] };

/** `path` is where `value` stands in the policy. All issues are found at once. */
export function compileTemplate(value: Json, path: string, options: CompileOptions = {}): CompiledTemplate {
  const build: Build = {
    options,
    document: value,
    path,
    reads: new Set(),
    paths: new Set(),
    usesClock: false,
    issues: [],
  };
  const part = compileValue(value, [], build);
  if (build.issues.length > 0) return { issues: build.issues };
  const { reads, paths, usesClock } = build;
  const evaluate =
    part.fill === undefined
      ? (): Evaluated => ({ ok: true, value: part.value })
      : (bindings: Bindings, environment: Environment) => evaluatePart(part, { path, bindings, environment });
  return { template: { reads, paths, usesClock, constant: part.fill === undefined, evaluate } };
}

function evaluatePart(
  part: FilledPart,
  given: { readonly path: string; readonly bindings: Bindings; readonly environment: Environment },
): Evaluated {
  try {
    const run = new Run(given.environment);
    const result = runGuarded(() => part.fill(given.bindings, run));
    if ("value" in result) return { ok: true, value: result.value };
    return failure(given.path, result.fault);
  } catch (error) {
    if (error instanceof PartFault) return failure(error.at, error.fault);
    throw error;
  }
}

function failure(path: string, fault: Fault): Evaluated {
  return { ok: false, error: { path, message: fault.message, notFound: fault.notFound } };
}

function compileValue(value: Json, at: Path, build: Build): Part {
  if (typeof value === "string") return compileValueString(value, at, build);
  if (value === null || typeof value !== "object") return { value };
  return Array.isArray(value) ? compileList(value, at, build) : compileObject(value, at, build);
}

function compileList(list: Json[], at: Path, build: Build): Part {
  const parts = list.map((item, index) => compileValue(item, [...at, index], build));
  if (parts.every(isConstant)) return { value: sharedList(list, parts) };
  return { fill: (bindings, run) => parts.map((part) => fillPart(part, bindings, run)) };
}

function isConstant(part: Part): part is ConstantPart {
  return part.fill === undefined;
}

function sharedList(list: Json[], parts: readonly ConstantPart[]): Json[] {
  const isSame = parts.every((part, index) => part.value === list[index]);
  return isSame ? list : parts.map((part) => part.value);
}

interface Member {
  readonly path: string;
  readonly key: Part;
  readonly part: Part;
}

function compileObject(object: JsonObject, at: Path, build: Build): Part {
  const members = Object.keys(object).map((key): Member => {
    const inner = [...at, key];
    const path = printPath(build.path, inner);
    return { path, key: compileString(key, inner, build), part: compileValue(object[key] ?? null, inner, build) };
  });
  if (members.every(isConstantMember)) return { value: sharedObject(object, members) };
  return { fill: (bindings, run) => fillObject(members, bindings, run) };
}

interface ConstantMember extends Member {
  readonly key: ConstantPart;
  readonly part: ConstantPart;
}

function isConstantMember(member: Member): member is ConstantMember {
  return member.key.fill === undefined && member.part.fill === undefined;
}

/** The author's own object, unless an escape in it had to be undone. */
function sharedObject(object: JsonObject, members: readonly ConstantMember[]): JsonObject {
  const isSame = members.every(
    ({ key, part }) => Object.hasOwn(object, String(key.value)) && part.value === object[String(key.value)],
  );
  if (isSame) return object;
  const changed: JsonObject = {};
  for (const { key, part } of members) setKey(changed, String(key.value), part.value);
  return changed;
}

function fillObject(members: readonly Member[], bindings: Json, run: Run): JsonObject {
  const filled: JsonObject = {};
  for (const { key, part, path } of members) {
    const name = fillPart(key, bindings, run);
    if (typeof name !== "string")
      throw new PartFault(path, new Fault(`a key must be a string, not ${printJson(name)}`));
    if (Object.hasOwn(filled, name)) throw new PartFault(path, new Fault(`the key "${name}" is already there`));
    setKey(filled, name, fillPart(part, bindings, run));
  }
  return filled;
}

function fillPart(part: Part, bindings: Json, run: Run): Json {
  return part.fill === undefined ? part.value : part.fill(bindings, run);
}
