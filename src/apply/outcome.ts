/** The change set of one step: what the API server said, as a value. */

import type { ApiFailure } from "../cluster/index.ts";
import type { KubernetesObject } from "../object/index.ts";
import type { WriteStep } from "../plan/index.ts";

export type Outcome = { step: WriteStep } /** Done; `object` is what is stored now. */ & (
  | { type: "written"; object: KubernetesObject; created: boolean }
  /** The object is gone, by our delete or before it. */
  | { type: "gone" }
  /** The precondition did not hold: this is what is there. Plan again. */
  | { type: "outdated"; object: KubernetesObject }
  | { type: "failed"; failure: ApiFailure }
);
