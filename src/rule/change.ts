/** A change of a trigger, as an edge rule sees it. */

import type { KubernetesObject } from "../object/index.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE";

/** `oldObject`: as it was before; of a deletion the deleted object, of a creation nothing. */
export type Change = { operation: Operation; oldObject: KubernetesObject | undefined };
