/** A tree to a closure that can be run any number of times. Unknown roots and functions are Faults here, not later. */

import type { Json } from "../../object/index.ts";
import { compileCall } from "./call.ts";
import type { Compiler } from "./compiler.ts";
import {
  compileAnd,
  compileComparison,
  compileHash,
  compileList,
  compileNot,
  compileOr,
  compilePipe,
  keyOf,
} from "./compose.ts";
import { Fault } from "./fault.ts";
import type { FunctionTable } from "./functions/index.ts";
import { hasHole } from "./hole.ts";
import { compileLiteralHoles, compileNameHoles, compileTextHoles } from "./open.ts";
import {
  compileFilter,
  compileFlatten,
  compileIndex,
  compileProjection,
  compileSlice,
  compileValues,
} from "./project.ts";
import type { Step } from "./run.ts";
import { noteRoot, noteWholeContext, type Scope, withoutRoots } from "./scope.ts";
import type { Node } from "./syntax.ts";

export function compile(tree: Node, functions: FunctionTable, scope: Scope): Step {
  const compiler: Compiler = { functions, compile: (node, inner) => compileNode(node, inner, compiler) };
  return compiler.compile(tree, scope);
}

function compileNode(node: Node, scope: Scope, compiler: Compiler): Step {
  const build = (inner: Node, innerScope = scope): Step => compiler.compile(inner, innerScope);
  const away = withoutRoots(scope);
  switch (node.kind) {
    case "current":
      noteWholeContext(scope);
      return (current) => current;
    case "literal":
      return constant(node.value);
    case "openLiteral":
      return compileLiteralHoles(node.text);
    case "openText":
      return compileTextHoles(node.text);
    case "field":
    case "sub":
      return compileChain(node, scope, build);
    case "index":
      return compileIndex(build(node.of), node.position);
    case "slice":
      return compileSlice(build(node.of), node.bounds, node.at);
    case "flatten":
      return compileFlatten(build(node.of));
    case "project":
      return compileProjection(build(node.over), build(node.each, away));
    case "values":
      return compileValues(build(node.over), build(node.each, away));
    case "filter":
      return compileFilter(build(node.over), build(node.test, away), build(node.each, away));
    case "compare":
      return compileComparison(node.operator, build(node.left), build(node.right));
    case "and":
      return compileAnd(build(node.left), build(node.right));
    case "or":
      return compileOr(build(node.left), build(node.right));
    case "pipe":
      return compilePipe(build(node.left), build(node.right, away));
    case "not":
      return compileNot(build(node.body));
    case "list":
      return compileList(node.items.map((item) => build(item)));
    case "hash":
      return compileHash(node.entries.map((entry) => ({ key: keyOf(entry.key), value: build(entry.value) })));
    case "call":
      return compileCall(node, scope, compiler);
    case "reference":
      throw new Fault("& stands only before an argument of a function such as sort_by");
  }
}

function constant(value: Json): Step {
  return () => value;
}

/** `a.b.c` is one closure over its names; anything else in a chain is composed of two. */
function compileChain(node: Node, scope: Scope, build: (node: Node, scope?: Scope) => Step): Step {
  const names = plainNames(node);
  if (names !== undefined) {
    noteRoot(scope, names, firstPosition(node));
    return compileNames(names);
  }
  if (node.kind === "field") {
    if (scope.roots !== undefined) {
      throw new Fault("a nested variable cannot stand for the first name; put it in quotes, or name the root itself", {
        position: node.at,
      });
    }
    return compileNameHoles(node.name);
  }
  if (node.kind !== "sub") return build(node);
  noteIndexed(node.left, node.right, scope);
  const left = build(node.left);
  const right = build(node.right, withoutRoots(scope));
  return (current, run) => {
    const value = left(current, run);
    return value === undefined ? undefined : right(value, run);
  };
}

/** `a.b[0]` is `b[0]` of `a`, and reads `a.b`. */
function noteIndexed(left: Node, right: Node, scope: Scope): void {
  let indexed = right;
  while (indexed.kind === "index") indexed = indexed.of;
  const names = plainNames(left);
  if (names === undefined || indexed === right || indexed.kind !== "field" || hasHole(indexed.name)) return;
  noteRoot(scope, [...names, indexed.name], firstPosition(left));
}

function plainNames(node: Node): string[] | undefined {
  const names: string[] = [];
  let rest = node;
  while (rest.kind === "sub" && rest.right.kind === "field" && !hasHole(rest.right.name)) {
    names.unshift(rest.right.name);
    rest = rest.left;
  }
  if (rest.kind === "current" && names.length > 0) return names;
  if (rest.kind !== "field" || hasHole(rest.name)) return undefined;
  names.unshift(rest.name);
  return names;
}

function firstPosition(node: Node): number {
  let rest = node;
  while (rest.kind === "sub") rest = rest.left.kind === "current" ? rest.right : rest.left;
  return rest.kind === "field" ? rest.at : 0;
}

/** A name missing from a map is *not found*; a name looked up in anything else is null. */
function compileNames(names: readonly string[]): Step {
  return (current, run) => {
    run.spend(1);
    let value: Json = current;
    for (let at = 0; at < names.length; at++) {
      const name = names[at] ?? "";
      if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
      if (!Object.hasOwn(value, name)) {
        run.missing = { names, at };
        return undefined;
      }
      value = value[name] ?? null;
    }
    return value;
  };
}
