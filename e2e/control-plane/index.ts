export type { ApiAnswer, ApiRequest } from "./api-request.ts";
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
export type { ServiceAccount } from "./service-account.ts";
export { waitUntil } from "./wait.ts";
