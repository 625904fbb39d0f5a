/**
 * References: `$(/a/b)` and `$(./../c)` stand for the string that the author wrote at another place of the same document.
 * They are replaced before variables are looked for. `$(NAME)` is none, and `\$(` is the way to write `$(`.
 */

import { isJsonObject, type Json, type Path } from "../object/index.ts";

export type Resolved = { readonly text: string } | { readonly problem: string };

const REFERENCE = /\\\$\(|\$\((>=|<=|>|<|!)?(\.?\/[^\s()]*)\)/g;

/** References to strings with references; a circle ends here too. */
const MAX_DEPTH = 10;
const LONGEST = 64 * 1024;

/** `at` is the string's own place: a relative path starts there. */
export function resolveReferences(text: string, at: Path, document: Json, depth = 0): Resolved {
  if (!text.includes("$(")) return { text };
  let resolved = "";
  let from = 0;
  for (const found of text.matchAll(REFERENCE)) {
    const replacement = found[2] === undefined ? { text: "$(" } : resolveOne(found, at, document, depth);
    if ("problem" in replacement) return replacement;
    resolved += text.slice(from, found.index) + replacement.text;
    if (resolved.length > LONGEST) return { problem: `${found[0]} makes the text longer than ${LONGEST} characters` };
    from = found.index + found[0].length;
  }
  return { text: resolved + text.slice(from) };
}

function resolveOne(found: RegExpExecArray, at: Path, document: Json, depth: number): Resolved {
  const [whole, operator = "", written = ""] = found;
  if (depth >= MAX_DEPTH) return { problem: `${whole} refers to itself, or more than ${MAX_DEPTH} times further` };
  const place = walkPath(written, at);
  const value = lookUp(document, place);
  if ((typeof value === "number" || typeof value === "bigint") && operator !== "")
    return { text: `${operator}${value}` };
  if (typeof value === "string") {
    const inner = resolveReferences(value, place, document, depth + 1);
    return "text" in inner ? { text: `${operator}${inner.text}` } : inner;
  }
  const what = value === undefined ? "is nothing" : "is no string";
  return { problem: `${whole}: at /${place.join("/")} there ${what}; write \\$(...) for text that is no reference` };
}

function walkPath(written: string, at: Path): Path {
  const place: (string | number)[] = written.startsWith("/") ? [] : [...at];
  for (const step of written.split("/")) {
    if (step === "..") place.pop();
    else if (step !== "" && step !== ".") place.push(step);
  }
  return place;
}

/** Anchors in key names are ignored. */
function lookUp(document: Json, place: Path): Json | undefined {
  let value: Json | undefined = document;
  for (const step of place) {
    if (Array.isArray(value)) value = /^\d+$/.test(String(step)) ? value[Number(step)] : undefined;
    else if (isJsonObject(value)) value = member(value, String(step));
    else return undefined;
  }
  return value;
}

function member(object: { readonly [key: string]: Json }, name: string): Json | undefined {
  const plain = withoutAnchor(name);
  const key = Object.keys(object).find((candidate) => candidate === name || withoutAnchor(candidate) === plain);
  return key === undefined ? undefined : object[key];
}

/** `(name)`, `+(name)`, `<(name)` and the like name the key `name`. */
export function withoutAnchor(key: string): string {
  return /^[<+=X^]?\((.*)\)$/s.exec(key)?.[1] ?? key;
}
