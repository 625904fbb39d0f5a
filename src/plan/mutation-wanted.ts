/** An existing object that a claim is to change. */

import type { KubernetesObject, Resource } from "../object/index.ts";
import type { ExistingMutation, MutationPlace } from "../rule/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { DesiredFate } from "./fate.ts";

export type MutatingFate = DesiredFate & { existing: ExistingMutation };

/** The object as a watch shows it, and as what it is watched. */
export type Placed = { object: KubernetesObject; resource: Resource };

export type MutationWanted = Placed & {
  key: ClaimKey;
  fate: MutatingFate;
  /** Where the claim itself changes objects. */
  own: readonly MutationPlace[];
};
