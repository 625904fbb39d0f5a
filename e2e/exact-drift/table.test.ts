/** The scenarios are those of the reference, row by row, and nothing is played that it does not ask for without a reason. */

import { describe, expect, it } from "vitest";
import { tellOutcome } from "./scenario.ts";
import { ALL_ROWS, type Row } from "./scenarios/index.ts";
import { readTable, TABLE_FILE } from "./table.ts";

function printRow({ kind, scenario: { title, outcome, instead } }: Row): string {
  return `${kind.title} | ${title} | ${tellOutcome(instead?.of ?? outcome)}`;
}

describe("the table of scenarios", () => {
  const table = readTable();
  if (table === undefined) it.skip(`SKIPPED: there is no reference at ${TABLE_FILE}`, () => undefined);
  else
    it("is that of the reference: same kinds, same titles, same outcomes", () => {
      const ours = ALL_ROWS.filter(({ scenario }) => scenario.beyond === undefined).map(printRow);
      expect(ours.toSorted()).toEqual(table.toSorted());
    });

  it("has 210 rows of 21 kinds, no two alike", () => {
    const rows = ALL_ROWS.filter(({ scenario }) => scenario.beyond === undefined).map(printRow);
    expect(new Set(rows).size).toBe(210);
    expect(new Set(ALL_ROWS.map(({ kind }) => kind.title)).size).toBe(21);
  });
});
