/** The generate block: which objects should exist for a trigger. */

import type { Generate } from "../policy/index.ts";
import { compileBlock } from "./block.ts";
import type { BlockScope, CompiledBlock } from "./block-scope.ts";
import { compileForeach } from "./foreach.ts";

/** Undefined when there are issues, which are noted. */
export function compileGenerate(generate: Generate, scope: BlockScope): CompiledBlock | undefined {
  const { foreach } = generate;
  if (foreach === undefined) return compileBlock(generate, scope);
  return compileForeach(foreach, { ...scope, path: `${scope.path}.foreach` });
}
