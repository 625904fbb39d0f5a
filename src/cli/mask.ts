/** Keeps the content of Secrets out of what is printed: of the Secrets themselves, and of what was made from them. */

import { isJsonObject, type Json, type JsonObject, type KubernetesObject, ownValue } from "../object/index.ts";

export const MASKED = "(masked)";

export interface Mask {
  object(object: KubernetesObject): JsonObject;
  /** A value that stands at a JSON pointer of an object. */
  value(kind: string, path: string, value: Json): Json;
  text(text: string): string;
  json(value: Json): Json;
}

const CONTENT = ["data", "stringData"];
/** Shorter ones stand in too many other words. */
const SHORTEST = 4;

/** `areRead`: false when no rule can have read a Secret, so that nothing but Secrets holds their content. */
export function createMask(objects: Iterable<KubernetesObject>, { areRead }: { areRead: boolean }): Mask {
  const secrets = [...new Set(areRead ? [...objects].flatMap(secretsIn) : [])].sort((a, b) => b.length - a.length);
  const text = (written: string): string =>
    secrets.reduce((shown, secret) => (shown.includes(secret) ? shown.replaceAll(secret, MASKED) : shown), written);
  const json = (value: Json): Json => mapTexts(value, text);
  return {
    text,
    json,
    value: (kind, path, value) => (kind === "Secret" && isContent(path) ? hide(value) : json(value)),
    object({ apiVersion, kind, metadata, ...content }) {
      const fields = Object.entries({ apiVersion, kind, metadata, ...content }) as [string, Json][]; // an object is JSON
      const shown = fields.map(([field, value]) => [
        field,
        kind === "Secret" && CONTENT.includes(field) ? hide(value) : json(value),
      ]);
      return Object.fromEntries(shown);
    },
  };
}

function isContent(path: string): boolean {
  return CONTENT.includes(path.split("/")[1] ?? "");
}

function hide(value: Json): Json {
  return isJsonObject(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, MASKED])) : MASKED;
}

function mapTexts(value: Json, map: (text: string) => string): Json {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mapTexts(child, map)]));
}

/** As they stand, and as what they encode. */
function secretsIn(object: KubernetesObject): string[] {
  if (object.kind !== "Secret" || object.apiVersion !== "v1") return [];
  const texts = CONTENT.flatMap((field) => {
    const values = ownValue(object as JsonObject, field); // an object is JSON
    return isJsonObject(values) ? Object.values(values).filter((value) => typeof value === "string") : [];
  });
  return texts.flatMap((text) => [text, decoded(text), encoded(text)]).filter((text) => text.length >= SHORTEST);
}

function decoded(text: string): string {
  const plain = Buffer.from(text, "base64").toString();
  return plain.includes("\uFFFD") ? "" : plain;
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64");
}
