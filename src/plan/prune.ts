/** One target that is no longer desired: deleted, released, handed over or left. */

import { isBeingDeleted, keyOf, type ObjectKey } from "../object/index.ts";
import { type ClaimKey, claimRef, namespaceOf, type TargetRecord, type World } from "../state/index.ts";
import type { Gone } from "./fate.ts";
import type { SkipStep, Step } from "./step.ts";

export type Unwanted = Pick<Gone, "because" | "disposal" | "limited"> & { key: ClaimKey };

export function planPrune(world: World, record: TargetRecord, unwanted: Unwanted): Step {
  const reason = whyNotPruned(world, record, unwanted);
  if (reason !== undefined) return skip(record, reason);
  const adopted = record.marks?.adopted === true;
  if (adopted || unwanted.disposal === "keep") return release(record, unwanted.because);
  return isLimited(world, record, unwanted) ? gather(world, record, unwanted) : remove(record, unwanted.because);
}

/** Until its policy as a whole was decided on. */
function isLimited(world: World, { ref }: TargetRecord, { key, limited }: Unwanted): boolean {
  if (!limited || world.prunes.mayDelete(keyOf(ref))) return false;
  const state = world.policies.get(policyOf(key));
  return state?.phase === "compiled" && state.compiled.pruneLimit !== Number.POSITIVE_INFINITY;
}

/** Others may be unwanted too: they are counted before the first one goes. */
function gather(world: World, record: TargetRecord, { key, because }: Unwanted): SkipStep {
  const waits = world.prunes.isHeld(policyOf(key)) ? HELD : "it goes once it is known how many go with it";
  return { ...skip(record, `${because}; ${waits}`), gathered: true };
}

const HELD = "it is held back, as more would go than spec.pruneLimit allows";

function policyOf(key: ClaimKey): ObjectKey {
  return keyOf(claimRef(key).policy);
}

/** The claims that want the target too, and should take it over now. */
export function heirsOf(world: World, record: TargetRecord, key: ClaimKey): ClaimKey[] {
  return [...world.claims.wanting(keyOf(record.ref))].filter((other) => other !== key);
}

function whyNotPruned(world: World, record: TargetRecord, { key, disposal }: Unwanted): string | undefined {
  if (record.marks === undefined) return "it is not ours";
  if (disposal === "leave") return "it was made once and is left";
  if (record.deleting) return "it is being deleted already";
  if (!world.isPlanned(record.ref)) return "nothing is deleted before every claim was planned once";
  if (heirsOf(world, record, key).length > 0) return "another claim wants it";
  const { group, kind, namespace, name } = record.ref;
  const place = group === "" && kind === "Namespace" ? name : namespace;
  if (world.isSystemNamespace(place)) return `${place} is a system namespace`;
  if (namespace === "") return undefined;
  const live = namespaceOf(world, namespace);
  return live === undefined || isBeingDeleted(live) ? `namespace ${namespace} is being deleted` : undefined;
}

function remove({ ref, resource, uid }: TargetRecord, because: string): Step {
  return { verb: "delete", target: ref, resource, precondition: { uid }, because };
}

/** Takes our marks off, so that nothing acts on the object again. */
function release({ ref, resource, uid }: TargetRecord, because: string): Step {
  return {
    verb: "release",
    target: ref,
    resource,
    precondition: { uid },
    because: `${because}; it is kept and released`,
  };
}

function skip({ ref }: TargetRecord, because: string): SkipStep {
  return { verb: "skip", target: ref, because, inSync: false };
}
