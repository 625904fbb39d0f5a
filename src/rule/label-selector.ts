/** Label selectors of filters; matchLabels take wildcards in keys and values, matchExpressions none. */

import { compileWildcard, hasWildcard } from "../expression/index.ts";
import type { LabelSelector } from "../policy/index.ts";

export type Labels = { readonly [key: string]: string };

type Requirement = { text: string; holds(labels: Labels): boolean };

/** A function that says why labels are not selected; undefined when they are. */
export function compileLabelSelector(selector: LabelSelector): (labels: Labels) => string | undefined {
  const requirements = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => labelRequirement(key, value)),
    ...(selector.matchExpressions ?? []).map(expressionRequirement),
  ];
  return (labels) => {
    const failed = requirements.find((requirement) => !requirement.holds(labels));
    return failed === undefined ? undefined : `its labels do not satisfy ${failed.text}`;
  };
}

/** A pattern as a key takes the first label whose key and value match. */
function labelRequirement(key: string, value: string): Requirement {
  const text = `${key}=${value}`;
  const matchesValue = compileWildcard(value);
  if (!hasWildcard(key))
    return { text, holds: (labels) => Object.hasOwn(labels, key) && matchesValue(labels[key] ?? "") };
  const matchesKey = compileWildcard(key);
  return {
    text,
    holds: (labels) => Object.entries(labels).some(([name, label]) => matchesKey(name) && matchesValue(label)),
  };
}

type Expression = NonNullable<LabelSelector["matchExpressions"]>[number];

function expressionRequirement({ key, operator, values = [] }: Expression): Requirement {
  const text = `${key} ${operator}${values.length > 0 ? ` (${values.join(", ")})` : ""}`;
  const has = (labels: Labels): boolean => Object.hasOwn(labels, key);
  const isIn = (labels: Labels): boolean => has(labels) && values.includes(labels[key] ?? "");
  switch (operator) {
    case "In":
      return { text, holds: isIn };
    case "NotIn":
      return { text, holds: (labels) => !isIn(labels) };
    case "Exists":
      return { text, holds: has };
    case "DoesNotExist":
      return { text, holds: (labels) => !has(labels) };
  }
}
