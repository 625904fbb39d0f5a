/** What we applied once and no longer desire: our own entry still owns it. */

import { type FieldPath, fieldMembers, type Json, type JsonObject, resolveField } from "../object/index.ts";

export function staleFields(desired: Json, owned: JsonObject): FieldPath[] {
  return fieldMembers(owned).filter((path) => path[0] !== "f:status" && resolveField(desired, path, true).length === 0);
}
