/** What can be wrong with a policy as written: the closed catalogue of issue codes (docs/reference/issues.md). */

import { type Json, type Path, printJson } from "../object/index.ts";
import { compareFieldPaths, printFieldPath } from "./path.ts";

/** Each code with the sentence that stands in the reference. */
export const ISSUE_CODES = {
  ExclusiveFields: "Fields that exclude one another are given together, or none of them is where one is needed.",
  DuplicateName: "Two entries of a list that is keyed by name have the same name.",
  InvalidExpression:
    "A `{{ }}` expression cannot be parsed, or calls a function that does not exist or not in this way.",
  InvalidKind: "A kind, API version or kind selector is not written as the language writes it.",
  InvalidName: "A name, namespace, label or annotation is none that Kubernetes accepts.",
  InvalidSelector: "A label selector is malformed, or selects in a way that is not allowed at this place.",
  InvalidValue: "A value is none of those that the field accepts.",
  MissingField: "A field that is required here is absent.",
  NamespaceForbidden: "A namespace is given for a cluster-scoped kind.",
  NamespaceRequired: "A namespace is missing for a namespaced kind.",
  NothingSelected: "The rule can never select anything, because what it matches it also excludes.",
  OutOfBounds: "A string, a list or a number is longer or larger than allowed, or shorter or smaller.",
  OutsideNamespace: "A namespaced Policy names something that lies outside its own namespace.",
  UnknownField: "The language has no field of this name at this place.",
  UnknownVariable: "An expression reads a variable that does not exist at this place.",
  UnsupportedField: "The language has this field, but this version of Perennial does not serve it.",
  VariableNotAllowed: "A `{{ }}` variable stands where the value has to be written out.",
  WrongType: "A value has another JSON type than the field.",
} as const;

export type IssueCode = keyof typeof ISSUE_CODES;

/** `value` is short printed text, absent where there is none or where it may be secret. `message`: what, why, what to do. */
export type Issue = { code: IssueCode; path: string; value?: string; message: string };

/** For checks that know their path as text. */
export function issue(code: IssueCode, found: Omit<Issue, "code">): Issue {
  return { code, ...found };
}

/** An issue whose path can still be sorted. */
export type IssueAt = { code: IssueCode; at: Path; value?: Json | undefined; message: string };

/** In reading order, each issue once. */
export function sortIssues(found: readonly IssueAt[]): Issue[] {
  const sorted = [...found].sort((left, right) => compareFieldPaths(left.at, right.at)).map(toIssue);
  return sorted.filter((issue, index) => !sorted.slice(0, index).some((earlier) => isSame(earlier, issue)));
}

/** One line: `spec.rules[0].generate.kind: "*": InvalidKind: ...`. */
export function printIssue(issue: Issue): string {
  const value = issue.value === undefined ? "" : ` ${issue.value}:`;
  return `${issue.path}:${value} ${issue.code}: ${issue.message}`;
}

function toIssue({ code, at, value, message }: IssueAt): Issue {
  const issue = { code, path: printFieldPath(at), message };
  return value === undefined || isInsideContent(at) ? issue : { ...issue, value: printValue(value) };
}

/** What a rule generates or patches may be a Secret's content: it is never repeated. */
function isInsideContent(at: Path): boolean {
  return at.some((segment) => segment === "data" || segment === "patchStrategicMerge" || segment === "patchesJson6902");
}

/** Only the shape of lists and objects is told: they may be large, and hold content. */
function printValue(value: Json): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value !== null && typeof value === "object") return "an object";
  const text = printJson(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function isSame(left: Issue, right: Issue): boolean {
  return left.code === right.code && left.path === right.path && left.message === right.message;
}
