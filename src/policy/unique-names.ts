/** Entries of a list that are told apart by their names. */

import { isJsonObject, type Json, ownValue, type Path } from "../object/index.ts";
import type { Constraint } from "./field.ts";

export function uniqueNames(message: string): Constraint {
  return {
    code: "DuplicateName",
    message,
    offenders: (entries) => {
      const names = namesIn(entries);
      return names.flatMap((name, at): Path[] =>
        name !== undefined && names.indexOf(name) < at ? [[at, "name"]] : [],
      );
    },
  };
}

/** In order; undefined where an entry has none. */
export function namesIn(entries: Json): (Json | undefined)[] {
  return (Array.isArray(entries) ? entries : []).map((entry) =>
    isJsonObject(entry) ? ownValue(entry, "name") : undefined,
  );
}
