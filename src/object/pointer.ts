/** Paths into JSON and their text form, the JSON pointer of RFC 6901. */

import { isJsonObject, type Json } from "./json.ts";

export type Segment = string | number;
export type Path = readonly Segment[];

export function printPointer(path: Path): string {
  return path.map((segment) => `/${String(segment).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Digits are read as a position in a list. */
export function parsePointer(pointer: string): Path {
  return pointer.split("/").slice(1).map(parseSegment);
}

function parseSegment(text: string): Segment {
  const segment = text.replaceAll("~1", "/").replaceAll("~0", "~");
  return /^\d+$/.test(segment) ? Number(segment) : segment;
}

export function valueAt(root: Json | undefined, path: Path): Json | undefined {
  let value = root;
  for (const segment of path) {
    if (Array.isArray(value)) value = typeof segment === "number" ? value[segment] : undefined;
    else if (isJsonObject(value)) value = Object.hasOwn(value, segment) ? value[segment] : undefined;
    else return undefined;
  }
  return value;
}
