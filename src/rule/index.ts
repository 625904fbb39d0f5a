export { AUTOGEN_ANNOTATION } from "./autogen.ts";
export type { Change, Operation } from "./change.ts";
export { compilePolicy, policyRef } from "./compile.ts";
export { copyOf } from "./copy.ts";
export { mutationManager } from "./existing.ts";
export type {
  ConditionCheck,
  ContextCheck,
  Explanation,
  FilterCheck,
  PartCheck,
} from "./explanation.ts";
export type { AskedKind, Surroundings } from "./filter.ts";
export { requesterOf } from "./held-roles.ts";
export { withoutInstallationKey } from "./installation-key.ts";
export type { Labels } from "./label-selector.ts";
export type { Answer, Call, CalledLookup, CallResult, Found, Lookup } from "./lookup.ts";
export { neverAtRest } from "./mutate.ts";
export type { NamedLabel } from "./named-labels.ts";
export { isUrlNeed, type Need, type ResourceNeed, type UrlNeed } from "./need.ts";
export { askedIn, type RequestedResource, type RequestKind, requestKey } from "./request-kind.ts";
export { type Requester, type User, userOf } from "./requester.ts";
export type {
  AdmissionSettings,
  Adoption,
  Compilation,
  CompiledMutation,
  CompiledPolicy,
  CompiledRule,
  Desired,
  DesiredTarget,
  ExistingMutation,
  Mutated,
  MutationPart,
  MutationPlace,
  MutationsFor,
  Read,
  ServedKinds,
  Snapshot,
  Unmet,
} from "./rule.ts";
export type { Admitted } from "./trigger-bindings.ts";
export type { Value } from "./value.ts";
