/** Base64, digests, JSON and YAML. */

import { parseJson } from "../../../object/index.ts";
import type { HashAlgorithm } from "../../language.ts";
import { readYaml } from "../yaml.ts";
import type { FunctionSpec } from "./signature.ts";

const STRING = ["string"] as const;

export const encodingFunctions: readonly FunctionSpec[] = [
  {
    name: "base64_encode",
    parameters: [STRING],
    call(args, run) {
      run.build(4 * args.text(0).length);
      return encodeBase64(new TextEncoder().encode(args.text(0)));
    },
  },
  {
    name: "base64_decode",
    parameters: [STRING],
    call(args, run) {
      run.build(args.text(0).length);
      const bytes = decodeBase64(args.text(0));
      if (bytes === undefined) throw args.wrong(0, "base64 text (standard alphabet, with padding)");
      return new TextDecoder().decode(bytes);
    },
  },
  ...(["sha256", "sha1", "md5"] as const).map(digestFunction),
  {
    name: "parse_json",
    parameters: [STRING],
    call(args, run) {
      run.build(2 * args.text(0).length);
      try {
        return parseJson(args.text(0));
      } catch {
        throw args.wrong(0, "JSON text");
      }
    },
  },
  {
    name: "parse_yaml",
    parameters: [STRING],
    call(args, run) {
      run.build(2 * args.text(0).length);
      run.spend(args.text(0).length >>> 2);
      const read = readYaml(args.text(0));
      if ("problem" in read) throw args.fail(read.problem);
      return read.value;
    },
  },
];

function digestFunction(name: HashAlgorithm): FunctionSpec {
  return {
    name,
    parameters: [STRING],
    call(args, run) {
      run.spend(args.text(0).length >>> 3);
      return run.environment.hash(name, args.text(0));
    },
  };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((letter, value) => [letter, value]));

function encodeBase64(bytes: Uint8Array): string {
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

/** Line breaks are skipped, as Go skips them; anything else outside the alphabet is refused. */
function decodeBase64(written: string): Uint8Array | undefined {
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
