/** The reference's own table, where it is: it lies outside the project. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../harness/index.ts";

export const TABLE_FILE = join(process.env.PERENNIAL_REFERENCE ?? join(ROOT, "../shared/reference"), "exact-drift.md");

const HEADING = "## Scenarios and what must come out";

/** Its rows as `kind | what happens | outcome`; undefined when there is no such file. */
export function readTable(): string[] | undefined {
  if (!existsSync(TABLE_FILE)) return undefined;
  const text = readFileSync(TABLE_FILE, "utf8");
  return text
    .slice(text.indexOf(HEADING))
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1) // the header
    .map((line) => line.replace(/^\| | \|$/g, ""));
}
