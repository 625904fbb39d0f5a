import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONDITION_TYPES, ISSUE_CODES, REASONS } from "./index.ts";

const REFERENCE = join(import.meta.dirname, "../../docs/reference");

describe("the reference pages", () => {
  it("have every condition type and reason with its sentence, and no other", () => {
    expect(tableOf("reasons.md")).toEqual({ ...CONDITION_TYPES, ...REASONS });
  });

  it("have every issue code with its sentence, and no other", () => {
    expect(tableOf("issues.md")).toEqual(ISSUE_CODES);
  });
});

/** Every row of the page's tables whose first cell is a word in code. */
function tableOf(page: string): Record<string, string> {
  const rows = readFileSync(join(REFERENCE, page), "utf8").matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm);
  return Object.fromEntries(Array.from(rows, ([, word = "", meaning = ""]) => [word, meaning]));
}
