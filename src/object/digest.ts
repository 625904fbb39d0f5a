/** The only file of the nouns that may use node:crypto: digests of identities and of content. */

import { hash as oneShot } from "node:crypto";

/** Hex digits of a mark: 128 bits, and short enough for a label value. */
const MARK_DIGITS = 32;

/**
 * SHA-256 over length-prefixed fields (`<bytes of UTF-8>:<field>` one after another), the first 32 hex digits.
 * The prefix keeps ["ab","c"] apart from ["a","bc"]. The format is API: docs/reference/marks.md has test vectors.
 */
export function digestOf(fields: readonly string[]): string {
  const text = fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join("");
  return oneShot("sha256", text).slice(0, MARK_DIGITS);
}

/** A digest to compare content with, inside one process; not stored anywhere. */
export function contentDigest(text: string): string {
  return oneShot("sha1", text, "base64");
}

export function hash(algorithm: "sha256" | "sha1" | "md5", text: string): string {
  return oneShot(algorithm, text);
}
