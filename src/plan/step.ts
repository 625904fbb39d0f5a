/**
 * A plan is a value: what would be written, under which precondition, and why. Nothing is written that is no step.
 * A question is a step too: its answer is needed to go on, and changes nothing in the cluster.
 */

import type { Difference, KubernetesObject, ObjectRef, Resource } from "../object/index.ts";
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
  attempt?: Attempt;
  correction?: Correction;
};

/** JSON patch of the live object as it was seen. */
export type PatchStep = OfTarget & {
  verb: "patch";
  resource: Resource;
  patch: Difference[];
  precondition: { resourceVersion: string };
  attempt?: Attempt;
  correction?: Correction;
};

export type DeleteStep = OfTarget & { verb: "delete"; resource: Resource; precondition: { uid: string } };

/** Takes our marks off an object that is kept, so that nothing acts on it again. */
export type ReleaseStep = OfTarget & { verb: "release"; resource: Resource; precondition: { uid: string } };

/**
 * Changes an existing object as a mutate rule says, under that rule's field manager: what the rule sets, as server-side apply,
 * or where it removes or reorders something, a JSON patch of the object as it was seen.
 */
export type MutateStep = OfTarget & {
  verb: "mutate";
  resource: Resource;
  /** The path below the object's that it is sent to; absent: the object's. */
  subresource?: string;
  manager: string;
  write: { applied: KubernetesObject } | { patch: Difference[] };
  /** The object as it was seen, and as it will be. */
  seen: KubernetesObject;
  object: KubernetesObject;
  precondition: { uid: string; resourceVersion: string };
  correction?: Correction;
};

/** Takes back what the field manager of a mutate rule applied to an object, as far as nobody changed it since. */
export type RevertStep = OfTarget & {
  verb: "revert";
  resource: Resource;
  manager: string;
  /** The subresources that it was applied through, "" for the object itself; absent: all. */
  through?: readonly string[];
};

/** What would the server make of a fresh object? A creation that is only tried (dry run), under another name. */
export type AskStep = OfTarget & { verb: "ask"; resource: Resource; object: KubernetesObject; desired: string };

/** The target as it is stored: it is not kept while it is in sync. */
export type ReadStep = OfTarget & { verb: "read"; resource: Resource; desired: string };

/** Nothing to write: in sync, left alone, or not possible (then with a failure). */
export type SkipStep = OfTarget & {
  verb: "skip";
  failure?: Failure;
  inSync: boolean;
  /** Who generates it is to write it, and has to be planned for that. */
  isLeftToMaker?: true;
  /** It was written, and the watch is about to show that. */
  isAwaited?: true;
  /** It would be deleted; whether it is, is decided for its policy as a whole. */
  gathered?: true;
};

export type Step =
  | ApplyStep
  | PatchStep
  | DeleteStep
  | ReleaseStep
  | MutateStep
  | RevertStep
  | AskStep
  | ReadStep
  | SkipStep;
export type WriteStep = Exclude<Step, AskStep | ReadStep | SkipStep>;
export type QuestionStep = AskStep | ReadStep;

/**
 * The ways to bring a target about that is there already, tried one after the other until it is as it should be: take
 * additions out; make everything ours, so that the next apply prunes it; apply; take out what we no longer want, so that
 * the next apply fits; take out what only the server or somebody unknown can have set, so that it is set anew; and where
 * the server refuses to apply to the object as it stands, set it to what a fresh one has.
 */
export type Strategy = "patch" | "move" | "apply" | "patch-stale" | "reset" | "rewrite";

/** `desired`: the digest of what is desired. `once`: it counts as tried whatever it does; else when it changes nothing. */
export type Attempt = { strategy: Strategy; desired: string; once: boolean };

/** What a write puts right, for the drift record: what is wanted, what was found, and who says to have put it there. */
export type Correction = { paths: string[]; before?: string; after?: string; manager?: string };

/** Why a claim or a target is not as desired. */
export type Failure = { reason: Reason; message: string; target?: ObjectRef };

export function isWrite(step: Step): step is WriteStep {
  return step.verb !== "skip" && !isQuestion(step);
}

export function isQuestion(step: Step): step is QuestionStep {
  return step.verb === "ask" || step.verb === "read";
}
