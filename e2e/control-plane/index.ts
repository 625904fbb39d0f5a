export type { ApiAnswer, ApiRequest } from "./api-request.ts";
export { findBinaries } from "./binaries.ts";
export type { Binaries } from "./binary-folder.ts";
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
export { type DeathPact, makeDeathPact } from "./death-pact.ts";
export { findFreePort } from "./free-port.ts";
export { type ProcessOptions, type RunningProcess, startProcess } from "./process.ts";
export type { ServiceAccount } from "./service-account.ts";
export { type WaitOptions, waitUntil } from "./wait.ts";
