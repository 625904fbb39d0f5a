/** A target that a claim wants, and what a plan says of it. */

import type { ClaimDigest, KubernetesObject, ObjectRef } from "../object/index.ts";
import type { DesiredTarget } from "../rule/index.ts";
import type { ClaimKey, Judgement } from "../state/index.ts";
import type { Failure, SkipStep, Step } from "./step.ts";
import type { Wishes } from "./wish.ts";

export type Wanted = {
  key: ClaimKey;
  digest: ClaimDigest;
  target: DesiredTarget;
  /** The desired object with its marks. */
  object: KubernetesObject;
  /** False: made once, and then left alone. */
  synchronize: boolean;
  /** What others want, as far as it was asked for this plan. */
  wishes: Wishes;
};

/** A judgement to remember: as long as neither desired nor live changes, there is nothing to do. */
export type Judged = Judgement & { target: ObjectRef };

/** `again`: plan again after so many milliseconds, as no event may tell. */
export type TargetPlan = { step: Step; judged?: Judged; again?: number };

export function skip({ target }: Wanted, because: string, failure?: Failure): SkipStep {
  return { verb: "skip", target: target.ref, because, inSync: false, ...(failure === undefined ? {} : { failure }) };
}

export function inSync(wanted: Wanted, because = "it is in sync"): SkipStep {
  return { ...skip(wanted, because), inSync: true };
}
