/** Values as text and as output, within the bounds of a run. */

import { isJsonObject, type Json, type JsonObject, printJson } from "../../object/index.ts";
import { MAX_DATA_DEPTH } from "./limits.ts";
import type { Run } from "./run.ts";
import { sortedKeys, tooDeep } from "./value.ts";

/** A value as it stands in a longer text: strings as they are, everything else as compact JSON. */
export function showValue(value: Json, run: Run): string {
  return typeof value === "string" ? value : toCompactJson(value, run);
}

const UNSAFE = /[<>&\u2028\u2029]/g;

/** Compact JSON with sorted keys and `<>&` escaped, as Go prints it. */
function toCompactJson(value: Json, run: Run): string {
  const pieces: string[] = [];
  writeJson(value, { run, pieces }, 0);
  return pieces.join("");
}

interface Writer {
  readonly run: Run;
  readonly pieces: string[];
}

function writeJson(value: Json, writer: Writer, depth: number): void {
  if (depth > MAX_DATA_DEPTH) throw tooDeep();
  if (Array.isArray(value)) writeList(value, writer, depth + 1);
  else if (isJsonObject(value)) writeObject(value, writer, depth + 1);
  else write(writer, typeof value === "string" ? quoteText(value) : printJson(value));
}

function writeList(list: readonly Json[], writer: Writer, depth: number): void {
  write(writer, "[");
  list.forEach((item, index) => {
    if (index > 0) write(writer, ",");
    writeJson(item, writer, depth);
  });
  write(writer, "]");
}

function writeObject(object: JsonObject, writer: Writer, depth: number): void {
  write(writer, "{");
  sortedKeys(object, writer.run).forEach((key, index) => {
    write(writer, `${index > 0 ? "," : ""}${quoteText(key)}:`);
    writeJson(object[key] ?? null, writer, depth);
  });
  write(writer, "}");
}

function write(writer: Writer, piece: string): void {
  writer.run.build(piece.length);
  writer.run.spend(1);
  writer.pieces.push(piece);
}

function quoteText(text: string): string {
  return JSON.stringify(text).replace(UNSAFE, (unsafe) => `\\u${unsafe.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * Counts a value towards the output. A small program can build a list whose items are shared so often that writing it
 * would never end, so this stops at the bound.
 */
export function emitValue(value: Json, run: Run, depth = 0): void {
  if (depth > MAX_DATA_DEPTH) throw tooDeep();
  run.emit(typeof value === "string" ? value.length + 2 : 4);
  if (value === null || typeof value !== "object") return;
  if (Array.isArray(value)) {
    for (const item of value) emitValue(item, run, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    run.emit(key.length + 4);
    emitValue(value[key] ?? null, run, depth + 1);
  }
}
