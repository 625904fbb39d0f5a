/** Two JSON values that should be equal: where they are not. */

import { isEqual, isJsonObject, type Json, type Path, printPointer } from "../object/index.ts";

export function printDifference({ path, found, wanted }: Difference): string {
  if (found === undefined) return `${path} is missing, and should be ${JSON.stringify(wanted)}`;
  if (wanted === undefined) return `${path} is ${JSON.stringify(found)}, and should not be there`;
  return `${path} is ${JSON.stringify(found)}, and should be ${JSON.stringify(wanted)}`;
}

/** `found` or `wanted` is absent where there is nothing. */
export type Difference = { path: string; found?: Json; wanted?: Json };

export function differences(found: Json | undefined, wanted: Json | undefined, path: Path = []): Difference[] {
  if (isEqual(found, wanted)) return [];
  if (isJsonObject(found) && isJsonObject(wanted)) {
    const keys = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
    return keys.flatMap((key) => differences(found[key], wanted[key], [...path, key]));
  }
  if (Array.isArray(found) && Array.isArray(wanted) && found.length === wanted.length)
    return wanted.flatMap((item, i) => differences(found[i], item, [...path, i]));
  return [
    {
      path: printPointer(path),
      ...(found === undefined ? {} : { found }),
      ...(wanted === undefined ? {} : { wanted }),
    },
  ];
}
