export {
  type ConfigurationOptions,
  isAsDerived,
  POLICIES_PATH,
  policyConfiguration,
  type Reach,
} from "./configuration.ts";
export {
  type MutationConfiguration,
  type MutationEntry,
  type MutationOptions,
  mutationConfiguration,
  PROBED,
} from "./mutation-configuration.ts";
export { type MutationReviewOptions, reviewMutation } from "./mutation-review.ts";
export { type PolicyReviewOptions, reviewPolicy } from "./policy-review.ts";
export {
  type AdmissionAnswer,
  type AdmissionRequest,
  ALLOWED,
  printReview,
  readReview,
} from "./review.ts";
export { afterStep, type Kept, NOTHING_KEPT, nextStep, type RotationStep, type Serving } from "./rotation.ts";
