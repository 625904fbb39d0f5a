/** Whether a rule has anything to do with what the API server serves. */

import type { CompiledRule } from "../rule/index.ts";

/** Something may trigger it, and something may come of it. */
export function isServed({ triggers, asks = [], targets, existing }: CompiledRule): boolean {
  return triggers.length + asks.length > 0 && targets.length + (existing?.resources.length ?? 0) > 0;
}
