/** From a zod schema to a structural schema of the API server, with CEL rules for the markers of `field.ts`. */

import { z } from "zod";
import { isJsonObject, type Json, type JsonObject, ownValue, type Path } from "../object/index.ts";
import { unsupportedMessage } from "./check.ts";
import type { IssueCode } from "./issue.ts";
import type { PolicyKind } from "./policy.ts";

export type StructuralOptions = {
  kind: PolicyKind;
  /** Where the schema stands in the policy. */
  at: Path;
  /** Leaves the markers out, to see what the API server will say to the whole language. */
  serveAll?: boolean;
};

/** Throws when something cannot be said in a structural schema: a mistake in the schemas, not in a policy. */
export function structuralSchema(schema: z.ZodType, options: StructuralOptions): JsonObject {
  const described = z.toJSONSchema(schema, { target: "openapi-3.0", unrepresentable: "any", io: "input" });
  return convert(described as JsonObject, { ...options, inRefused: false }); // zod hands out plain JSON
}

type Where = StructuralOptions & { inRefused: boolean };

function convert(node: JsonObject, where: Where): JsonObject {
  const { description, type, properties, items, ...rest } = node;
  if (description === undefined) throw new Error(`${where.at.join(".")} has no description`);
  const converted: JsonObject = { description, ...(type === undefined ? {} : { type }), ...bounds(rest) };
  if (isJsonObject(properties)) converted.properties = convertProperties(properties, where);
  if (isJsonObject(items)) converted.items = convert(items, { ...where, at: [...where.at, 0] });
  const validations = where.inRefused ? [] : [...ownRules(node, where), ...refusedFields(properties, where)];
  return validations.length === 0 ? converted : { ...converted, "x-kubernetes-validations": validations };
}

function convertProperties(properties: JsonObject, where: Where): JsonObject {
  const converted: JsonObject = {};
  for (const [field, child] of Object.entries(properties)) {
    if (!isJsonObject(child)) continue;
    const inRefused = where.inRefused || isRefused(child, where);
    converted[field] = convert(child, { ...where, at: [...where.at, field], inRefused });
  }
  return converted;
}

/** Everything but our markers and what the API server does not take: pruning refuses unknown fields already. */
function bounds(keywords: JsonObject): JsonObject {
  const { $schema, unsupported, offline, deepOnly, whyUnsupported, constraints, additionalProperties, ...kept } =
    keywords;
  const integer = kept.maximum === Number.MAX_SAFE_INTEGER ? withoutSafeBounds(kept) : kept;
  return isJsonObject(additionalProperties) ? { ...integer, additionalProperties } : integer;
}

/** What zod means by an integer is the widest that JSON numbers hold; Kubernetes says int64. */
function withoutSafeBounds({ maximum, minimum, ...rest }: JsonObject): JsonObject {
  const isLimit = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER;
  return { ...rest, format: "int64", ...(isLimit ? {} : { minimum }) };
}

function ownRules(node: JsonObject, { kind }: Where): Json[] {
  const constraints = Array.isArray(node.constraints) ? node.constraints.filter(isJsonObject) : [];
  return constraints
    .filter(({ cel, only }) => cel !== undefined && (only === undefined || only === kind))
    .map(({ cel, message, field, code }) => validation({ rule: cel, message, field, code }));
}

function refusedFields(properties: Json | undefined, where: Where): Json[] {
  if (!isJsonObject(properties)) return [];
  const refused = Object.entries(properties).filter(
    ([, child]) => isJsonObject(child) && child.deepOnly !== true && isRefused(child, where),
  );
  return refused.map(([field, child]) => {
    if (!isJsonObject(child) || child.type === undefined) throw new Error(`${field} has no type, so CEL cannot see it`);
    const why = typeof child.whyUnsupported === "string" ? child.whyUnsupported : undefined;
    const message = `UnsupportedField: ${unsupportedMessage([...where.at, field], why)}`;
    return validation({ rule: `!has(self.${field})`, message, field, code: "UnsupportedField" });
  });
}

function isRefused(node: JsonObject, { serveAll = false }: Where): boolean {
  return !serveAll && ownValue(node, "unsupported") === true;
}

type Validation = {
  rule: Json | undefined;
  message: Json | undefined;
  field: Json | undefined;
  code: Json | undefined;
};

function validation({ rule = null, message = null, field, code }: Validation): JsonObject {
  const reason = SERVER_REASONS[code as IssueCode] ?? "FieldValueInvalid"; // constraints are typed; JSON forgot it
  return { rule, message, reason, ...(field === undefined ? {} : { fieldPath: `.${String(field)}` }) };
}

/** The API server has four reasons; only forbidden and required ones read better than "Invalid value". */
const SERVER_REASONS: { [Code in IssueCode]?: string } = {
  UnsupportedField: "FieldValueForbidden",
  ExclusiveFields: "FieldValueForbidden",
  OutsideNamespace: "FieldValueForbidden",
  MissingField: "FieldValueRequired",
};
