/** Compiles function calls: name, number and kinds of arguments are checked once, values at each run. */

import type { Json } from "../../object/index.ts";
import type { Compiler } from "./compiler.ts";
import { Fault } from "./fault.ts";
import { Arguments, describe, type FunctionSpec, type Parameter } from "./functions/index.ts";
import type { Run, Step } from "./run.ts";
import type { Scope } from "./scope.ts";
import { withoutRoots } from "./scope.ts";
import type { Node } from "./syntax.ts";
import { type TypeName, typeOf } from "./value.ts";

type CallNode = Node & { readonly kind: "call" };

export function compileCall(node: CallNode, scope: Scope, compiler: Compiler): Step {
  const spec = compiler.functions.get(node.name);
  if (spec === undefined) throw new Fault(unknownFunction(node.name, compiler), { position: node.at });
  checkCount(spec, node);
  if (spec.usesClock === true) scope.noteClock();
  if (spec.usesRandom === true) scope.noteRandom();
  for (const [at, arg] of node.args.entries()) checkArgument(spec, arg, at, node.at);
  checkLiteral(spec, node);
  const references = node.args.map((arg) =>
    arg.kind === "reference" ? compiler.compile(arg.body, withoutRoots(scope)) : undefined,
  );
  const steps = node.args.map((arg): Step => (arg.kind === "reference" ? () => null : compiler.compile(arg, scope)));
  return (current, run) => {
    run.spend(2);
    const values = steps.map((step) => step(current, run) ?? null);
    return callFunction(spec, new Arguments(spec.name, values, references), run);
  };
}

function callFunction(spec: FunctionSpec, args: Arguments, run: Run): Json {
  args.values.forEach((value, at) => {
    const parameter = parameterAt(spec, at);
    if (typeof parameter !== "string" && !parameter.includes(typeOf(value))) throw args.wrong(at, showTypes(parameter));
  });
  return spec.call(args, run);
}

function checkCount(spec: FunctionSpec, node: CallNode): void {
  const least = spec.parameters.length - (spec.optional ?? 0);
  const most = spec.variadic === true ? Number.POSITIVE_INFINITY : spec.parameters.length;
  const count = node.args.length;
  if (count >= least && count <= most) return;
  const wanted =
    most === least ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
  throw new Fault(`${spec.name} takes ${wanted} argument${wanted === "1" ? "" : "s"}, not ${count}`, {
    position: node.at,
  });
}

/** What can be seen without running: an `&expression` in the wrong place, a literal of the wrong type. */
function checkArgument(spec: FunctionSpec, arg: Node, at: number, position: number): void {
  const parameter = parameterAt(spec, at);
  if ((parameter === "reference") !== (arg.kind === "reference")) {
    const expected = parameter === "reference" ? "must be an expression such as &name" : "cannot be an &expression";
    throw new Fault(`${spec.name}: argument ${at + 1} ${expected}`, { position });
  }
  if (arg.kind !== "literal" || typeof parameter === "string" || parameter.includes(typeOf(arg.value))) return;
  const found = describe(arg.value);
  throw new Fault(`${spec.name}: argument ${at + 1} must be ${showTypes(parameter)}, not ${found}`, { position });
}

/** Such as a regular expression, or a duration: what is wrong with it is told before anything is planned. */
function checkLiteral({ name, checkLiteral }: FunctionSpec, { args, at }: CallNode): void {
  const checked = checkLiteral === undefined ? undefined : args[checkLiteral.at];
  if (checkLiteral === undefined || checked?.kind !== "literal") return;
  const literals = args.map((arg) => (arg.kind === "literal" ? arg.value : null));
  try {
    checkLiteral.check(new Arguments(name, literals, []));
  } catch (error) {
    throw error instanceof Fault ? new Fault(error.message, { position: at }) : error;
  }
}

function parameterAt(spec: FunctionSpec, at: number): Parameter {
  return spec.parameters[Math.min(at, spec.parameters.length - 1)] ?? "any";
}

const TYPE_WORDS: { readonly [type in TypeName]: string } = {
  null: "null",
  boolean: "true or false",
  number: "a number",
  string: "a string",
  array: "a list",
  object: "a map",
};

function showTypes(types: readonly TypeName[]): string {
  return types.map((type) => TYPE_WORDS[type]).join(" or ");
}

function unknownFunction(name: string, compiler: Compiler): string {
  const close = [...compiler.functions.keys()].filter((known) => isClose(known, name)).slice(0, 3);
  const hint = close.length > 0 ? `; did you mean ${close.join(" or ")}?` : "";
  return `there is no function ${name}${hint}`;
}

function isClose(known: string, name: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replaceAll("_", "");
  return plain(known).startsWith(plain(name).slice(0, 4)) || plain(known) === plain(name);
}
