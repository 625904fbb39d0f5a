/** Why a rule does or does not apply to an object: every condition with its answer, from the evaluation that decides. */

import type { Json } from "../object/index.ts";
import type { Failed } from "./failed.ts";

/** One part of a filter, such as `selector`. */
export type PartCheck = { field: string; whyNot: string | undefined };

/** A filter holds when each of its parts does. `path` is below the rule, such as `match.any[0]`. */
export type FilterCheck = { path: string; parts: readonly PartCheck[] };

/** `reads`: the variables that key and value name. */
export type ConditionCheck = {
  path: string;
  operator: string;
  reads: ReadonlySet<string>;
  compared: Compared;
};

export type Compared = { ok: true; key: Json; value: Json; holds: boolean } | Failed;

/** A context entry; `reads`: the variables that it names itself. */
export type ContextCheck = { name: string; reads: ReadonlySet<string>; value: { ok: true; value: Json } | Failed };

export type Explanation = {
  match: readonly FilterCheck[];
  exclude: readonly FilterCheck[];
  preconditions: readonly ConditionCheck[];
  context: readonly ContextCheck[];
};
