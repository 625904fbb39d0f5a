/** What a context entry is loaded from. */

import type { ContextEntry } from "./scope.ts";

export type Source = Omit<ContextEntry, "name">;
