/** Preconditions: comparisons that have to hold before a rule acts. */

import { z } from "zod";
import { constrained, eitherForm, objectRule } from "./field.ts";
import { anyValue, list, text } from "./value.ts";

/** Written also without the s. */
export const OPERATORS = [
  "Equals",
  "Equal",
  "NotEquals",
  "NotEqual",
  "AnyIn",
  "AllIn",
  "AnyNotIn",
  "AllNotIn",
  "In",
  "NotIn",
  "GreaterThan",
  "GreaterThanOrEquals",
  "LessThan",
  "LessThanOrEquals",
  "DurationGreaterThan",
  "DurationGreaterThanOrEquals",
  "DurationLessThan",
  "DurationLessThanOrEquals",
] as const;

const condition = constrained(
  z
    .strictObject({
      key: anyValue("What is compared, such as {{ request.object.spec.type }}. Null makes every operator false."),
      operator: z.enum(OPERATORS).describe("How key and value are compared."),
      value: anyValue("A value, a list, a range such as 1-10, or an expression."),
      message: text("What it means when this does not hold.", 1024).optional(),
    })
    .describe("One comparison of a key with a value."),
  given("key", "what is compared, such as {{ request.object.spec.type }}"),
  given("value", "what the key is compared with"),
);

const conditions = list(condition, 50, "All have to hold; an empty list holds.");

export const preconditions = eitherForm(
  "Conditions that have to hold before the rule acts: any (at least one of its list has to hold) and all (all of its list have to), both of which have to hold; or a plain list, all of which have to hold. A condition has key, operator, value and perhaps a message.",
  {
    list: conditions,
    object: z
      .strictObject({
        any: list(condition, 50, "At least one has to hold; an empty list holds.").optional(),
        all: conditions.optional(),
      })
      .describe("any and all have both to hold."),
  },
);

export const celPreconditions = list(
  z
    .strictObject({
      name: text("The name of the condition, for messages.", 63),
      expression: text("A CEL expression that has to be true.", 4096),
    })
    .describe("One CEL condition."),
  50,
  "CEL expressions over object, oldObject, request and namespaceObject that all have to be true before the rule acts.",
);

export type Preconditions = z.infer<typeof preconditions>;
export type PolicyCondition = z.infer<typeof condition>;

/** Null as written out makes no comparison; an expression may give it. */
function given(field: "key" | "value", what: string) {
  return objectRule({
    code: "InvalidValue",
    field,
    message: `${field} is null, so nothing is compared: say ${what}`,
    holds: (value) => value[field] !== null,
  });
}
