export { type Drift, driftPaths, findDrift, isInSync } from "./drift.ts";
export { whyNotSelected } from "./fate.ts";
export { objectsReadBy, type Plan, planClaim } from "./plan.ts";
export {
  type ApplyStep,
  type Correction,
  type DeleteStep,
  type Failure,
  isWrite,
  type PatchStep,
  type ReleaseStep,
  type SkipStep,
  type Step,
  type Strategy,
  type WriteStep,
} from "./step.ts";
