export { type Answer, type ApiRequest, type ClusterClient, connectCluster, type RequestObserver } from "./client.ts";
export { type Credentials, loadCredentials } from "./credentials.ts";
export { discoverResources } from "./discovery.ts";
export { type ApiFailure, printFailure } from "./failure.ts";
export { guardWrites } from "./guarded-client.ts";
export {
  type AccessQuestion,
  isPermitted,
  type Permission,
  reviewAccess,
  type ServiceAccount,
  type Subject,
  subjectOf,
} from "./permission.ts";
export { listPage, openWatch, type WatchEvent } from "./reads.ts";
export { isClusterWide, type Selection, selectionKey, widerSelections } from "./selection.ts";
export { callService, type ServiceAnswer, type ServiceRequest } from "./service.ts";
export {
  applyObject,
  deleteObject,
  dryCreateObject,
  type JsonPatch,
  patchObject,
  readObject,
  releaseObject,
  sendForObject,
  type WriteAnswer,
} from "./writes.ts";
