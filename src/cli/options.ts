/** Options that several commands have. */

import { InvalidArgumentError, Option } from "commander";

export type FileFlags = { filename: string[]; installation: string };

export function filesOption(): Option {
  return new Option(
    "-f, --filename <path>",
    "a file or folder with policies or resources, or - for standard input; may be repeated",
  )
    .argParser((path: string, paths: string[] | undefined) => [...(paths ?? []), path])
    .makeOptionMandatory();
}

export function installationOption(): Option {
  return new Option("--installation <id>", "the installation whose marks count as ours, as given to the operator")
    .default("perennial-system")
    .argParser(installationId);
}

function installationId(value: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value))
    throw new InvalidArgumentError("it must be 1 to 63 lower-case letters, digits and dashes");
  return value;
}

/** Left alone by default, as by the operator. */
export const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set([
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "perennial-system",
]);
