/** The generate block: which objects should exist for a trigger. */

import type { Generate } from "../policy/index.ts";
import { type BlockScope, type CompiledBlock, compileBlock } from "./block.ts";

/** Undefined when there are issues, which are noted. */
export function compileGenerate(generate: Generate, scope: BlockScope): CompiledBlock | undefined {
  return compileBlock(generate, scope);
}
