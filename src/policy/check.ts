/** The deep check: a policy's spec against the language, with everything that is wrong at once. */

import { z } from "zod";
import { isJsonObject, type Json, ownValue, type Path, valueAt } from "../object/index.ts";
import { formOf, metaOf, type PolicyIdentity, unwrap } from "./field.ts";
import type { IssueAt, IssueCode } from "./issue.ts";
import { printFieldName } from "./path.ts";

/** Where the checked value stands, and in what policy. */
export type Where = {
  at: Path;
  policy: PolicyIdentity;
  /** True: what only the commands know, without a cluster, is fine too. */
  offline?: boolean | undefined;
};

/** Unsorted. Nothing is said about what lies inside a field that is refused as a whole. */
export function checkValue(schema: z.ZodType, value: Json, where: Where): IssueAt[] {
  const marked = checkMarkers(schema, value, where);
  const refused = marked.filter((issue) => issue.code === "UnsupportedField").map((issue) => issue.at);
  const typed = checkTypes(schema, value).map((issue) => ({ ...issue, at: [...where.at, ...issue.at] }));
  return [...marked, ...typed.filter((issue) => !refused.some((path) => startsWith(issue.at, path)))];
}

/** The same words in the CRD. `at` may hold list positions or not. */
export function unsupportedMessage(at: Path, why?: string): string {
  const because = why === undefined ? "" : `: ${why}`;
  return `${printFieldName(at)} is not served by this version of Perennial${because}; remove it`;
}

/** What the markers of the schema say: fields that are not served, and rules that span fields. */
function checkMarkers(schema: z.core.$ZodType, value: Json, where: Where): IssueAt[] {
  const meta = metaOf(schema);
  const isRefused = meta.unsupported === true && !(where.offline === true && meta.offline === true);
  if (isRefused) return [unsupportedIssue(value, where.at, meta.whyUnsupported)];
  const broken = (meta.constraints ?? [])
    .filter((constraint) => constraint.only === undefined || constraint.only === where.policy.kind)
    .filter((constraint) => constraint.online !== true || where.offline !== true)
    .flatMap((constraint) =>
      constraint.offenders(value, where.policy).map(
        (path): IssueAt => ({
          code: constraint.code,
          at: [...where.at, ...path],
          value: valueAt(value, path),
          message: constraint.message,
        }),
      ),
    );
  const form = formOf(unwrap(schema), value);
  return [
    ...broken,
    ...(form === undefined ? checkChildren(unwrap(schema), value, where) : checkValue(form, value, where)),
  ];
}

function checkChildren(schema: z.core.$ZodType, value: Json, { at, ...where }: Where): IssueAt[] {
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.flatMap((item, index) => checkMarkers(schema.element, item, { at: [...at, index], ...where }));
  }
  if (!(schema instanceof z.ZodObject) || !isJsonObject(value)) return [];
  const shape: Record<string, z.core.$ZodType> = schema.shape;
  return Object.entries(shape).flatMap(([field, child]) => {
    const inside = ownValue(value, field);
    return inside === undefined ? [] : checkMarkers(child, inside, { at: [...at, field], ...where });
  });
}

function unsupportedIssue(value: Json, at: Path, why: string | undefined): IssueAt {
  return { code: "UnsupportedField", at, value, message: unsupportedMessage(at, why) };
}

/** What zod says: types, unknown and missing fields, bounds. */
function checkTypes(schema: z.ZodType, value: Json): IssueAt[] {
  const result = schema.safeParse(value);
  return result.success ? [] : result.error.issues.flatMap((issue) => translate(issue, value));
}

function translate(issue: z.core.$ZodIssue, root: Json): IssueAt[] {
  const at = issue.path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment));
  const value = valueAt(root, at);
  const tell = (code: IssueCode, message: string): IssueAt => ({ code, at, value, message });
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ code: "UnknownField", at: [...at, key], message: unknownMessage(at, key) }));
  }
  if (value === undefined) return [tell("MissingField", "this field is required: add it")];
  if (issue.code === "invalid_type")
    return [tell("WrongType", `has to be ${article(issue.expected)}${isUnquoted(value) ? UNQUOTED : ""}`)];
  if (issue.code === "custom") return [tell("WrongType", issue.message)];
  if (issue.code === "invalid_value")
    return [tell("InvalidValue", `is none of the values that are served here: ${issue.values.join(", ")}`)];
  if (issue.code === "too_big") return [tell("OutOfBounds", `at most ${issue.maximum} ${unit(issue.origin)}`)];
  if (issue.code === "too_small") return [tell("OutOfBounds", `at least ${issue.minimum} ${unit(issue.origin)}`)];
  return [tell("InvalidValue", issue.message)];
}

/** What YAML makes of braces without quotes: a map whose key is a map. */
function isUnquoted(value: Json): boolean {
  return isJsonObject(value) && Object.hasOwn(value, "[object Object]");
}

const UNQUOTED = ": {{ }} at the beginning of a value stands in quotes";

const UNKNOWN = "the language has no such field here: check its spelling and indentation, or remove it";

/** Where people look for a field that stands elsewhere. */
function unknownMessage(at: Path, key: string): string {
  const isClone = at.at(-1) === "clone" && (key === "kind" || key === "apiVersion");
  return isClone ? `a copy has the kind of its source, so ${key} stands beside clone: remove it here` : UNKNOWN;
}

function article(type: string): string {
  const names: Record<string, string> = {
    array: "a list",
    object: "an object",
    int: "a whole number",
    boolean: "true or false",
  };
  return names[type] ?? `a ${type}`;
}

function unit(origin: string): string {
  if (origin === "string") return "characters";
  return origin === "array" ? "entries" : "";
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((segment, index) => path[index] === segment);
}
