/** Names and literals with holes: what nested variables put in is text or data of that one token, never code. */

import { type Json, parseJson } from "../../object/index.ts";
import { Fault } from "./fault.ts";
import { splitHoles } from "./hole.ts";
import { showValue } from "./json-text.ts";
import type { Run, Step } from "./run.ts";

export function compileTextHoles(text: string): Step {
  const pieces = splitHoles(text);
  return (_current, run) => fillPieces(pieces, run);
}

export function fillText(text: string, run: Run): string {
  return fillPieces(splitHoles(text), run);
}

/** `labels.{{ name }}`: one key, whatever characters the name has. */
export function compileNameHoles(name: string): Step {
  const pieces = splitHoles(name);
  return (current, run) => {
    run.spend(1);
    const key = fillPieces(pieces, run);
    if (current === null || typeof current !== "object" || Array.isArray(current)) return null;
    if (Object.hasOwn(current, key)) return current[key] ?? null;
    run.missing = { names: [key], at: 0 };
    return undefined;
  };
}

/** A literal in backticks is completed as text and must then be JSON; inside its strings the text is escaped. */
export function compileLiteralHoles(text: string): Step {
  const pieces = splitHoles(text);
  return (_current, run) => {
    let filled = "";
    for (const piece of pieces) filled += typeof piece === "string" ? piece : fillLiteral(piece, filled, run);
    run.build(filled.length);
    return parseLiteral(filled);
  };
}

function parseLiteral(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw new Fault(`\`${text.slice(0, 200)}\` is not JSON once its variables are filled in`);
  }
}

function fillLiteral(hole: number, before: string, run: Run): string {
  const value = run.holes[hole] ?? null;
  if (!isInsideString(before)) return showValue(value, run);
  return JSON.stringify(showValue(value, run)).slice(1, -1);
}

function isInsideString(before: string): boolean {
  return (before.replaceAll(/\\./gs, "").match(/"/g)?.length ?? 0) % 2 === 1;
}

function fillPieces(pieces: readonly (string | number)[], run: Run): string {
  let filled = "";
  for (const piece of pieces) {
    const text = typeof piece === "string" ? piece : showValue(run.holes[piece] ?? null, run);
    run.build(text.length);
    filled += text;
  }
  return filled;
}
