/**
 * What is different between a desired object and the live one, so that it counts (reference: exact drift, rules 2 to 7).
 *
 * Values are compared leaf by leaf; what our own managedFields entry owns and desired lacks is stale; what others own and
 * desired lacks is extra; what nobody owns came from server defaults or admission and is fine. Ownership is evidence and
 * no proof: where it cannot tell, the place is `doubtful`.
 */

import {
  applyEntryOf,
  asJson,
  type FieldPath,
  isApplyEntry,
  type KubernetesObject,
  MANAGER,
  type Path,
  printPointer,
} from "../object/index.ts";
import { compareContent } from "./compare.ts";
import { foreignExtras } from "./extras.ts";
import { staleFields } from "./stale.ts";

export type Drift = {
  /** JSON pointers at which the live value is missing or another one. */
  values: string[];
  /** Paths of our own entry that desired lacks. */
  stale: FieldPath[];
  /** Where others put what desired lacks. */
  extra: Path[];
  /** An extra in another API version's words: the place is known only to the server. */
  foreignVersion: boolean;
  /** Desired places taken from us, where the value may still be the same: only a fresh object could tell. */
  doubtful: string[];
  /** Undesired places of an owner that stands for nobody in particular: a fresh object could tell whether it has them. */
  residue: string[];
  /** False when we never applied this object. */
  applied: boolean;
};

/** `desired` is canonical and carries its marks. */
export function findDrift(desired: KubernetesObject, live: KubernetesObject): Drift {
  const ours = applyEntryOf(live, MANAGER);
  const foreign = (live.metadata.managedFields ?? []).filter((entry) => !isApplyEntry(entry, MANAGER));
  const owned = ours?.fieldsV1 ?? {};
  const content = compareContent(desired, live, owned);
  const extras = foreignExtras(desired, live, { owned, foreign });
  return {
    values: content.values,
    stale: staleFields(asJson(desired), owned),
    extra: [...content.duplicates, ...extras.at],
    foreignVersion: extras.foreignVersion,
    residue: extras.residue,
    doubtful: [...new Set([...content.doubtful, ...extras.doubtful])],
    applied: ours !== undefined,
  };
}

/** The places that differ, for people. */
export function driftPaths(drift: Drift): string[] {
  return [...new Set([...drift.values, ...drift.extra.map(printPointer), ...drift.doubtful, ...drift.residue])];
}

export function isInSync(drift: Drift): boolean {
  return !isDefinite(drift) && !drift.foreignVersion && drift.doubtful.length + drift.residue.length === 0;
}

/** Drift for certain; without it, what is left is in sync or doubtful. */
export function isDefinite({ applied, values, stale, extra }: Drift): boolean {
  return !applied || values.length + stale.length + extra.length > 0;
}
