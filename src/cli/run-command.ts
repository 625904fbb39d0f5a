/** Runs what a command does and turns what comes of it into an exit code. */

import { InputError } from "./input-error.ts";
import { FAILED, type Terminal } from "./terminal.ts";

/** Wrong input is told line by line; faults of the program go on to whoever called. */
export async function runCommand(terminal: Terminal, run: () => number | Promise<number>): Promise<void> {
  try {
    terminal.exit(await run());
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    for (const problem of error.problems) terminal.err(`perennial: ${problem}\n`);
    terminal.exit(FAILED);
  }
}
