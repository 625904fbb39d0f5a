/** What the compiling functions hand to one another. */

import type { FunctionTable } from "./functions/index.ts";
import type { Step } from "./run.ts";
import type { Scope } from "./scope.ts";
import type { Node } from "./syntax.ts";

export interface Compiler {
  readonly functions: FunctionTable;
  compile(node: Node, scope: Scope): Step;
}
