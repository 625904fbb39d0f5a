/** Settings of a policy as a whole: how drift is handled, and how the API server calls the operator. */

import { z } from "zod";
import type { Json } from "../object/index.ts";
import { type Constraint, constrained, unsupported } from "./field.ts";
import { namesIn, uniqueNames } from "./unique-names.ts";
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

/** One of ours may stand beside them. */
const notOurs: Constraint = {
  code: "InvalidName",
  message: "names that end with perennial.dev are Perennial's own: choose another one",
  offenders: (conditions: Json) =>
    namesIn(conditions).flatMap((name, at) =>
      typeof name === "string" && name.endsWith("perennial.dev") ? [[at, "name"]] : [],
    ),
};

const matchCondition = z
  .strictObject({
    name: text("The name of the condition.", 63).regex(
      /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
      "a name has letters, digits, '-', '_' and '.', and begins and ends with a letter or digit",
    ),
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
    matchConditions: constrained(
      list(
        matchCondition,
        63, // the API server takes 64, and one may be ours
        "Conditions that narrow what the operator is called for.",
      ),
      uniqueNames("another condition of this policy has the same name: rename one of them"),
      notOurs,
    ).optional(),
  })
  .describe("How the API server calls the operator for this policy.");
