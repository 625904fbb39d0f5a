/** Base64, digests, JSON and YAML. */

import { parseJson } from "../../../object/index.ts";
import type { HashAlgorithm } from "../../language.ts";
import { decodeBase64, encodeBase64 } from "../base64.ts";
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
