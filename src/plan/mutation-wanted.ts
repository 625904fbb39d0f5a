/** An existing object that a claim is to change. */

import type { KubernetesObject, Resource } from "../object/index.ts";
import type { ExistingMutation, MutationPart, MutationPlace } from "../rule/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { DesiredFate } from "./fate.ts";

export type MutatingFate = DesiredFate & { existing: ExistingMutation };

/** The object as a watch shows it, as what it is watched, and what of it is changed; absent: itself. */
export type Placed = { object: KubernetesObject; resource: Resource; part?: MutationPart };

export type MutationWanted = Placed & {
  key: ClaimKey;
  fate: MutatingFate;
  /** Where the claim itself changes objects. */
  own: readonly MutationPlace[];
};
