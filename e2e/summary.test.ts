/** The line that CI reads: it must not be good when something was not. */

import { describe, expect, it } from "vitest";
import { countAll, countSuite, printFailures, type Report } from "./summary.ts";

function report(passed: number, failed = 0, skipped = 0, files: Report["testResults"] = []): Report {
  return {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
    testResults: files,
  };
}

describe("the summary of a suite", () => {
  it("counts what vitest counts", () => {
    expect(countSuite(report(5, 2, 1))).toEqual({ passed: 5, failed: 2, skipped: 1 });
  });

  it.each([
    ["wrote no report", undefined],
    ["ran no test", report(0)],
    ["only skipped tests", report(0, 0, 3)],
  ])("is a failure when the suite %s", (_case, result) => {
    expect(countSuite(result).failed).toBe(1);
  });

  it("counts a file that could not be loaded as a failure", () => {
    const files = [{ status: "failed", assertionResults: [] }];
    expect(countSuite(report(5, 0, 0, files))).toEqual({ passed: 5, failed: 1, skipped: 0 });
  });

  it("counts a failed test once, not again with its file", () => {
    const files = [{ status: "failed", assertionResults: [{ status: "passed" }, { status: "failed" }] }];
    expect(countSuite(report(1, 1, 0, files)).failed).toBe(1);
  });
});

describe("the summary of all", () => {
  const reports = new Map([
    ["unit", report(3)],
    ["e2e", report(2, 1, 1)],
  ]);

  it("adds the suites up", () => {
    expect(countAll(reports, ["e2e"])).toEqual({ passed: 5, failed: 1, skipped: 1 });
  });

  it("counts a failed step that is no suite", () => {
    expect(countAll(reports, ["lint", "e2e"]).failed).toBe(2);
  });

  it("counts a suite that ended with an error although no test failed", () => {
    expect(countAll(reports, ["unit", "e2e"]).failed).toBe(2);
  });
});

describe("the failures at the end", () => {
  it("are told by file and test, with how the message begins, and not all of very many", () => {
    const failed = { status: "failed", fullName: "a thing holds", failureMessages: [`not so${"!".repeat(9_000)}`] };
    const broken = { name: "e2e/b.test.ts", status: "failed", message: "cannot be loaded", assertionResults: [] };
    const files = [
      { name: "e2e/a.test.ts", status: "failed", assertionResults: [{ status: "passed" }, failed] },
      broken,
    ];
    const [first = "", ...others] = printFailures([report(1, 1, 0, files), undefined]);
    expect(first).toMatch(/^FAILED e2e\/a\.test\.ts > a thing holds\nnot so!+$/);
    expect(first.length).toBe(1_500);
    expect(others).toEqual(["FAILED e2e/b.test.ts\ncannot be loaded"]);
    const many = Array.from({ length: 23 }, () => broken);
    expect(printFailures([report(0, 0, 0, many)]).at(-1)).toBe("and 3 more");
  });
});
