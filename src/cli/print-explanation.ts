/** Every condition of a rule with its answer, as lines of text. */

import type { Json } from "../object/index.ts";
import type { ConditionCheck, Explanation, FilterCheck, PartCheck } from "../rule/index.ts";
import { MASKED, type Mask } from "./mask.ts";

/** `labels`: what is taken for granted of the namespace. `hidden`: variables whose values are not shown. */
type Shown = { labels: readonly string[]; hidden: ReadonlySet<string>; mask: Mask };

export function printExplanation(explanation: Explanation, { labels, hidden, mask }: Shown): string[] {
  return [
    ...printFilters("match", explanation.match),
    ...printFilters("exclude", explanation.exclude),
    ...labels,
    ...printContext(explanation, hidden, mask),
    ...printConditions(explanation.preconditions, hidden, mask),
  ];
}

function printFilters(which: "match" | "exclude", filters: readonly FilterCheck[]): string[] {
  return filters.flatMap(({ path, parts }) => {
    const holds = parts.every(({ whyNot }) => whyNot === undefined);
    const head = `  ${path} ${holds ? "holds" : "does not hold"}${which === "exclude" && holds ? ": it is left out" : ""}`;
    return [head, ...parts.map(printPart)];
  });
}

function printPart({ field, whyNot }: PartCheck): string {
  return whyNot === undefined ? `    yes  ${field}` : `    no   ${field}: ${whyNot}`;
}

function printContext({ context }: Explanation, hidden: ReadonlySet<string>, mask: Mask): string[] {
  if (context.length === 0) return [];
  const lines = context.map(({ name, value }) => {
    if (!value.ok) return `    no   ${name}: ${mask.text(value.message)}`;
    return `    yes  ${name} = ${hidden.has(name) ? MASKED : printValue(value.value, mask)}`;
  });
  return ["  context", ...lines];
}

function printConditions(conditions: readonly ConditionCheck[], hidden: ReadonlySet<string>, mask: Mask): string[] {
  if (conditions.length === 0) return [];
  return ["  preconditions", ...conditions.map((condition) => printCondition(condition, hidden, mask))];
}

function printCondition(
  { path, operator, reads, compared }: ConditionCheck,
  hidden: ReadonlySet<string>,
  mask: Mask,
): string {
  if (!compared.ok) return `    no   ${path}: ${mask.text(compared.message)}`;
  const isSecret = [...reads].some((read) => hidden.has(read));
  const shown = (value: Json): string => (isSecret ? MASKED : printValue(value, mask));
  const sides = `${shown(compared.key)} ${operator} ${shown(compared.value)}`;
  return `    ${compared.holds ? "yes " : "no  "} ${path}: ${sides}`;
}

const LONGEST = 200;

function printValue(value: Json, mask: Mask): string {
  const text = JSON.stringify(mask.json(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}
