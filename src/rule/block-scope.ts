/** What compiling a part of generate takes and gives. */

import type { Build } from "./build.ts";
import type { Desired } from "./rule.ts";
import type { Scope } from "./scope.ts";

export type CompiledBlock = { desired(scope: Scope): Desired };

export type BlockScope = {
  /** The path of the part, such as `spec.rules[0].generate`. */
  path: string;
  /** The names that its expressions may start from. */
  roots: ReadonlySet<string>;
  build: Build;
};
