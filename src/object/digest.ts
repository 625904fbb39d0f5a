/** The only file of the nouns that may use node:crypto: digests of identities and of content, and values under a key. */

import { createHmac, createSecretKey, type KeyObject, hash as oneShot } from "node:crypto";

/** Hex digits of a mark: 128 bits, and short enough for a label value. */
const MARK_DIGITS = 32;

/**
 * SHA-256 over length-prefixed fields (`<bytes of UTF-8>:<field>` one after another), the first 32 hex digits.
 * The prefix keeps ["ab","c"] apart from ["a","bc"]. The format is API: docs/reference/marks.md has test vectors.
 */
export function digestOf(fields: readonly string[]): string {
  return oneShot("sha256", prefixed(fields)).slice(0, MARK_DIGITS);
}

/** Bytes of an HMAC that make one number; it has 64. */
const NUMBER_BYTES = 4;
const NUMBERS_OF_BLOCK = 16;

/**
 * Numbers in [0, 1), without end, the same for ever for the same key and fields: HMAC-SHA-512 under the key over the
 * length-prefixed fields and the number of the block (0, 1, ...), of which four bytes at a time are a number. The format is
 * API: docs/reference/marks.md has test vectors.
 */
export function keyedNumbers(key: Uint8Array, fields: readonly string[]): () => number {
  const shared = prefixed(fields);
  let block = Buffer.alloc(0);
  let drawn = 0;
  return () => {
    const at = drawn % NUMBERS_OF_BLOCK;
    if (at === 0) block = keyedBlock(key, shared + prefixed([String(drawn / NUMBERS_OF_BLOCK)]));
    drawn++;
    return block.readUIntBE(at * NUMBER_BYTES, NUMBER_BYTES) / 2 ** (8 * NUMBER_BYTES);
  };
}

function keyedBlock(key: Uint8Array, text: string): Buffer<ArrayBuffer> {
  return createHmac("sha512", secretOf(key)).update(text).digest();
}

/** As Node works with it: to make that of the bytes takes longer than the digest. */
const SECRETS = new WeakMap<Uint8Array, KeyObject>();

function secretOf(key: Uint8Array): KeyObject {
  const known = SECRETS.get(key);
  if (known !== undefined) return known;
  const secret = createSecretKey(key);
  SECRETS.set(key, secret);
  return secret;
}

function prefixed(fields: readonly string[]): string {
  return fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join("");
}

/**
 * HMAC-SHA-256 over the length-prefixed fields, 64 hex digits, under a key that is itself the HMAC-SHA-256 of the purpose under the
 * given one. The format is API: docs/reference/created-by.md has test vectors.
 */
export function signatureOf(key: Uint8Array, purpose: string, fields: readonly string[]): string {
  const derived = createHmac("sha256", secretOf(key)).update(purpose).digest();
  return createHmac("sha256", derived).update(prefixed(fields)).digest("hex");
}

/** A digest to compare content with, inside one process; not stored anywhere. */
export function contentDigest(text: string): string {
  return oneShot("sha1", text, "base64");
}

export function hash(algorithm: "sha256" | "sha1" | "md5", text: string): string {
  return oneShot(algorithm, text);
}
