/** A plan is a value: what would be written, under which precondition, and why. Nothing is written that is no step. */

import type { Json, KubernetesObject, ObjectRef, Resource } from "../object/index.ts";
import type { Reason } from "../policy/index.ts";

type OfTarget = {
  target: ObjectRef;
  /** One clause for people: "it does not exist", "spec.hard.pods is 8 and should be 4". */
  because: string;
};

/** Forced server-side apply of a whole desired object. `absent`: create it, or learn that it is there. */
export type ApplyStep = OfTarget & {
  verb: "apply";
  resource: Resource;
  object: KubernetesObject;
  precondition: { absent: true } | { uid: string };
  correction?: Correction;
};

/** JSON patch of the live object as it was seen. */
export type PatchStep = OfTarget & {
  verb: "patch";
  resource: Resource;
  patch: PatchOperation[];
  precondition: { resourceVersion: string };
  correction?: Correction;
};

export type DeleteStep = OfTarget & { verb: "delete"; resource: Resource; precondition: { uid: string } };

/** Takes our marks off an object that is kept, so that nothing acts on it again. */
export type ReleaseStep = OfTarget & { verb: "release"; resource: Resource; precondition: { uid: string } };

/** Nothing to write: in sync, left alone, or not possible (then with a failure). */
export type SkipStep = OfTarget & { verb: "skip"; failure?: Failure; inSync: boolean };

export type Step = ApplyStep | PatchStep | DeleteStep | ReleaseStep | SkipStep;
export type WriteStep = Exclude<Step, SkipStep>;

export type PatchOperation = { op: "add" | "replace"; path: string; value: Json } | { op: "remove"; path: string };

/** The ways to put a drift right, tried in this order until one of them has an effect. */
export type Strategy = "patch" | "move" | "apply" | "patch-stale";

/** What a write puts right, for the drift record: what is wanted, what was found, and who says to have put it there. */
export type Correction = { strategy: Strategy; paths: string[]; before?: string; after?: string; manager?: string };

/** Why a claim or a target is not as desired. */
export type Failure = { reason: Reason; message: string; target?: ObjectRef };

export function isWrite(step: Step): step is WriteStep {
  return step.verb !== "skip";
}
