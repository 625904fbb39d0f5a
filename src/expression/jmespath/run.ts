/** One evaluation: what it may still spend, and what it last failed to find. */

import type { Json } from "../../object/index.ts";
import type { Budget, Environment } from "../language.ts";
import { Fault } from "./fault.ts";
import { MAX_BUILT_BYTES, MAX_OUTPUT_BYTES, MAX_STEPS } from "./limits.ts";

/** A compiled piece of an expression. `undefined` is *not found*, which only some places turn into null. */
export type Step = (current: Json, run: Run) => Json | undefined;

export class Run {
  readonly environment: Environment;
  /** Names the string in the policy that is being evaluated; random() depends on it. */
  place = "";
  randomCalls = 0;
  /** The chain of names whose part at `at` was missing last. */
  missing: { readonly names: readonly string[]; readonly at: number } | undefined;
  /** The values of nested variables, by hole number. */
  holes: readonly Json[] = [];
  readonly #budget: Budget | undefined;
  #steps = 0;
  #built = 0;
  #output = 0;

  constructor(environment: Environment) {
    this.environment = environment;
    this.#budget = environment.budget;
  }

  /** Pays for work before it is done. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new Fault(`takes more than ${MAX_STEPS} steps; work on less data`);
    if (this.#budget === undefined) return;
    this.#budget.left -= steps;
    if (this.#budget.left < 0) throw new Fault("all that the rule computes for this trigger is too much; compute less");
  }

  /** Pays for a text or list of that size before it is built. */
  build(bytes: number): void {
    this.#built += bytes;
    if (bytes > MAX_OUTPUT_BYTES || this.#built > MAX_BUILT_BYTES) {
      throw new Fault(`builds a result larger than ${MAX_OUTPUT_BYTES / 1024 / 1024} MiB`);
    }
    this.spend(bytes >>> 6);
  }

  /** Counts what becomes part of the output. It costs more than what is only built: it is kept, compared and sent. */
  emit(bytes: number): void {
    this.#output += bytes;
    if (this.#output > MAX_OUTPUT_BYTES) throw new Fault(`gives more than ${MAX_OUTPUT_BYTES / 1024 / 1024} MiB`);
    this.spend(1 + (bytes >>> 3));
  }
}
