/** Label selectors, as in Kubernetes, with wildcards in matchLabels. */

import { z } from "zod";
import { isJsonObject, type Json, ownValue, type Path } from "../object/index.ts";
import { type Constraint, constrained, has, objectRule } from "./field.ts";
import { list, NAME_LENGTH, text, textMap } from "./value.ts";

/** A prefix of 253, a slash and a name of 63. */
const KEY_LENGTH = 317;
const KEY = /^([a-z0-9*?]([-a-z0-9.*?]*[a-z0-9*?])?\/)?[A-Za-z0-9*?]([-A-Za-z0-9_.*?]*[A-Za-z0-9*?])?$/;
const VALUE = /^([A-Za-z0-9*?]([-A-Za-z0-9_.*?]*[A-Za-z0-9*?])?)?$/;

/** `variables`: whether values may hold them, and are then checked when they are known. */
type Options = { variables?: boolean };

function wellFormedLabels({ variables = false }: Options): Constraint {
  return {
    code: "InvalidSelector",
    message:
      "is no label, so nothing could carry it: keys are [prefix/]name, values at most 63 letters, digits, -, _ and . (* and ? are wildcards)",
    offenders: (labels) =>
      entriesOf(labels)
        .filter(([key, value]) => !isLabel(key, variables && holdsVariable(value) ? "" : value))
        .map(([key]): Path => [key]),
  };
}

function holdsVariable(value: Json): boolean {
  return typeof value === "string" && value.includes("{{");
}

function requirement({ variables = false }: Options) {
  return constrained(
    z.strictObject({
      key: text("The label's key, without wildcards.", KEY_LENGTH),
      operator: z
        .enum(["In", "NotIn", "Exists", "DoesNotExist"])
        .describe(
          "How the label is compared. In and NotIn need values; Exists and DoesNotExist have none. NotIn holds also where the label is absent.",
        ),
      values: list(
        z
          .string()
          .max(variables ? NAME_LENGTH : 63)
          .describe(`A label value, without wildcards${variables ? "; may hold variables" : ""}.`),
        50,
        "The label values to compare with.",
      ).optional(),
    }),
    {
      code: "InvalidSelector",
      message:
        "is no label, so nothing could carry it: keys are [prefix/]name, values at most 63 letters, digits, -, _ and .; wildcards stand in matchLabels only",
      offenders: (entry) => (isJsonObject(entry) ? wrongLabels(entry, variables) : []),
    },
    objectRule({
      code: "InvalidSelector",
      field: "values",
      cel: "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 : !has(self.values) || size(self.values) == 0",
      message: "In and NotIn need at least one entry in values; Exists and DoesNotExist take none",
      holds: (entry) => {
        const values = ownValue(entry, "values");
        const count = Array.isArray(values) ? values.length : 0;
        return ["In", "NotIn"].includes(String(entry.operator)) ? count > 0 : count === 0;
      },
    }),
  );
}

function wrongLabels({ key, values }: { [field: string]: Json }, variables: boolean): Path[] {
  const isWrong = (value: Json | undefined, form: RegExp): boolean =>
    typeof value === "string" && value !== "" && (/[*?]/.test(value) || !form.test(value));
  const wrong = (Array.isArray(values) ? values : []).flatMap((value, i): Path[] =>
    isWrong(variables && holdsVariable(value) ? "" : value, VALUE) ? [["values", i]] : [],
  );
  return isWrong(key, KEY) ? [["key"], ...wrong] : wrong;
}

/** `of` says whose labels are looked at. */
export function labelSelector(of: string, options: Options = {}) {
  return constrained(
    z.strictObject({
      matchLabels: constrained(
        textMap(
          50,
          options.variables === true
            ? "Labels that all have to be there, written out; values may hold variables."
            : "Labels that all have to be there. Keys and values take wildcards: * any run of characters, ? exactly one.",
        ),
        wellFormedLabels(options),
      ).optional(),
      matchExpressions: list(
        requirement(options).describe("One requirement on a label."),
        50,
        "Requirements that all have to hold.",
      ).optional(),
    }),
    objectRule({
      code: "InvalidSelector",
      cel: "has(self.matchLabels) || has(self.matchExpressions)",
      message:
        "an empty selector would select everything: give matchLabels or matchExpressions, or remove the selector",
      holds: (selector) => has(selector, "matchLabels") || has(selector, "matchExpressions"),
    }),
  ).describe(
    `Selects by ${of}, as a label selector does everywhere in Kubernetes: matchLabels and matchExpressions have both to hold.`,
  );
}

/** Annotations a filter asks for; their values are free text. */
export function annotationPatterns() {
  return constrained(
    textMap(
      50,
      "Annotations that all have to be there. Keys and values take wildcards: * any run of characters, ? exactly one.",
    ),
    {
      code: "InvalidSelector",
      message:
        "is no annotation key, so nothing could carry it: keys are [prefix/]name of letters, digits, -, _ and . (* and ? are wildcards)",
      offenders: (annotations) =>
        entriesOf(annotations)
          .filter(([key]) => !KEY.test(key))
          .map(([key]): Path => [key]),
    },
    {
      code: "VariableNotAllowed",
      message:
        "match and exclude take no {{ variables }}: write the value or a pattern; for a decision by expression use preconditions",
      offenders: (annotations) =>
        entriesOf(annotations)
          .filter(([, value]) => typeof value === "string" && value.includes("{{"))
          .map(([key]): Path => [key]),
    },
  );
}

function entriesOf(value: Json): [string, Json][] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

/** A value that is no string is told by its type. */
function isLabel(key: string, value: Json): boolean {
  const isValue = typeof value !== "string" || (value.length <= 63 && VALUE.test(value));
  return isValue && key.length <= KEY_LENGTH && KEY.test(key);
}

export type LabelSelector = z.infer<ReturnType<typeof labelSelector>>;
