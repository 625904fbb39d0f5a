/** A change of a trigger that an edge rule acts on, once: kept until that is done. */

import type { KubernetesObject, ObjectKey } from "../object/index.ts";
import type { Change } from "../rule/index.ts";

export type SeenChange = Change & {
  /** The trigger as it is since, or as it was when it was deleted. */
  trigger: KubernetesObject;
  /** Tells it from all other changes, so that chance is the same whenever it is planned. */
  id: string;
  /** When it was seen. */
  time: Date;
  /** Existing objects that were changed for it: each is changed once. */
  mutated?: Set<ObjectKey>;
};
