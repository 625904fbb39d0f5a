/**
 * Adds up the results of all suites in the folder it is given; the last line printed is `N passed, N failed, N skipped`.
 * A step that failed without a failed test (a lint error, a suite that ran nothing or could not start) counts as one.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Counts = { passed: number; failed: number; skipped: number };

/** The part of vitest's JSON report that is read here. */
export type Report = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: readonly {
    name?: string;
    message?: string;
    status: string;
    assertionResults: readonly { status: string; fullName?: string; failureMessages?: readonly string[] }[];
  }[];
};

const SUITES = ["unit", "e2e", "property"] as const;

/** `report` is undefined when the suite wrote none. */
export function countSuite(report: Report | undefined): Counts {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests: passed, numPendingTests, numTodoTests } = report;
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  const ranNothing = passed + failed === 0 ? 1 : 0;
  return { passed, failed: failed + ranNothing, skipped: numPendingTests + numTodoTests };
}

/** `failedSteps` are all steps that ended with an error, suites included. */
export function countAll(reports: ReadonlyMap<string, Report | undefined>, failedSteps: readonly string[]): Counts {
  const suites = new Map([...reports].map(([name, report]) => [name, countSuite(report)]));
  for (const step of failedSteps) {
    const suite = suites.get(step) ?? { passed: 0, failed: 0, skipped: 0 };
    suites.set(step, { ...suite, failed: Math.max(suite.failed, 1) });
  }
  const sum = (field: keyof Counts) => [...suites.values()].reduce((total, counts) => total + counts[field], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

const MOST_FAILURES = 20;
const MOST_CHARACTERS = 1_500;

/** What failed, once more and in short, where a long log ends: file, test, and how the message begins. */
export function printFailures(reports: Iterable<Report | undefined>): string[] {
  const files = [...reports].flatMap((report) => report?.testResults ?? []);
  const failures = files.flatMap(({ name = "", message = "", status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === "failed");
    if (tests.length === 0) return status === "failed" ? [`FAILED ${name}\n${message}`] : [];
    return tests.map(
      ({ fullName, failureMessages = [] }) => `FAILED ${name} > ${fullName}\n${failureMessages[0] ?? ""}`,
    );
  });
  const more = failures.length - MOST_FAILURES;
  return [
    ...failures.slice(0, MOST_FAILURES).map((failure) => failure.slice(0, MOST_CHARACTERS)),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function summarize(folder: string): number {
  const failedSteps = readText(join(folder, "failed-steps")).split("\n").filter(Boolean);
  const reports = new Map(SUITES.map((name) => [name, readReport(join(folder, `${name}.json`))]));
  const counts = countAll(reports, failedSteps);
  for (const failure of printFailures(reports.values())) console.log(failure);
  const line = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
  writeFileSync(join(folder, "summary"), `${line}\n`);
  if (failedSteps.length > 0) console.log(`failed: ${failedSteps.join(", ")}`);
  console.log(line);
  return counts.failed === 0 ? 0 : 1;
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readText(file)) as Report; // written by vitest a moment ago
  } catch {
    return undefined; // absent, or cut off when vitest was killed
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

if (import.meta.main) process.exitCode = summarize(process.argv[2] ?? ".test-results");
