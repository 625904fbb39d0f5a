/**
 * patchesJson6902 as it is written: a JSON patch as text, with variables. The text is parsed first, and what the variables
 * give is put into the parsed patch: quotes and line breaks in data cannot change what the patch does.
 */

import { findVariables, readYaml } from "../expression/index.ts";
import { isJsonObject, type Json, type Path, setOwn } from "../object/index.ts";

/** `unquoted`: places of variables that stand alone without quotes: text that is JSON there is what it says. */
export type ReadPatch = { value: Json; unquoted: readonly Path[] } | { problem: string };

/** A whole list given by one variable is that variable. */
export function readPatchText(text: string): ReadPatch {
  const pieces = findVariables(text.trim());
  if (pieces === undefined) return { problem: "its variables are nested too deeply" };
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && typeof only !== "string")
    return { value: only.source, unquoted: [[]] };
  const sources: Hole[] = [];
  const filled = pieces.map((piece, i) => {
    if (typeof piece === "string") return piece.replaceAll("{{", "\\{{");
    sources.push({ source: piece.source, isAlone: standsAlone(pieces[i - 1], pieces[i + 1]) });
    return markOf(sources.length - 1);
  });
  const read = readYaml(filled.join(""));
  if ("problem" in read) return read;
  const unquoted: Path[] = [];
  return { value: putBack(read.value, { sources, unquoted, at: [] }), unquoted };
}

type Hole = { source: string; isAlone: boolean };

/** No author writes this. */
function markOf(index: number): string {
  return `\uFFFCvariable${index}\uFFFC`;
}

const MARK = /\uFFFCvariable(\d+)\uFFFC/g;

function standsAlone(before: unknown, after: unknown): boolean {
  const isStart = before === undefined || (typeof before === "string" && /(?:^|[:\-[,{])[ \t]*$/.test(before));
  return isStart && (after === undefined || (typeof after === "string" && /^[ \t]*(?:[\n,}\]#]|$)/.test(after)));
}

type Putting = { sources: readonly Hole[]; unquoted: Path[]; at: Path };

function putBack(value: Json, { sources, unquoted, at }: Putting): Json {
  if (typeof value === "string") {
    const [whole, index] = /^\uFFFCvariable(\d+)\uFFFC$/.exec(value) ?? [];
    if (whole !== undefined && sources[Number(index)]?.isAlone === true) unquoted.push(at);
    return value.replaceAll(MARK, (_mark, found: string) => sources[Number(found)]?.source ?? "");
  }
  if (Array.isArray(value)) return value.map((item, i) => putBack(item, { sources, unquoted, at: [...at, i] }));
  if (!isJsonObject(value)) return value;
  const filled: { [key: string]: Json } = {};
  for (const [key, child] of Object.entries(value)) {
    const name = String(putBack(key, { sources, unquoted: [], at }));
    setOwn(filled, name, putBack(child, { sources, unquoted, at: [...at, name] }));
  }
  return filled;
}
