/** Values of variables that stand in a JSON patch without quotes. */

import { readYaml } from "../expression/index.ts";
import { isJsonObject, type Json, type Path, setOwn } from "../object/index.ts";

/** Text at these places that is a map or a list written as JSON is that map or list; any other text stays text. */
export function readJsonText(patch: Json, places: readonly Path[]): Json {
  return places.reduce<Json>((whole, place) => readAt(whole, place), patch);
}

function readAt(value: Json, [key, ...rest]: Path): Json {
  if (key === undefined) return typeof value === "string" ? readText(value) : value;
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? readAt(item, rest) : item));
  if (!isJsonObject(value)) return value;
  const read: { [key: string]: Json } = {};
  for (const [name, child] of Object.entries(value)) setOwn(read, name, name === key ? readAt(child, rest) : child);
  return read;
}

function readText(text: string): Json {
  if (!/^\s*[[{]/.test(text)) return text;
  const read = readYaml(text);
  return "value" in read && typeof read.value === "object" && read.value !== null ? read.value : text;
}
