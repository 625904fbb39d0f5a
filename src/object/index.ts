export { canonicalObject } from "./canonical.ts";
export { CREATED_BY, type CreatedBy, type Creator, readCreator, signCreator } from "./created-by.ts";
export { contentDigest, digestOf, hash, keyedNumbers } from "./digest.ts";
export {
  compareDurations,
  formatDuration,
  isDuration,
  parseDuration,
  SECOND,
} from "./duration.ts";
export { isEqual, isSameNumber } from "./equality.ts";
export { parseJson, printJson } from "./exact-json.ts";
export {
  appliedThrough,
  applyEntryOf,
  type FieldPath,
  fieldMembers,
  fieldNode,
  isApplyEntry,
  isLeaf,
  isSameElement,
  keyFields,
  resolveField,
  stepInto,
} from "./fields.ts";
export { isJsonObject, type Json, type JsonObject, ownValue, setOwn } from "./json.ts";
export { type Difference, jsonDifference } from "./json-difference.ts";
export { applyJsonPatch, type JsonPatchOperation, type Patched, readJsonPatch } from "./json-patch.ts";
export { isKyvernosOwn, KYVERNO, withKyvernoLabels } from "./kyverno.ts";
export {
  ADOPTED,
  CLAIM,
  type ClaimDigest,
  type ClaimIdentity,
  claimDigest,
  FIRST_APPLIED,
  KEY_FIELD,
  KEY_SECRET,
  MANAGED_BY,
  MANAGER,
  type Marks,
  marksFor,
  POLICY,
  parseClaimIdentity,
  RELEASED_ANNOTATIONS,
  RELEASED_LABELS,
  readClaimIdentity,
  readFirstApplied,
  readMarks,
  SOURCE,
  TARGET,
  targetDigest,
} from "./marks.ts";
export {
  builtInSchema,
  customSchema,
  definitionSchema,
  type MergeKey,
  type MergeSchema,
  PLAIN_SCHEMA,
} from "./merge-schema.ts";
export { BUILT_IN_KINDS, BUILT_IN_TYPES } from "./merge-table.ts";
export {
  asJson,
  contentOf,
  isBeingDeleted,
  type KubernetesObject,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type OwnerReference,
} from "./object.ts";
export { type Path, parsePointer, printPointer, type Segment, valueAt } from "./pointer.ts";
export {
  compareQuantities,
  formatQuantity,
  NANOS,
  parseQuantity,
  type Quantity,
  type QuantityFormat,
  sameQuantity,
} from "./quantity.ts";
export {
  apiVersionOf,
  type GroupKind,
  type GroupKindKey,
  groupKindKey,
  groupOf,
  keyOf,
  type ObjectKey,
  type ObjectRef,
  parseRef,
  printRef,
  refOf,
  refOfKey,
  versionOf,
} from "./reference.ts";
export {
  collectionPath,
  isWatchable,
  objectPath,
  type Resource,
  resourceApiVersion,
  resourceKey,
  resourceName,
  type ScalePaths,
  type Subresource,
} from "./resource.ts";
export { type Merged, type MergeOptions, type Selection, strategicMerge } from "./strategic-merge.ts";
