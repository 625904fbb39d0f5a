/** perennial explain: why rules do or do not apply to an object of the files. */

import { Argument, Command } from "commander";
import { printRef, refOf } from "../../object/index.ts";
import type { FileText } from "../documents.ts";
import { explainPolicy, findObject, findPolicy } from "../explain.ts";
import { loadWorld } from "../load.ts";
import { maskFor } from "../mask-for.ts";
import { type FileFlags, filesOption, installationOption, SYSTEM_NAMESPACES } from "../options.ts";
import { readFiles } from "../read-files.ts";
import { runCommand } from "../run-command.ts";
import { FOUND, OK, type Terminal } from "../terminal.ts";

type Asked = { policy: string; resource: string };

export function explainCommand(terminal: Terminal): Command {
  return new Command("explain")
    .description("says why each rule of a policy does or does not apply to a resource, condition by condition")
    .addArgument(new Argument("<policy>", "the policy's name; namespace/name of a Policy"))
    .addArgument(new Argument("<resource>", "kind/name or kind/namespace/name, such as namespace/shop"))
    .addOption(filesOption())
    .addOption(installationOption())
    .action((policy: string, resource: string, flags: FileFlags) =>
      runCommand(terminal, () => {
        const options = { installation: flags.installation, now: terminal.now() };
        const { text, applies } = explainFiles(readFiles(flags.filename), { policy, resource }, options);
        terminal.out(text);
        return applies ? OK : FOUND;
      }),
    );
}

/** `applies`: whether at least one rule does. Throws InputError. */
export function explainFiles(
  files: readonly FileText[],
  asked: Asked,
  options: { installation: string; now: Date },
): { text: string; applies: boolean } {
  const { world, notes } = loadWorld(files, { ...options, systemNamespaces: SYSTEM_NAMESPACES });
  const policy = findPolicy(world, asked.policy);
  const trigger = findObject(world, asked.resource);
  const rules = explainPolicy(world, { policy, trigger }, maskFor(world));
  const head = `${printRef({ ...policy.ref, group: "" })}, ${printRef(refOf(trigger))}`;
  const text = [head, ...rules.map((rule) => rule.text), ...notes.map((note) => `note: ${note}`)].join("\n\n");
  return { text: `${text}\n`, applies: rules.some((rule) => rule.applies) };
}
