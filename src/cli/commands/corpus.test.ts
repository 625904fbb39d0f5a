/** Real policies and their offline tests, read where they are kept beside the project. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testPaths } from "./test.ts";

const CORPUS = process.env.PERENNIAL_CORPUS ?? join(process.cwd(), "../shared/corpus");
const POLICIES = join(CORPUS, "policies");

/** Tests that lack files in the corpus. */
const INCOMPLETE = [/add-ambient-mode-namespace\/\.chainsaw-test\/patched-ns-disabled\.yaml does not exist$/];

/** Rules that generate, and of which the corpus has a test. */
const GENERATING = [
  "add-networkpolicy default-deny",
  "create-default-pdb create-default-pdb",
  "k6t-add-services k6t-add-service-ssh",
];

const IS_THERE = existsSync(POLICIES);

describe.skipIf(IS_THERE)("the offline tests of the corpus", () => {
  it.skip(`SKIPPED: there is no corpus at ${POLICIES}`, () => undefined);
});

describe.skipIf(!IS_THERE)("the offline tests of the corpus", () => {
  const { reports, problems } = existsSync(POLICIES)
    ? testPaths([POLICIES], new Date(0))
    : { reports: [], problems: [] };
  const outcomes = reports.flatMap((report) => report.outcomes);

  it("can be read, but for those that lack files", () => {
    expect(problems).toEqual(INCOMPLETE.map((problem) => expect.stringMatching(problem)));
    expect(reports.length).toBeGreaterThan(20);
  });

  it("give the expected outcome for every rule", () => {
    const failed = outcomes.filter(({ outcome }) => outcome === "failed");
    const names = outcomes.map(({ expectation: { policy, rule } }) => `${policy} ${rule}`);
    expect(names).toEqual(expect.arrayContaining(GENERATING));
    expect(outcomes.filter(({ outcome }) => outcome === "passed").length).toBeGreaterThanOrEqual(55);
    expect(failed.map(({ message }) => message)).toEqual([]);
  });

  it("are all looked at", () => {
    expect(outcomes.filter(({ outcome }) => outcome === "skipped")).toEqual([]);
  });
});
