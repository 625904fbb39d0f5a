/** The plan of one claim, as a value. */

import type { ObjectKey, ObjectRef } from "../object/index.ts";
import type { Call } from "../rule/index.ts";
import type { ClaimKey, Dependency, FirstApplied, Look, Mutations } from "../state/index.ts";
import type { Fate } from "./fate.ts";
import type { Failure, Step } from "./step.ts";
import type { Judged } from "./wanted.ts";

export type Plan = {
  key: ClaimKey;
  fate: Fate["type"];
  because: string;
  steps: readonly Step[];
  /** The targets it desires; those it desired before where nobody can say just now. */
  wants: readonly ObjectKey[];
  /** Its rule selects the trigger, and desires nothing for it, as its preconditions do not hold. */
  idle: boolean;
  /** What else it looked at; it is planned again when one of them changes. */
  reads: readonly Dependency[];
  /** What it asked, and the answers; it is planned again when one of them is another. */
  looks: readonly Look[];
  /** What has to be asked for it now and then; undefined when its rule was not asked. */
  calls: readonly Call[] | undefined;
  /** Failures of the claim as a whole; those of single targets are in their steps. */
  failures: readonly Failure[];
  /** Judgements to remember, so that the same content is not compared again. */
  judged: readonly Judged[];
  /** Of a claim that changes existing objects. */
  mutations?: Omit<Mutations, "leaving" | "unaccepted" | "awaited">;
  /** Claims that may take over what this one gives up. */
  heirs: readonly ClaimKey[];
  /** Marked targets that stay for good, because nothing is known any more that says what should become of them. */
  kept: readonly ObjectRef[];
  /** When it was first applied, where its rule needs to know and it desires something. */
  firstApplied?: FirstApplied;
  /** Plan again after so many milliseconds, because no event will tell. */
  again?: number;
  /** Plan again now and then, because time decides, and no event tells that it has passed. */
  isTimed: boolean;
};

export function nothing(key: ClaimKey, fate: Fate["type"], because: string): Plan {
  const none = { steps: [], wants: [], reads: [], looks: [], failures: [], judged: [], heirs: [], kept: [] };
  return { key, fate, because, idle: false, isTimed: false, calls: undefined, ...none };
}
