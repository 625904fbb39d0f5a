/** Runs what a command does and turns what comes of it into an exit code. */

import { InputError } from "./input-error.ts";
import { FAILED, type Terminal } from "./terminal.ts";

/** Wrong input is told line by line. A fault of the program is no answer either: 1 would say that there is something to do. */
export async function runCommand(terminal: Terminal, run: () => number | Promise<number>): Promise<void> {
  try {
    terminal.exit(await run());
  } catch (error) {
    for (const problem of problemsOf(error)) terminal.err(`perennial: ${problem}\n`);
    terminal.exit(FAILED);
  }
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof InputError) return error.problems;
  return [`a fault of the program, please report it: ${error instanceof Error ? error.stack : String(error)}`];
}
