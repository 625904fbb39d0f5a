export { kyvernoStatusOf, storedKyvernoStatus } from "./kyverno-status.ts";
export { objectReference, type PolicyFigures, type RuleFigures, statusOf } from "./status.ts";
export { createStatusWriter, type StatusWriter } from "./status-writer.ts";
