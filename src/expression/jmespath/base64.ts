/** Base64, the standard alphabet with padding. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((letter, value) => [letter, value]));

export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3);
    const group = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += letter(group >> 18) + letter(group >> 12);
    text += b === undefined ? "==" : letter(group >> 6) + (c === undefined ? "=" : letter(group));
  }
  return text;
}

function letter(bits: number): string {
  return ALPHABET.charAt(bits & 63);
}

/** Undefined when it is none. Line breaks are skipped, as Go skips them; anything else outside the alphabet is refused. */
export function decodeBase64(written: string): Uint8Array | undefined {
  const text = written.replaceAll(/[\r\n]/g, "");
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const letters = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const character of letters) {
    bits = ((bits << 6) | (VALUES.get(character) ?? 0)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = (bits >> held) & 0xff;
  }
  return bytes;
}
