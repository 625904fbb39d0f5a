/** spec: the rules of a policy, and how they are carried out. */

import { z } from "zod";
import { valueAt } from "../object/index.ts";
import { type Constraint, constrained, has, objectRule } from "./field.ts";
import { rule } from "./rule.ts";
import { drift, webhookConfiguration } from "./settings.ts";
import { uniqueNames } from "./unique-names.ts";
import { keyedList } from "./value.ts";

const rules = constrained(
  keyedList(rule, {
    key: "name",
    maxItems: 100,
    description: "What the policy does, rule by rule, 1 to 100; told apart by their names.",
  }).min(1),
  // the API server refuses this by itself: the list is keyed by name
  uniqueNames("another rule of this policy has the same name: rename one of them"),
);

/** A boolean of the envelope of which only one value is served. */
function onlyTrue(description: string, message: string) {
  const rule: Constraint = {
    code: "UnsupportedField",
    message,
    cel: "self",
    offenders: (value) => (value === false ? [[]] : []),
  };
  return constrained(z.boolean().describe(description), rule).optional();
}

const OLDER_PLACES = [
  ["failurePolicy", "failurePolicy"],
  ["webhookTimeoutSeconds", "timeoutSeconds"],
] as const;

export const spec = constrained(
  z.strictObject({
    rules,
    mode: z
      .enum(["Correct"])
      .describe(
        "Correct (what is meant when absent): the objects are made, and put back when somebody changes or deletes them.",
      )
      .optional(),
    adoption: z
      .enum(["Always", "IfUnmanaged", "Never"])
      .describe(
        "What happens to an object that was there before the policy. Always: it is taken over, whoever else says that it is theirs. IfUnmanaged (what is meant when absent): it is taken over unless it carries another manager's mark; then the rule reports Conflict. Never: it is left, and the rule reports Conflict.",
      )
      .optional(),
    drift: drift.optional(),
    pruneLimit: z
      .int()
      .min(-1)
      .describe(
        "When more than this many existing objects are no longer wanted although their triggers exist, none is deleted until the annotation perennial.dev/approve-prune has the policy's generation. 100 when absent; -1: no limit.",
      )
      .optional(),
    applyRules: z
      .enum(["All", "One"])
      .describe("All (what is meant when absent): every rule. One: stop after the first rule that applied.")
      .optional(),
    admission: onlyTrue(
      "Whether the rules act when objects are admitted; true when absent, and the only value that is served.",
      "false is not served by this version: remove it",
    ),
    background: z
      .boolean()
      .describe(
        "Whether the rules act on what is stored; true when absent. false: only on what is admitted, which is served where every rule changes objects while they are written, acts on changes, or asks who created them.",
      )
      .optional(),
    generateExisting: z
      .boolean()
      .describe("The older place of the field of the same name in generate; that one wins.")
      .optional(),
    mutateExistingOnPolicyUpdate: z
      .boolean()
      .describe("The older place of the field of the same name in mutate; that one wins.")
      .optional(),
    useServerSideApply: z
      .boolean()
      .describe("Accepted for the sake of older policies: Perennial always uses server-side apply.")
      .optional(),
    emitWarning: z
      .boolean()
      .describe("true: whoever sent a request gets a warning for each rule that changed the object.")
      .optional(),
    webhookConfiguration: webhookConfiguration.optional(),
    failurePolicy: z
      .enum(["Fail", "Ignore"])
      .describe("The older place of webhookConfiguration.failurePolicy.")
      .optional(),
    webhookTimeoutSeconds: z
      .int()
      .min(1)
      .max(30)
      .describe("The older place of webhookConfiguration.timeoutSeconds.")
      .optional(),
  }),
  ...OLDER_PLACES.map(([older, field]) =>
    objectRule({
      code: "ExclusiveFields",
      field: older,
      cel: `!(has(self.${older}) && has(self.webhookConfiguration) && has(self.webhookConfiguration.${field}))`,
      message: `${older} is the older place of webhookConfiguration.${field}, and both are given: keep the newer one`,
      holds: (value) => !has(value, older) || valueAt(value, ["webhookConfiguration", field]) === undefined,
    }),
  ),
).describe("What the policy wants.");

export type PolicySpec = z.infer<typeof spec>;
