/** Values that the server rewrites into another form: `1000m` becomes `1`, `60m` becomes `1h0m0s`. */

import { type Json, parseDuration, sameQuantity } from "../object/index.ts";

/** The server always gives text: a number where text was applied is somebody's edit. */
export function isNormalised(desired: Json, live: Json): boolean {
  if (!isScalar(desired) || typeof live !== "string") return false;
  return sameQuantity(desired, live) || isSameDuration(String(desired), String(live));
}

function isSameDuration(desired: string, live: string): boolean {
  const nanos = parseDuration(desired);
  return nanos !== undefined && nanos === parseDuration(live);
}

function isScalar(value: Json): value is string | number | bigint {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint";
}
