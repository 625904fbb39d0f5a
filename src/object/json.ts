/** JSON values as they come from the API server and from policies. */

/** A bigint is an integer that a number cannot hold exactly; `parseJson` makes them, `printJson` prints them. */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

export type JsonObject = { [key: string]: Json };

export function isJsonObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** An own property only: `constructor` or `toString` of the prototype is never content. */
export function ownValue(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A plain assignment to `__proto__` would set the prototype instead of a key. */
export function setOwn(object: JsonObject, key: string, value: Json): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}
