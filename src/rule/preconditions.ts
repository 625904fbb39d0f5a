/** preconditions: comparisons that have to hold for a trigger before anything is generated for it. */

import { type Environment, holdsCondition, type Operator, type Template } from "../expression/index.ts";
import { type Json, printJson } from "../object/index.ts";
import type { PolicyCondition, Preconditions } from "../policy/index.ts";
import type { Build } from "./build.ts";
import type { Operation } from "./change.ts";
import type { Compared, ConditionCheck } from "./explanation.ts";
import { type Failed, failed } from "./failed.ts";
import type { Scope } from "./scope.ts";

export type CompiledPreconditions = {
  /** True when they may come out differently for a creation and for an update. */
  readsOperation: boolean;
  /** Undefined when they hold, else why not; an expression that fails is a failure, not a "no". */
  whyNot(scope: Scope): string | Failed | undefined;
  /** Each condition with what it compares; those that `whyNot` never came to as well. */
  check(scope: Scope): ConditionCheck[];
};

const OPERATION = "request.operation";

/** Undefined where nothing is asked for, or where there are issues, which are noted. */
export function compilePreconditions(
  written: Preconditions | undefined,
  path: string,
  { roots, build }: { roots: ReadonlySet<string>; build: Build },
): CompiledPreconditions | undefined {
  if (written === undefined) return undefined;
  const isList = Array.isArray(written);
  const compile = (conditions: readonly PolicyCondition[] | undefined, at: string): Condition[] =>
    (conditions ?? []).flatMap((condition, i) => compileCondition(condition, `${at}[${i}]`, roots, build) ?? []);
  const any = isList ? [] : compile(written.any, `${path}.any`);
  const all = isList ? compile(written, path) : compile(written.all, `${path}.all`);
  noteEdge(any, all, build);
  const conditions = [...any, ...all];
  return {
    readsOperation: conditions.some(({ key, value }) => key.reads.has(OPERATION) || value.reads.has(OPERATION)),
    whyNot: (scope) => whyNotAny(any, scope, `${path}.any`) ?? whyNotAll(all, scope),
    check: (scope) => conditions.map((condition) => checkCondition(condition, scope)),
  };
}

type Condition = { path: string; key: Template; operator: Operator; value: Template; message: string | undefined };

function compileCondition(
  { key, operator, value, message }: PolicyCondition,
  path: string,
  roots: ReadonlySet<string>,
  build: Build,
): Condition | undefined {
  noteUnknownOperations(key, value, { path: `${path}.value`, build });
  const compiledKey = build.template(key, `${path}.key`, roots);
  const compiledValue = build.template(value, `${path}.value`, roots);
  if (compiledKey === undefined || compiledValue === undefined) return undefined;
  return { path, key: compiledKey, operator, value: compiledValue, message };
}

const OPERATIONS = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

/** A request has one of four operations; with another one the comparison always comes out the same. */
function noteUnknownOperations(key: Json, value: Json, { path, build }: { path: string; build: Build }): void {
  if (typeof key !== "string" || !/^\{\{-?\s*request\.operation\s*\}\}$/.test(key)) return;
  const isKnown = (operation: Json): boolean =>
    typeof operation === "string" && (/[*?|{]/.test(operation) || OPERATIONS.includes(operation));
  const unknown = (Array.isArray(value) ? value : [value]).find((operation) => !isKnown(operation));
  if (unknown === undefined) return;
  const message = `a request has one of the operations ${OPERATIONS.join(", ")}: compare with those`;
  build.issues.push({ code: "InvalidValue", path, value: printJson(unknown), message });
}

function whyNotAll(conditions: readonly Condition[], scope: Scope): string | Failed | undefined {
  for (const condition of conditions) {
    const holds = isHeld(condition, scope);
    if (holds === false) return whyNot(condition);
    if (holds !== true) return holds;
  }
  return undefined;
}

function whyNotAny(conditions: readonly Condition[], scope: Scope, path: string): string | Failed | undefined {
  for (const condition of conditions) {
    const holds = isHeld(condition, scope);
    if (holds === true) return undefined;
    if (holds !== false) return holds;
  }
  const [only] = conditions;
  if (only === undefined) return undefined;
  return conditions.length === 1 ? whyNot(only) : `none of the conditions of ${path} holds`;
}

function isHeld(condition: Condition, scope: Scope): boolean | Failed {
  const compared = compare(condition, scope);
  return compared.ok ? compared.holds : compared;
}

function compare({ path, key, operator, value }: Condition, scope: Scope): Compared {
  const left = scope.evaluate(key);
  if (!left.ok) return left;
  const right = scope.evaluate(value);
  if (!right.ok) return right;
  const holds = holdsCondition(left.value, operator, right.value);
  if (typeof holds !== "boolean") return failed("ExpressionFailed", `${path}: ${holds.problem}`);
  return { ok: true, key: left.value, value: right.value, holds };
}

function checkCondition(condition: Condition, scope: Scope): ConditionCheck {
  const { path, operator, key, value } = condition;
  return { path, operator, reads: new Set([...key.reads, ...value.reads]), compared: compare(condition, scope) };
}

/** What is compared may be secret, so only the place is told. */
function whyNot({ path, operator, message }: Condition): string {
  return message ?? `${path} (${operator}) does not hold`;
}

/** Preconditions that ask for another operation than CREATE make an edge of the rule: it is about changes, not states. */
function noteEdge(any: readonly Condition[], all: readonly Condition[], build: Build): void {
  const asking = (condition: Condition) => ({
    path: condition.path,
    holdsFor: (operation: Operation) => !asksOnlyOperation(condition) || holdsOn(operation, condition),
  });
  const [alternatives, required] = [any.map(asking), all.map(asking)];
  const [first] = alternatives;
  const either = (operation: Operation): boolean => alternatives.some(({ holdsFor }) => holdsFor(operation));
  const demands = first === undefined ? required : [...required, { path: first.path, holdsFor: either }];
  const edges = demands.filter(({ holdsFor }) => !holdsFor("CREATE"));
  if (edges.length > 0) build.isAboutChanges = true;
  build.operationConditions.push(...edges);
}

function asksOnlyOperation({ key, value }: Condition): boolean {
  const reads = [...key.reads, ...value.reads];
  return reads.length > 0 && reads.every((read) => read === OPERATION);
}

/** Of no use to a condition that reads nothing but the operation. */
const NOWHERE: Environment = { now: () => new Date(0), random: () => () => 0, hash: () => "" };

/** A condition that cannot be evaluated is told when it is evaluated for a trigger. */
function holdsOn(operation: Operation, { key, operator, value }: Condition): boolean {
  const bindings = { request: { operation } };
  const evaluated = [key, value].map((template) => template.evaluate(bindings, NOWHERE));
  const values: Json[] = evaluated.flatMap((result) => (result.ok ? [result.value] : []));
  const [left = null, right = null] = values;
  return values.length < 2 || holdsCondition(left, operator, right) !== false;
}
