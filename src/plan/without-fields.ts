/** A value without what some field paths lead to; the maps and lists that held it stay. */

import { type FieldPath, isJsonObject, type Json, type Path, resolveField } from "../object/index.ts";

export function withoutFields(root: Json, fields: readonly FieldPath[]): Json {
  const places = fields.flatMap((field) => resolveField(root, field, true).map(({ path }) => path));
  return places.length === 0 ? root : without(root, places);
}

function without(value: Json, places: readonly Path[]): Json {
  const inside = (key: string | number): Path[] => places.filter(([first]) => first === key).map(([, ...rest]) => rest);
  const isOut = (key: string | number): boolean => inside(key).some((rest) => rest.length === 0);
  if (Array.isArray(value))
    return value.flatMap((item, i) => (isOut(i) ? [] : [inside(i).length === 0 ? item : without(item, inside(i))]));
  if (!isJsonObject(value)) return value;
  const left = Object.entries(value).filter(([key]) => !isOut(key));
  return Object.fromEntries(
    left.map(([key, item]) => [key, inside(key).length === 0 ? item : without(item, inside(key))]),
  );
}
