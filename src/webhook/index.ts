export { conditionCheck, explainConditions } from "./condition-check.ts";
export {
  type ConfigurationOptions,
  isAsDerived,
  policiesPath,
  policyConfiguration,
  type Reach,
} from "./configuration.ts";
export { type CreatedByOptions, reviewCreatedBy } from "./created-by-review.ts";
export { type EntryOptions, PROBED } from "./entry.ts";
export {
  type MutationConfiguration,
  type MutationEntry,
  type MutationOptions,
  mutationConfiguration,
} from "./mutation-configuration.ts";
export { type MutationReviewOptions, type OpenReview, reviewMutation } from "./mutation-review.ts";
export { judgePolicy, type PolicyJudgement, type PolicyJudgementOptions } from "./policy-review.ts";
export { type Author, authorOf, judgeOperator, needsOfOperator, refuseAuthor } from "./privilege.ts";
export { type Answers, keyOfQuestion, type Lack, lacksIn, openQuestions, type Question } from "./questions.ts";
export { type RequestEntries, requestEntries, requestsPath } from "./request-entries.ts";
export { type RequestedChange, requestedChange } from "./requested-change.ts";
export {
  type AdmissionAnswer,
  type AdmissionRequest,
  ALLOWED,
  printReview,
  readReview,
} from "./review.ts";
export { afterStep, type Kept, NOTHING_KEPT, nextStep, type RotationStep, type Serving } from "./rotation.ts";
export { changeIn, userEntries, usersPath } from "./user-entry.ts";
