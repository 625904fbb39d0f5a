export {
  type ConfigurationOptions,
  isAsDerived,
  POLICIES_PATH,
  policyConfiguration,
  type Reach,
} from "./configuration.ts";
export { type PolicyReviewOptions, reviewPolicy } from "./policy-review.ts";
export {
  type AdmissionAnswer,
  type AdmissionRequest,
  ALLOWED,
  printReview,
  readReview,
} from "./review.ts";
export { afterStep, type Kept, NOTHING_KEPT, nextStep, type RotationStep, type Serving } from "./rotation.ts";
