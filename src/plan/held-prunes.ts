/** What a policy is told about targets that are held back because they are too many. */

import { keyOf, type ObjectRef, printRef } from "../object/index.ts";
import type { PolicyState, World } from "../state/index.ts";
import type { Failure } from "./step.ts";

/** On a policy, with its generation as the value: all that is no longer wanted may be deleted. */
export const APPROVE_PRUNE = "perennial.dev/approve-prune";

/** How many may go at once, as the policy stands and as somebody approved. */
export function pruneLimitOf(state: PolicyState): number {
  const approved = state.object.metadata.annotations?.[APPROVE_PRUNE];
  if (state.phase === "invalid" || approved === String(generationOf(state))) return Number.POSITIVE_INFINITY;
  return state.compiled.pruneLimit;
}

/** Undefined when nothing is held back. */
export function heldPrunes(world: Pick<World, "prunes">, state: PolicyState): Failure | undefined {
  const held = world.prunes.heldOf(keyOf(state.ref));
  if (held.length === 0) return undefined;
  const objects = held.length === 1 ? "1 object is" : `${held.length} objects are`;
  const message = `${objects} no longer wanted, more than spec.pruneLimit allows (${pruneLimitOf(state)}), so none is deleted: ${listRefs(held)}; to delete them set the annotation ${APPROVE_PRUNE} of the policy to "${generationOf(state)}", or correct the policy`;
  return { reason: "PruneHeld", message };
}

const EXAMPLES = 5;

function listRefs(refs: readonly ObjectRef[]): string {
  const named = refs.slice(0, EXAMPLES).map(printRef).join(", ");
  return refs.length > EXAMPLES ? `${named} and ${refs.length - EXAMPLES} more` : named;
}

function generationOf({ object }: PolicyState): number {
  return object.metadata.generation ?? 0;
}
