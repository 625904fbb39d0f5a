/** Which JSON patches do nothing more when they are applied once more, as far as the patch itself tells. */

import { isJsonObject, type Json } from "../object/index.ts";

/** `patch`: as written, perhaps with variables; a whole list that a variable gives may do anything. */
export function isRepeatable(patch: Json): boolean {
  return Array.isArray(patch) && patch.every(isRepeatableOperation);
}

/** Setting a field again changes nothing. In a list, what was inserted or removed moves the others. */
function isRepeatableOperation(operation: Json): boolean {
  if (!isJsonObject(operation) || typeof operation.path !== "string") return false;
  const { op, path } = operation;
  if (op === "replace" || op === "test") return true;
  const last = path.slice(path.lastIndexOf("/") + 1);
  const isField = !/^-?\d*$/.test(last) && !last.includes("{{");
  return isField && (op === "add" || op === "remove" || op === "copy");
}
