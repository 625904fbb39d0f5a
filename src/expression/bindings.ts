/** Bindings with more roots, such as a foreach's `element`. */

import type { Json } from "../object/index.ts";
import type { Bindings } from "./language.ts";

/** Roots of `more` win. A root that is a getter stays one: it still runs only when it is read. */
export function withRoots(bindings: Bindings, more: Bindings): Bindings {
  const all: { [root: string]: Json } = {};
  Object.defineProperties(all, Object.getOwnPropertyDescriptors(bindings));
  Object.defineProperties(all, Object.getOwnPropertyDescriptors(more));
  return all;
}
