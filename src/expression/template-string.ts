/** One string of a template: constant, exactly one variable (its value as it is), or text with variables in it. */

import type { Json, Path } from "../object/index.ts";
import { type Run, showValue } from "./jmespath/index.ts";
import { type Build, type Part, placedPart, printPath } from "./part.ts";
import { resolveReferences } from "./reference.ts";
import { type CompiledVariable, compileVariable, type Problem } from "./variable.ts";
import { findVariables, MAX_VARIABLE_NESTING, type Piece } from "./variables.ts";

/** A string that is a value, not a key: only these have `$(/references)`. */
export function compileValueString(text: string, at: Path, build: Build): Part {
  const resolved = resolveReferences(text, at, build.document);
  if ("text" in resolved) return compileString(resolved.text, at, build);
  addIssue(text, at, build, { message: resolved.problem, unknownRoot: false });
  return { value: text };
}

export function compileString(text: string, at: Path, build: Build): Part {
  const pieces = findVariables(text);
  if (pieces === undefined) {
    const message = `variables are nested more than ${MAX_VARIABLE_NESTING} levels deep`;
    addIssue(text, at, build, { message, unknownRoot: false });
    return { value: text };
  }
  if (pieces.every((piece) => typeof piece === "string")) return { value: pieces.join("") };
  const compiled = pieces.map((piece) => compilePiece(piece, { text, at, build }));
  const [only] = compiled;
  const isAlone = compiled.length === 1 && only !== undefined && typeof only !== "string";
  return placedPart(
    printPath(build.path, at),
    isAlone ? only.evaluate : (bindings, run) => fillText(compiled, bindings, run),
  );
}

function fillText(pieces: readonly (string | CompiledVariable)[], bindings: Json, run: Run): string {
  let filled = "";
  for (const piece of pieces) {
    const text = typeof piece === "string" ? piece : showValue(piece.evaluate(bindings, run), run);
    run.build(text.length);
    filled += text;
  }
  return filled;
}

interface Place {
  readonly text: string;
  readonly at: Path;
  readonly build: Build;
}

function compilePiece(piece: Piece, { text, at, build }: Place): string | CompiledVariable {
  if (typeof piece === "string") return piece;
  const compiled = compileVariable(piece, { ...build.options, at });
  if ("problem" in compiled) {
    addIssue(text, at, build, compiled.problem);
    return "";
  }
  for (const read of compiled.variable.reads) build.reads.add(read);
  for (const path of compiled.variable.paths) build.paths.add(path);
  if (compiled.variable.usesClock) build.usesClock = true;
  return compiled.variable;
}

function addIssue(text: string, at: Path, build: Build, problem: Problem): void {
  build.issues.push({ path: printPath(build.path, at), at, value: text, ...problem });
}
