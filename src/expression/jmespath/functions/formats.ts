/** Functions on versions, images, addresses, certificates, and random text. */

import { parseImage, printImage } from "../../image.ts";
import { parseRange, parseVersion } from "../../semver.ts";
import { isExternalHost } from "../host.ts";
import { checkPattern, generateText } from "../random.ts";
import { decodeX509 } from "../x509.ts";
import type { Arguments, FunctionSpec } from "./signature.ts";

const STRING = ["string"] as const;

export const formatFunctions: readonly FunctionSpec[] = [
  {
    name: "semver_compare",
    parameters: [STRING, STRING],
    checkLiteral: { at: 1, check: rangeOf },
    call(args, run) {
      run.spend(args.text(1).length);
      return rangeOf(args)(parseVersion(args.text(0)) ?? { numbers: [0n, 0n, 0n], prerelease: [] });
    },
  },
  {
    name: "image_normalize",
    parameters: [STRING],
    call(args) {
      const image = parseImage(args.text(0));
      if (image === undefined) throw args.wrong(0, "an image reference such as nginx:1.27");
      return printImage(image);
    },
  },
  {
    name: "is_external_url",
    parameters: [STRING],
    call(args) {
      const host = hostOf(args.text(0));
      if (host === undefined) throw args.wrong(0, "a URL such as https://example.com");
      return isExternalHost(host);
    },
  },
  {
    name: "x509_decode",
    parameters: [STRING],
    call(args, run) {
      run.build(4 * args.text(0).length); // each byte is looked at, and may come back as text
      const decoded = decodeX509(args.text(0));
      if ("problem" in decoded) throw args.fail(decoded.problem);
      return decoded.value;
    },
  },
  {
    name: "random",
    parameters: [STRING],
    usesRandom: true,
    checkLiteral: { at: 0, check: (args) => checkPattern(args.text(0)) },
    call(args, run) {
      const next = run.environment.random(`${run.place}#${run.randomCalls++}`);
      return generateText(args.text(0), next, run);
    },
  },
];

function rangeOf(args: Arguments): NonNullable<ReturnType<typeof parseRange>> {
  const range = parseRange(args.text(1));
  if (range === undefined) throw args.wrong(1, "a range of versions such as >=1.2.x <2.0.0 (^ and ~ are not known)");
  return range;
}

function hostOf(text: string): string | undefined {
  const url = text.length > 10_000 ? null : URL.parse(text);
  return url === null || url.hostname === "" ? undefined : url.hostname;
}
