/** What a reflected resource says, in the order it was seen. */

import type { ApiFailure } from "../cluster/index.ts";
import type { KubernetesObject } from "../object/index.ts";

export type WatchSignal =
  /** A list begins: pages of an earlier one that was not finished do not count. */
  | { type: "listing" }
  /** A part of a list that is not finished: these objects are there, nothing is known of others. */
  | { type: "page"; objects: KubernetesObject[] }
  /** The list is whole: what was in none of its pages is gone, or no longer selected. */
  | { type: "synced"; resourceVersion: string }
  | { type: "changed"; object: KubernetesObject }
  /** Gone, or, where the watch is narrowed by a selector, no longer selected. */
  | { type: "deleted"; object: KubernetesObject }
  /** All events up to this resourceVersion have been seen. */
  | { type: "bookmark"; resourceVersion: string }
  /** A list or watch was refused; the reflector goes on by itself. */
  | { type: "failed"; failure: ApiFailure }
  /** What was refused is open again; no more is said of it than that. */
  | { type: "recovered" }
  /** The watch was opened again, and why. */
  | { type: "reopened"; because: "ended" | "failed" | "silent" | "expired" };
