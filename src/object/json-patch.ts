/**
 * JSON patches (RFC 6902), more lenient in what authors of policies expect: parents that are missing are made, negative
 * positions count from the end of a list, and removing what is not there is no error.
 */

import { isEqual } from "./equality.ts";
import { isJsonObject, type Json, type JsonObject, ownValue } from "./json.ts";
import { editAt, insertAt, type Place, PlaceFault, takeOut, valueIn } from "./json-place.ts";

export type JsonPatchOperation =
  | { op: "add" | "replace" | "test"; path: string; value: Json }
  | { op: "remove"; path: string }
  | { op: "copy" | "move"; path: string; from: string };

/** `at`: the operation's position in the patch. */
export type Patched<T = Json> = { ok: true; value: T } | { ok: false; at: number; message: string };

/** Changes neither argument; the result shares parts of both. One operation that fails fails the whole patch. */
export function applyJsonPatch(document: Json, operations: readonly JsonPatchOperation[]): Patched {
  let value = document;
  let copied = 0;
  for (const [at, operation] of operations.entries()) {
    try {
      if (operation.op === "copy") copied += countValues(source(value, operation.from), MOST_COPIED - copied);
      value = applyOperation(value, operation);
    } catch (error) {
      if (!(error instanceof PlaceFault)) throw error;
      return { ok: false, at, message: `${operation.op} ${operation.path}: ${error.message}` };
    }
  }
  return { ok: true, value };
}

/** The operations of a patch as it is written. */
export function readJsonPatch(written: Json): Patched<JsonPatchOperation[]> {
  if (!Array.isArray(written)) return { ok: false, at: 0, message: "a JSON patch has to be a list of operations" };
  const operations: JsonPatchOperation[] = [];
  for (const [at, operation] of written.entries()) {
    const read = readOperation(operation);
    if (typeof read === "string") return { ok: false, at, message: read };
    operations.push(read);
  }
  return { ok: true, value: operations };
}

function readOperation(written: Json): JsonPatchOperation | string {
  if (!isJsonObject(written)) return "an operation has to be an object with op and path";
  const { op } = written;
  const path = readPath(written, "path");
  if (typeof path !== "string") return path.problem;
  switch (op) {
    case "add":
    case "replace":
    case "test": {
      const value = ownValue(written, "value");
      return value === undefined ? `${op} ${path}: has no value` : { op, path, value };
    }
    case "remove":
      return { op, path };
    case "copy":
    case "move": {
      const from = readPath(written, "from");
      return typeof from === "string" ? { op, path, from } : from.problem;
    }
    default:
      return `${path}: op has to be one of add, remove, replace, test, copy and move`;
  }
}

function readPath(written: JsonObject, field: "path" | "from"): string | { problem: string } {
  const path = ownValue(written, field);
  if (typeof path === "string" && path.startsWith("/")) return path;
  return { problem: `${field} has to be a JSON pointer that starts with /, such as /metadata/labels/app` };
}

function applyOperation(document: Json, operation: JsonPatchOperation): Json {
  const place = placeOf(operation.path);
  switch (operation.op) {
    case "add":
      return insertAt(document, place, { value: operation.value, makesParents: true });
    case "remove":
      return valueIn(document, place) === undefined ? document : takeOut(document, place);
    case "replace":
      return editAt(document, place, () => operation.value);
    case "test":
      if (isEqual(valueIn(document, place), operation.value)) return document;
      throw new PlaceFault("the value there is another one");
    case "copy":
      return insertAt(document, place, { value: source(document, operation.from), makesParents: false });
    case "move": {
      const value = source(document, operation.from);
      return insertAt(takeOut(document, placeOf(operation.from)), place, { value, makesParents: false });
    }
  }
}

/** Copies of copies grow without end, and share their parts until they are printed. */
const MOST_COPIED = 100_000;

/** With all that is inside. */
function countValues(value: Json, most: number): number {
  if (most <= 0) throw new PlaceFault(`the patch copies more than ${MOST_COPIED} values`);
  if (value === null || typeof value !== "object") return 1;
  return Object.values(value).reduce<number>((count, child) => count + countValues(child, most - count), 1);
}

function source(document: Json, from: string): Json {
  const value = valueIn(document, placeOf(from));
  if (value === undefined) throw new PlaceFault(`there is nothing at ${from}`);
  return value;
}

/** Deeper than any object is. */
const DEEPEST = 100;

function placeOf(pointer: string): Place {
  const segments = pointer.split("/", DEEPEST + 2).slice(1);
  if (segments.length > DEEPEST) throw new PlaceFault(`a path has at most ${DEEPEST} parts`);
  return segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}
