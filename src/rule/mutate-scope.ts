/** What compiling a part of mutate takes and gives. */

import type { JsonObject, MergeSchema } from "../object/index.ts";
import type { Build } from "./build.ts";
import type { Failed } from "./failed.ts";
import type { Scope } from "./scope.ts";

/** The object on its way. `idle`: the patch is not meant for it. */
export type Applied = { ok: true; object: JsonObject } | { ok: true; idle: string } | Failed;

/** One object while it is patched. `left`: how many more elements of lists may be gone through. */
export type Patching = { schema: MergeSchema; left: { elements: number } };

export type CompiledPatch = { apply(object: JsonObject, scope: Scope, patching: Patching): Applied };

export type MutateScope = {
  /** The path of the part, such as `spec.rules[0].mutate`. */
  path: string;
  /** The names that its expressions may start from. */
  roots: ReadonlySet<string>;
  build: Build;
  /** How many lists it stands in. */
  depth: number;
};
