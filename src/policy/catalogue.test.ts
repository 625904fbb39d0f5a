import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONDITION_TYPES, ISSUE_CODES, LATER_REASONS, REASONS } from "./index.ts";

const REFERENCE = join(import.meta.dirname, "../../docs/reference");
const SRC = join(import.meta.dirname, "..");

describe("the reference pages", () => {
  it("tell the reasons that no status shows yet apart", () => {
    expect(reasonsBelow("## Reasons of later versions")).toEqual(LATER_REASONS);
  });

  it("have every condition type and reason with its sentence, and no other", () => {
    expect(tableOf("reasons.md")).toEqual({ ...CONDITION_TYPES, ...REASONS });
  });

  it("have every issue code with its sentence, and no other", () => {
    expect(tableOf("issues.md")).toEqual(ISSUE_CODES);
  });
});

describe("the reasons", () => {
  it("are all set by the program, except those of later versions", () => {
    const source = sourceOutsideCatalogue();
    const unused = Object.keys(REASONS).filter((reason) => !source.includes(`"${reason}"`));
    expect(unused).toEqual(LATER_REASONS);
  });
});

/** The issue codes are left out too: some share their word with a reason. */
function sourceOutsideCatalogue(): string {
  const catalogues = ["policy/reason.ts", "policy/issue.ts"];
  const files = globSync("**/*.ts", { cwd: SRC }).filter(
    (file) => !/\.(test|fixture)\.ts$/.test(file) && !catalogues.includes(file),
  );
  return files.map((file) => readFileSync(join(SRC, file), "utf8")).join("\n");
}

function reasonsBelow(heading: string): string[] {
  const [, below = ""] = readFileSync(join(REFERENCE, "reasons.md"), "utf8").split(heading);
  return Array.from(below.matchAll(/^\| `(\w+)`/gm), ([, word = ""]) => word);
}

/** Every row of the page's tables whose first cell is a word in code. */
function tableOf(page: string): Record<string, string> {
  const rows = readFileSync(join(REFERENCE, page), "utf8").matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm);
  return Object.fromEntries(Array.from(rows, ([, word = "", meaning = ""]) => [word, meaning]));
}
