/** Preconditions: comparisons that have to hold before a rule acts. */

import { z } from "zod";
import { anyValue, list, text } from "./value.ts";

const OPERATORS = [
  "Equals",
  "NotEquals",
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

const condition = z
  .strictObject({
    key: anyValue("What is compared, such as {{ request.object.spec.type }}. Null makes every operator false."),
    operator: z.enum(OPERATORS).describe("How key and value are compared."),
    value: anyValue("A value, a list, a range such as 1-10, or an expression."),
    message: text("What it means when this does not hold.", 1024).optional(),
  })
  .describe("One comparison of a key with a value.");

export const preconditions = z
  .strictObject({
    any: list(condition, 50, "At least one has to hold; an empty list holds.").optional(),
    all: list(condition, 50, "All have to hold; an empty list holds.").optional(),
  })
  .describe("Conditions that have to hold before the rule acts; any and all have both to hold.");

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
