/** The small schemas that the language is built of, each with the bounds that keep the API server's rules affordable. */

import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../object/index.ts";

const PRESERVE = { "x-kubernetes-preserve-unknown-fields": true };

/** Names hold at most 253 characters in Kubernetes; patterns of names need no more. */
export const NAME_LENGTH = 253;

/** Text that may hold `{{ }}` expressions is longer than what it becomes. */
export const EXPRESSION_LENGTH = 2048;

export function text(description: string, maxLength: number = NAME_LENGTH): z.ZodString {
  return z.string().min(1).max(maxLength).describe(description);
}

export function expression(description: string, maxLength: number = EXPRESSION_LENGTH): z.ZodString {
  return text(description, maxLength);
}

export function list<S extends z.ZodType>(item: S, maxItems: number, description: string): z.ZodArray<S> {
  return z.array(item).max(maxItems).describe(description);
}

/** Entries of a list that are told apart by fields; the API server refuses two with the same. */
export function keyedList<S extends z.ZodType>(
  item: S,
  { key, maxItems, description }: { key: string; maxItems: number; description: string },
): z.ZodArray<S> {
  return list(item, maxItems, description).meta({
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": [key],
  });
}

/** An object of any shape, kept as it is written. */
export function freeObject(description: string) {
  return z.custom<JsonObject>(isJsonObject, "has to be an object").meta({ type: "object", ...PRESERVE, description });
}

/** Any JSON value, kept as it is written. */
export function anyValue(description: string) {
  return z.custom<Json>((value) => value !== undefined).meta({ ...PRESERVE, description });
}

/** Text values under names that users choose, such as labels. */
export function textMap(maxProperties: number, description: string) {
  return z
    .custom<Record<string, string>>(
      isTextMap,
      "has to be an object whose values are strings; put numbers and booleans in quotes",
    )
    .meta({
      type: "object",
      maxProperties,
      additionalProperties: { type: "string", maxLength: NAME_LENGTH },
      description,
    });
}

function isTextMap(value: unknown): boolean {
  return isJsonObject(value) && Object.values(value).every((entry) => typeof entry === "string");
}
