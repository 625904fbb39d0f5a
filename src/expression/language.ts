/**
 * What an expression language is to the rest of the program: compile once with issues, know what is read, evaluate
 * over a snapshot. One folder beside this file per language; templates and rules see only these types.
 */

import type { Json, JsonObject, Path } from "../object/index.ts";

/** Something wrong in what a user wrote, found when it is compiled. `message` also says what would be right. */
export interface ExpressionIssue {
  readonly path: string;
  /** The last part of the path, below the value that was compiled. */
  readonly at: Path;
  readonly value: string;
  readonly message: string;
  /** True when a variable names a root that does not exist at this place; false for every other mistake. */
  readonly unknownRoot: boolean;
}

/**
 * The roots an expression can name. A root that is costly to make is a getter: it runs when (and only if) it is read.
 * Values are shared with results, so neither may be changed afterwards.
 */
export type Bindings = Readonly<JsonObject>;

export type HashAlgorithm = "sha256" | "sha1" | "md5";

/** What an evaluation may know besides its bindings; the same environment gives the same result. */
export interface Environment {
  now(): Date;
  /** Numbers in [0, 1) for one call of random() at `place`, which names the string in the policy and the call in it. */
  random(place: string): () => number;
  /** Lower-case hex digest of the text's UTF-8 bytes. */
  hash(algorithm: HashAlgorithm, text: string): string;
  /** What evaluations may cost together, beside the bound that each has; absent: as much as they like. */
  readonly budget?: Budget;
}

/** Steps that evaluations have together; see `Environment.budget`. */
export interface Budget {
  left: number;
}

export interface ExpressionError {
  /** Where in the policy the expression stands. */
  readonly path: string;
  readonly message: string;
  /** True when something named was missing, false when a type, a form or a bound was violated. */
  readonly notFound: boolean;
}

export type Evaluated =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: ExpressionError };

/** Which names an expression may start from, and how it is read. */
export interface CompileOptions {
  /** Roots that exist where the expression stands; absent: any name (the expression runs on a value, not on roots). */
  readonly roots?: ReadonlySet<string>;
  /** Roots whose first level is told apart in `reads`, as in `request.object`; default: request. */
  readonly detailed?: ReadonlySet<string>;
  /** All that a root can have, for roots of which that is known: another name is a mistake. */
  readonly fields?: ReadonlyMap<string, ReadonlySet<string>>;
}
