/** mutate: what a rule changes in the object that is admitted, or in objects that exist. */

import { z } from "zod";
import { elementContext, nestedContext } from "./context.ts";
import { constrained, has, objectRule, stringRule } from "./field.ts";
import { literalApiVersion } from "./names.ts";
import { preconditions } from "./preconditions.ts";
import { labelSelector } from "./selector.ts";
import { expression, freeObject, list, text } from "./value.ts";

const patches = {
  patchStrategicMerge: freeObject(
    "A strategic merge patch. Keys may be anchors: (key) only where it fits, +(key) only where it is absent, <(key) for the whole patch.",
  ).optional(),
  patchesJson6902: text("A JSON Patch (RFC 6902) as JSON or YAML text.", 65_536).optional(),
};

const loop = {
  list: expression("An expression that gives the list; in the entry, element and elementIndex are what it stands at."),
  order: z
    .enum(["Ascending", "Descending"])
    .describe("The order of the elements. When absent: Descending for patchStrategicMerge, else Ascending.")
    .optional(),
  context: elementContext.optional(),
  preconditions: preconditions.optional(),
  ...patches,
};

const nestedLoop = { ...loop, context: nestedContext.optional() };

const LOOP = "A list, and the patch for each of its elements.";
const LOOPS = "Patches for each element of a list; exactly one patch form, or only a nested foreach.";

const innermost = z
  .strictObject({ ...nestedLoop, foreach: list(freeObject(LOOP), 10, "Deeper than foreach may be nested.").optional() })
  .describe(LOOP);
const middle = z.strictObject({ ...nestedLoop, foreach: list(innermost, 10, LOOPS).optional() }).describe(LOOP);
const outermost = z.strictObject({ ...loop, foreach: list(middle, 10, LOOPS).optional() }).describe(LOOP);

const target = z
  .strictObject({
    apiVersion: literalApiVersion("The target's API version, such as v1."),
    kind: constrained(
      text(
        "The target's kind, such as ConfigMap; of a part that is written on its own: Node/status, Deployment/scale.",
        80,
      ),
      stringRule({
        code: "InvalidKind",
        message:
          "kind is one kind, written out as in a manifest, such as ConfigMap, or with a subresource, such as Node/status: no variables, no wildcards",
        holds: (value) => /^[A-Z][A-Za-z0-9]*(\/[a-z]+)?$/.test(value),
      }),
      stringRule({
        code: "UnsupportedField",
        message: "of the subresources of targets, status and scale are served: name one of them, or the kind alone",
        holds: (value) => !value.includes("/") || /\/(status|scale)$/.test(value),
      }),
    ),
    name: expression("The target's name; variables and wildcards are allowed.").optional(),
    namespace: expression(
      "The target's namespace; variables and wildcards are allowed. In a Policy its own.",
    ).optional(),
    selector: labelSelector("the labels of the targets").optional(),
    context: elementContext.optional(),
    preconditions: preconditions.optional(),
  })
  .describe("Existing objects that are changed; in their own preconditions and patches, target is the object.");

const OF_TARGETS = ["mutateExistingOnPolicyUpdate", "revertOnDelete"] as const;

export const mutate = constrained(
  z.strictObject({
    ...patches,
    foreach: list(outermost, 50, LOOPS).optional(),
    targets: list(target, 50, "Existing objects to change, instead of the object that matched.").optional(),
    mutateExistingOnPolicyUpdate: z
      .boolean()
      .describe(
        "true (what is meant when absent): the targets are kept as the patch says. false: they are changed once for each change of the trigger.",
      )
      .optional(),
    revertOnDelete: z
      .boolean()
      .describe(
        "true: what the rule set is taken back when the rule, its trigger or its match goes, unless somebody changed it since.",
      )
      .optional(),
  }),
  ...OF_TARGETS.map((field) =>
    objectRule({
      code: "ExclusiveFields",
      field,
      cel: `!has(self.${field}) || has(self.targets)`,
      message: `${field} is about existing objects: name them in targets, or remove it`,
      holds: (value) => !has(value, field) || has(value, "targets"),
    }),
  ),
).describe("What is changed: exactly one of patchStrategicMerge, patchesJson6902 and foreach.");

export type Mutate = z.infer<typeof mutate>;
