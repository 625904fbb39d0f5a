/** Which sources a cloneList means: their labels, of which values may hold variables. */

import { hasVariables } from "../expression/index.ts";
import { type Json, printJson } from "../object/index.ts";
import type { Generate } from "../policy/index.ts";
import { compileLabelSelector, type Labels } from "./label-selector.ts";

type LabelSelector = NonNullable<NonNullable<Generate["cloneList"]>["selector"]>;

type WhyNot = (labels: Labels) => string | undefined;

/** Given the selector with its variables filled in: a function that says why labels are not selected, or what is wrong with it. */
export type SourceSelector = (filled: Json) => { whyNot: WhyNot } | { wrong: string };

export function compileSourceSelector(selector: LabelSelector | undefined): SourceSelector {
  if (selector === undefined) return () => ({ whyNot: () => undefined });
  if (hasVariables(JSON.stringify(selector))) return selectorOf;
  const whyNot = compileLabelSelector(selector);
  return () => ({ whyNot });
}

/** What data gives is a value, never a pattern. */
function selectorOf(filled: Json): { whyNot: WhyNot } | { wrong: string } {
  const selector = filled as LabelSelector; // the shape that was compiled, with any values
  const given: [string, Json][] = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]): [string, Json] => [`matchLabels.${key}`, value]),
    ...(selector.matchExpressions ?? []).flatMap(({ values = [] }, i) =>
      values.map((value, at): [string, Json] => [`matchExpressions[${i}].values[${at}]`, value]),
    ),
  ];
  const wrong = given.find(([, value]) => typeof value !== "string" || !LABEL_VALUE.test(value));
  if (wrong === undefined) return { whyNot: compileLabelSelector(selector) };
  return { wrong: `${wrong[0]} must give the value of a label, not ${printJson(wrong[1])}` };
}

const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
