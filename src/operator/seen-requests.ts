/** Rules that act on requests: which there are, and which of them a request concerns. */

import { isBeingDeleted } from "../object/index.ts";
import { askedIn, type CompiledPolicy } from "../rule/index.ts";
import { changesContent } from "../state/index.ts";
import type { RequestedChange } from "../webhook/index.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { SeenChanges } from "./seen-changes.ts";

/** Policies that have any, but those that somebody else acts on. */
export function askingPolicies(world: ObservedWorld): CompiledPolicy[] {
  return [...world.policyStates.values()].flatMap((state) =>
    state.phase === "compiled" && asksAnything(state.compiled) && world.whySuspended(state.ref) === undefined
      ? [state.compiled]
      : [],
  );
}

export function asksAnything({ rules }: CompiledPolicy): boolean {
  return rules.some(({ asks }) => asks !== undefined);
}

/** Puts it into the lines of the rules that asked for it, and returns at once. */
export function noteRequest(world: ObservedWorld, changes: SeenChanges, change: RequestedChange): void {
  if (changesNothing(change)) return;
  for (const { ref, rules } of askingPolicies(world))
    for (const rule of rules) {
      const asked = askedIn(rule.asks ?? [], change.asked);
      if (asked !== undefined) changes.noteRequest(ref, rule, asked, change);
    }
}

/** As a watch would show it: of an object that is on its way out only its deletion counts. */
function changesNothing({ operation, trigger: after, oldObject: before, asked }: RequestedChange): boolean {
  if (operation !== "UPDATE" || asked.subresource !== "") return false;
  return isBeingDeleted(after) || !changesContent({ before, after });
}
