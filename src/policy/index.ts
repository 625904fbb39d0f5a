export type { ContextEntry } from "./context.ts";
export { customResourceDefinition, definitionFile, POLICY_KINDS } from "./crd.ts";
export type { Generate } from "./generate.ts";
export { ISSUE_CODES, type Issue, type IssueAt, type IssueCode, issue, printIssue, sortIssues } from "./issue.ts";
export { isStored, type KindSelector, parseKindSelector } from "./kind-selector.ts";
export { type Converted, convertPolicy } from "./kyverno.ts";
export {
  type ForeignPolicy,
  IGNORE_PATHS_ANNOTATION,
  MODE_ANNOTATION,
  parseForeignPolicy,
  type RuleCounts,
} from "./kyverno-in-place.ts";
export type { Exclude, ExcludeFilter, Filter, Match } from "./match.ts";
export { type ParsedPolicy, parsePolicy } from "./parse.ts";
export { printFieldPath } from "./path.ts";
export { type AnyPolicy, type ClusterPolicy, GROUP, type Policy, type PolicyKind, VERSION } from "./policy.ts";
export { OPERATORS as CONDITION_OPERATORS, type PolicyCondition, type Preconditions } from "./preconditions.ts";
export { CONDITION_TYPES, type ConditionType, LATER_REASONS, REASONS, type Reason } from "./reason.ts";
export type { ResourceFilter } from "./resource-filter.ts";
export type { Rule } from "./rule.ts";
export type { LabelSelector } from "./selector.ts";
export type { PolicySpec } from "./spec.ts";
export type { Condition, Drift, Failure, ObjectReference, PolicyStatus, RuleStatus, StatusSummary } from "./status.ts";
