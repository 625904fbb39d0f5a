export { applyStep } from "./apply-step.ts";
export { askStep, type Reply } from "./ask-step.ts";
export { explainFailure, type Refusal } from "./failure-reason.ts";
export { neededPermission, ownPermission } from "./needed-permission.ts";
export type { Outcome } from "./outcome.ts";
