/** perennial migrate: policies of kyverno.io, said in perennial.dev/v1. */

import { Command } from "commander";
import { dump } from "js-yaml";
import type { JsonObject } from "../../object/index.ts";
import { migrateFiles } from "../migrate.ts";
import { filesOption } from "../options.ts";
import { readFiles } from "../read-files.ts";
import { runCommand } from "../run-command.ts";
import { FOUND, OK, type Terminal } from "../terminal.ts";

export function migrateCommand(terminal: Terminal): Command {
  return new Command("migrate")
    .description("prints policies of kyverno.io as perennial.dev/v1, with every default written out")
    .addOption(filesOption())
    .action(({ filename }: { filename: string[] }) =>
      runCommand(terminal, () => {
        const { policies, notes } = migrateFiles(readFiles(filename));
        terminal.out(printPolicies(policies));
        for (const note of notes) terminal.err(`note: ${note}\n`);
        return notes.length > 0 ? FOUND : OK;
      }),
    );
}

export function printPolicies(policies: readonly JsonObject[]): string {
  return policies.map((policy) => dump(policy, { noRefs: true, lineWidth: -1 })).join("---\n");
}
