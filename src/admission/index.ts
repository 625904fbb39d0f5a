export { type Admission, type AdmissionOptions, startAdmission } from "./admission.ts";
export type { OperatorView } from "./operator-view.ts";
export { retireAdmission } from "./retire.ts";
