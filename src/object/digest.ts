/** The only file of the nouns that may use node:crypto: digests of identities and of content. */

import { createHash } from "node:crypto";

/** Hex digits of a mark: 128 bits, and short enough for a label value. */
const MARK_DIGITS = 32;

/**
 * SHA-256 over length-prefixed fields (`<bytes of UTF-8>:<field>` one after another), the first 32 hex digits.
 * The prefix keeps ["ab","c"] apart from ["a","bc"]. The format is API: docs/reference/marks.md has test vectors.
 */
export function digestOf(fields: readonly string[]): string {
  const hash = createHash("sha256");
  for (const field of fields) hash.update(`${Buffer.byteLength(field)}:${field}`);
  return hash.digest("hex").slice(0, MARK_DIGITS);
}

/** A digest to compare content with, inside one process; not stored anywhere. */
export function contentDigest(text: string): string {
  return createHash("sha1").update(text).digest("base64");
}

export function hash(algorithm: "sha256" | "sha1" | "md5", text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}
