/** One target that is no longer desired: deleted, released, handed over or left. */

import { isBeingDeleted, keyOf } from "../object/index.ts";
import { type ClaimKey, namespaceOf, type TargetRecord, type World } from "../state/index.ts";
import type { SkipStep, Step } from "./step.ts";

export type Unwanted = { key: ClaimKey; because: string; disposal: "delete" | "keep" | "leave" };

export function planPrune(world: World, record: TargetRecord, unwanted: Unwanted): Step {
  const reason = whyNotPruned(world, record, unwanted);
  if (reason !== undefined) return skip(record, reason);
  const adopted = record.marks?.adopted === true;
  return adopted || unwanted.disposal === "keep" ? release(record, unwanted.because) : remove(record, unwanted.because);
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
