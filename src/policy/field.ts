/** What the language says about a field beyond its type. The CRD and the deep check read the same markers. */

import { z } from "zod";
import { isJsonObject, type Json, type JsonObject, ownValue, type Path } from "../object/index.ts";
import type { IssueCode } from "./issue.ts";

/** The policy that is checked, as far as its parts need to know it. `namespace` is "" for a ClusterPolicy. */
export type PolicyIdentity = { kind: "ClusterPolicy" | "Policy"; namespace: string };

/** A rule that spans fields. `cel` is the same rule for the API server; it is absent for what CEL cannot see or afford. */
export type Constraint = {
  code: IssueCode;
  message: string;
  cel?: string;
  /** Of the operator only: the commands that look at policies without a cluster know more. */
  online?: true;
  /** For one kind of policy only. */
  only?: PolicyIdentity["kind"];
  /** The field inside this one that the rule is about. */
  field?: string;
  /** Paths, from this field, of what breaks the rule. */
  offenders: (value: Json, policy: PolicyIdentity) => Path[];
};

export type FieldMeta = {
  description?: string | undefined;
  unsupported?: boolean;
  /** Not served by the operator, but looked at without a cluster. */
  offline?: boolean;
  /** Refused here only: the API server's estimate of what its rules cost leaves no room for one. */
  deepOnly?: boolean;
  /** What the field would need that is not there. */
  whyUnsupported?: string;
  constraints?: readonly Constraint[];
};

/** Known, but not served by this version: the API server and the deep check refuse it by name. Served = marker removed. */
export function unsupported<S extends z.ZodType>(schema: S, why?: string): S {
  return schema.meta({ unsupported: true, ...(why === undefined ? {} : { whyUnsupported: why }) } satisfies FieldMeta);
}

/** A field that is refused by name: here, and not by the API server. */
export function refusedHere<S extends z.ZodType>(schema: S): S {
  return schema.meta({ ...metaOf(schema), deepOnly: true } satisfies FieldMeta);
}

/** As `unsupported` for the operator; the commands that look at policies without a cluster know it. */
export function offlineOnly<S extends z.ZodType>(schema: S): S {
  return schema.meta({ unsupported: true, offline: true } satisfies FieldMeta);
}

export function constrained<S extends z.ZodType>(schema: S, ...constraints: readonly Constraint[]): S {
  return schema.meta({ constraints: [...(metaOf(schema).constraints ?? []), ...constraints] } satisfies FieldMeta);
}

type Forms<L, O> = { list: z.ZodType<L>; object: z.ZodType<O> };

const forms = new WeakMap<z.core.$ZodType, Forms<unknown, unknown>>();

/**
 * A field that is written as a list or as an object. A structural schema cannot say so: the API server takes any value
 * there, and the deep check goes by the form that is written.
 */
export function eitherForm<L, O>(description: string, { list, object }: Forms<L, O>) {
  const schema = z
    .custom<L | O>(
      (value) => Array.isArray(value) || isJsonObject(value),
      `has to be a list, or an object: ${description}`,
    )
    .meta({ "x-kubernetes-preserve-unknown-fields": true, description });
  forms.set(schema, { list, object });
  return schema;
}

/** The schema of the form that a value of `eitherForm` is written in; undefined for every other field. */
export function formOf(schema: z.core.$ZodType, value: Json): z.ZodType | undefined {
  const found = forms.get(schema);
  if (found === undefined || value === null || typeof value !== "object") return undefined;
  return Array.isArray(value) ? found.list : found.object;
}

/** A constraint on an object, given as a predicate over its fields. */
export function objectRule(rule: Omit<Constraint, "offenders"> & { holds: ObjectPredicate }): Constraint {
  const { holds, ...rest } = rule;
  const at: Path = rule.field === undefined ? [] : [rule.field];
  return { ...rest, offenders: (value, policy) => (!isJsonObject(value) || holds(value, policy) ? [] : [at]) };
}

/** A constraint on a string. */
export function stringRule(rule: Omit<Constraint, "offenders"> & { holds: StringPredicate }): Constraint {
  const { holds, ...rest } = rule;
  return { ...rest, offenders: (value, policy) => (typeof value !== "string" || holds(value, policy) ? [] : [[]]) };
}

/** As CEL's `has(self.field)`. */
export function has(object: JsonObject, field: string): boolean {
  return ownValue(object, field) !== undefined;
}

/** The schema below `optional()`. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}

/** The markers of a field, whether they stand inside or outside its `optional()`. */
export function metaOf(schema: z.core.$ZodType): FieldMeta {
  const own: FieldMeta = z.globalRegistry.get(schema) ?? {};
  return schema instanceof z.ZodOptional ? { ...metaOf(schema.unwrap()), ...own } : own;
}

type ObjectPredicate = (object: JsonObject, policy: PolicyIdentity) => boolean;
type StringPredicate = (text: string, policy: PolicyIdentity) => boolean;
