/** Settings of a policy as a whole: how drift is handled, and how the API server calls the operator. */

import { z } from "zod";
import { unsupported } from "./field.ts";
import { list, text } from "./value.ts";

const ignoredPath = z
  .strictObject({
    path: text("A JSON pointer into the object, such as /spec/replicas; * stands for any one part.", 512),
    manager: text("Only what this field manager set there.", 128).optional(),
  })
  .describe("A place in the objects that is left as it is.");

export const drift = z
  .strictObject({
    ignorePaths: unsupported(list(ignoredPath, 50, "Places in the objects that others may change.").optional()),
    foreignFields: unsupported(
      z
        .enum(["Remove", "Keep"])
        .describe("Remove (what is meant when absent): what others added to an object is taken out. Keep: it stays.")
        .optional(),
    ),
    recreate: unsupported(
      z
        .boolean()
        .describe(
          "true: an object whose immutable fields have to change is deleted and made again. false (what is meant when absent): it is reported.",
        )
        .optional(),
    ),
    contact: unsupported(text("Whom people may ask when a change is put back or refused.", 256).optional()),
  })
  .describe("What counts as drift of this policy's objects, and what is done about it.");

const matchCondition = z
  .strictObject({
    name: text("The name of the condition.", 63),
    expression: text("A CEL expression that has to be true for the operator to be called.", 4096),
  })
  .describe("A condition that the API server evaluates.");

export const webhookConfiguration = z
  .strictObject({
    failurePolicy: z.enum(["Fail", "Ignore"]).describe("What happens when the operator cannot be reached.").optional(),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(30)
      .describe("How long the API server waits, 1 to 30 seconds; 10 when absent.")
      .optional(),
    matchConditions: list(matchCondition, 64, "Conditions that narrow what the operator is called for.").optional(),
  })
  .describe("How the API server calls the operator for this policy.");
