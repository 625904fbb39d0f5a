/** The public JMESPath compliance suite, every case of it; the corpus lies outside the project. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Json } from "../../object/index.ts";
import { compileJmespath, Run, runGuarded, specificationFunctions } from "./index.ts";

interface Suite {
  readonly given: Json;
  readonly cases: readonly { readonly expression: string; readonly result?: Json; readonly error?: string }[];
}

const folder = join(process.env.PERENNIAL_CORPUS ?? join(process.cwd(), "../shared/corpus"), "jmespath-compliance");
const isThere = existsSync(folder);
const suites = isThere ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];

const environment = { now: () => new Date(0), random: () => () => 0, hash: () => "" };

function outcomeOf(expression: string, given: Json): { result: Json } | { error: string } {
  const compiled = compileJmespath(expression, {}, specificationFunctions);
  if ("problem" in compiled) return { error: compiled.problem.message };
  const ran = runGuarded(() => compiled.expression.run(given, new Run(environment)));
  return "fault" in ran ? { error: ran.fault.message } : { result: ran.value ?? null };
}

describe("JMESPath compliance", () => {
  if (!isThere) it.skip(`SKIPPED: there is no corpus at ${folder}`, () => undefined);

  let counted = 0;
  for (const name of suites) {
    const content = JSON.parse(readFileSync(join(folder, name), "utf8")) as Suite[]; // The corpus's documented form.
    it(`agrees on every case of ${name}`, () => {
      for (const { given, cases } of content) {
        for (const { expression, result, error } of cases) {
          const outcome = outcomeOf(expression, given);
          if (error !== undefined) expect(Object.keys(outcome), expression).toEqual(["error"]);
          else if (result !== undefined) expect(outcome, expression).toEqual({ result });
          else expect(Object.keys(outcome), expression).toEqual(["result"]); // Benchmarks name no result.
          counted++;
        }
      }
    });
  }

  if (isThere) it("has counted all of the suite", () => expect(counted).toBeGreaterThanOrEqual(892));
});
