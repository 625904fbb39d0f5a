/** Rules that keep existing objects, and whom a change of nothing but their status may concern. */

import { type GroupKindKey, groupKindKey } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import type { PolicyState } from "../state/index.ts";

export function readsStatus({ existing, changes }: CompiledRule): boolean {
  return changes === undefined && existing?.readsStatus === true;
}

/** The kinds of such objects. */
export function kindsWithStatus(states: Iterable<PolicyState>): ReadonlySet<GroupKindKey> {
  const kinds = new Set<GroupKindKey>();
  for (const state of states)
    for (const rule of state.phase === "compiled" ? state.compiled.rules : [])
      for (const resource of readsStatus(rule) ? (rule.existing?.resources ?? []) : [])
        kinds.add(groupKindKey(resource));
  return kinds;
}
