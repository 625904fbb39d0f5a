/** One rule of a policy: what it is about, and what it does. */

import { z } from "zod";
import { isEqual, type Json, type JsonObject, ownValue, valueAt } from "../object/index.ts";
import { context } from "./context.ts";
import { constrained, has, objectRule, unsupported } from "./field.ts";
import { generate } from "./generate.ts";
import { exclude, match } from "./match.ts";
import { mutate } from "./mutate.ts";
import { celPreconditions, preconditions } from "./preconditions.ts";
import { text } from "./value.ts";

/** The same as `kindsOf(match).includes("*")`, for the API server. */
const MATCHES_EVERY_KIND = ["any", "all"]
  .map(
    (form) =>
      `has(self.match.${form}) && self.match.${form}.exists(f, has(f.resources.kinds) && '*' in f.resources.kinds)`,
  )
  .concat("has(self.match.resources) && has(self.match.resources.kinds) && '*' in self.match.resources.kinds")
  .join(" || ");

/** The fields in the order in which a rule is read. */
export const rule = constrained(
  z.strictObject({
    name: text("The rule's name, unique in the policy; part of the identity of what the rule makes.", 63),
    match,
    exclude: exclude.optional(),
    preconditions: preconditions.optional(),
    celPreconditions: unsupported(celPreconditions.optional()),
    context: context.optional(),
    generate: generate.optional(),
    mutate: mutate.optional(),
    skipBackgroundRequests: z
      .boolean()
      .describe(
        "true (what is meant when absent): what Perennial itself generated does not trigger the rule. false: it does.",
      )
      .optional(),
  }),
  objectRule({
    code: "ExclusiveFields",
    cel: "has(self.generate) != has(self.mutate)",
    message: "a rule does one thing: give exactly one of generate and mutate, and put the other into a rule of its own",
    holds: (value) => has(value, "generate") !== has(value, "mutate"),
  }),
  objectRule({
    code: "NothingSelected",
    field: "exclude",
    message: "exclude is the same as match, so the rule selects nothing: narrow one of them",
    holds: (value) => !has(value, "exclude") || !isEqual(ownValue(value, "match"), ownValue(value, "exclude")),
  }),
  objectRule({
    code: "InvalidKind",
    field: "match",
    cel: `!has(self.generate) || !(${MATCHES_EVERY_KIND})`,
    message:
      "a generate rule cannot be about every kind at once, as it would make an object for each object: name the kinds",
    holds: (value) => !has(value, "generate") || !kindsOf(value.match ?? null).includes("*"),
  }),
  objectRule({
    code: "InvalidKind",
    field: "generate",
    cel: "!(has(self.generate) && has(self.generate.kind) && has(self.match.resources) && has(self.match.resources.kinds) && self.generate.kind in self.match.resources.kinds)",
    message:
      "the rule generates the kind that its flat match selects, so each object could ask for another: match another kind, or write the filter under any, with a selector that leaves out what is generated",
    holds: (value) => !generatesWhatItMatches(value),
  }),
).describe("One rule: for each object that match selects, make what generate says, or change what mutate says.");

export type Rule = z.infer<typeof rule>;

function generatesWhatItMatches(value: JsonObject): boolean {
  const kind = valueAt(value, ["generate", "kind"]);
  const kinds = valueAt(value, ["match", "resources", "kinds"]);
  return kind !== undefined && Array.isArray(kinds) && kinds.includes(kind);
}

/** Every kind selector of a match, in whichever form it is written. */
function kindsOf(match: Json): Json[] {
  const lists = [valueAt(match, ["any"]), valueAt(match, ["all"]), [match]];
  return lists
    .flatMap((filters) => (Array.isArray(filters) ? filters : []))
    .flatMap((filter) => valueAt(filter, ["resources", "kinds"]) ?? []);
}
