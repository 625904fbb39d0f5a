/** perennial test: offline tests of policies. */

import { Argument, Command } from "commander";
import { InputError } from "../input-error.ts";
import { printTest, printTotals, type TestReport } from "../print-test.ts";
import { findTests, readTest } from "../read-tests.ts";
import { runCommand } from "../run-command.ts";
import { runTest } from "../run-test.ts";
import { FAILED, FOUND, OK, type Terminal } from "../terminal.ts";

export function testCommand(terminal: Terminal): Command {
  return new Command("test")
    .description("runs offline tests: what rules give for resources is held against what they should give")
    .addArgument(new Argument("<path...>", "test files, or folders with kyverno-test.yaml or perennial-test.yaml"))
    .action((paths: string[]) => runCommand(terminal, () => test(paths, terminal)));
}

function test(paths: readonly string[], terminal: Terminal): number {
  const { reports, problems } = testPaths(paths, terminal.now());
  for (const report of reports) terminal.out(printTest(report));
  for (const problem of problems) terminal.err(`perennial: ${problem}\n`);
  terminal.out(printTotals(reports));
  if (problems.length > 0) return FAILED;
  return reports.some(({ outcomes }) => outcomes.some(({ outcome }) => outcome === "failed")) ? FOUND : OK;
}

/** A test that cannot be read keeps no other from being run. Throws InputError when there is none at all. */
export function testPaths(paths: readonly string[], now: Date): { reports: TestReport[]; problems: string[] } {
  const reports: TestReport[] = [];
  const problems: string[] = [];
  for (const path of findTests(paths)) {
    try {
      const read = readTest(path, now);
      reports.push({ path, name: read.file.name, outcomes: runTest(read) });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems.map((problem) => (problem.startsWith(path) ? problem : `${path}: ${problem}`)));
    }
  }
  return { reports, problems };
}
