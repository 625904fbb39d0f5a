export type { Plan } from "./claim-plan.ts";
export { APPLY_REFUSED } from "./correction.ts";
export { isCreatedSince } from "./counted.ts";
export { type Drift, driftPaths, findDrift, isInSync } from "./drift.ts";
export { whyNotSelected } from "./fate.ts";
export { APPROVE_PRUNE, heldPrunes, pruneLimitOf } from "./held-prunes.ts";
export { gatheredBy, objectsReadBy, planClaim } from "./plan.ts";
export { type Asked, snapshotOf } from "./snapshot.ts";
export {
  type ApplyStep,
  type AskStep,
  type Attempt,
  type Correction,
  type DeleteStep,
  type Failure,
  isQuestion,
  isWrite,
  type MutateStep,
  type PatchStep,
  type QuestionStep,
  type ReadStep,
  type ReleaseStep,
  type RevertStep,
  type SkipStep,
  type Step,
  type Strategy,
  type WriteStep,
} from "./step.ts";
