/** The outcomes of offline tests as a table. */

import type { Outcome } from "./run-test.ts";

export type TestReport = { path: string; name: string; outcomes: readonly Outcome[] };

export function printTest({ path, name, outcomes }: TestReport): string {
  const rows = outcomes.map(({ expectation: { policy, rule, kind, resource }, outcome, message }) => ({
    cells: [outcome, policy, rule, `${kind} ${resource}`.trim()],
    message,
  }));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map(({ cells }) => cells[column]?.length ?? 0)));
  const lines = rows.map(({ cells, message }) => {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
    return `  ${padded}${message === undefined ? "" : `  ${message}`}`.trimEnd();
  });
  return [`${path}${name === "" ? "" : ` (${name})`}`, ...lines, "", ""].join("\n");
}

export function printTotals(reports: readonly TestReport[]): string {
  const outcomes = reports.flatMap((report) => report.outcomes);
  const count = (wanted: Outcome["outcome"]): number => outcomes.filter(({ outcome }) => outcome === wanted).length;
  const files = reports.length === 1 ? "1 file" : `${reports.length} files`;
  return `${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped, in ${files}.\n`;
}
