/** The commands that need no cluster. */

import type { Command } from "commander";
import { explainCommand, migrateCommand, planCommand, testCommand } from "./commands/index.ts";
import type { Terminal } from "./terminal.ts";

export function offlineCommands(terminal: Terminal): Command[] {
  return [planCommand(terminal), explainCommand(terminal), testCommand(terminal), migrateCommand(terminal)];
}
