export { type Admission, type AdmissionOptions, type OperatorView, startAdmission } from "./admission.ts";
export { retireAdmission } from "./retire.ts";
