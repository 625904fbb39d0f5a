export { type CallResults, createCallResults } from "./call-results.ts";
export { type Catalogue, type CatalogueWriter, createCatalogue, type Definition } from "./catalogue.ts";
export { type ClaimKey, type ClaimRef, claimKey, claimRef, printClaim } from "./claim-key.ts";
export {
  answersAbout,
  type ClaimFailure,
  type ClaimState,
  type Claims,
  type ClaimsWriter,
  createClaims,
  type Dependency,
  dependsOnAnswer,
  dependsOnCall,
  dependsOnList,
  dependsOnNamespace,
  dependsOnObject,
  dependsOnQuota,
  type FirstApplied,
  type Look,
  type Mutations,
} from "./claims.ts";
export { createInventory, type Inventory, type InventoryWriter, type Meanwhile } from "./inventory.ts";
export { findAsked, isAnsweredOtherwise } from "./look.ts";
export {
  changesContent,
  changesHolds,
  createObjectStore,
  type ObjectChange,
  type ObjectStore,
  type ObjectStoreWriter,
} from "./object-store.ts";
export { OpenMoments } from "./open-moments.ts";
export { type Disposal, findRule, type Policies, type PolicyState } from "./policies.ts";
export { createPrunes, type Prunes, type PrunesWriter } from "./prunes.ts";
export type { SeenChange } from "./seen-change.ts";
export type { FinalRefusal, FreshAnswers, Judgement, Sighting, TargetRecord } from "./target-record.ts";
export { type Departure, namespaceOf, type World } from "./world.ts";
