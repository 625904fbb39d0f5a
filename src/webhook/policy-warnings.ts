/** What is legal in a policy, and perhaps not meant: each with the path and what to do. */

import { isJsonObject, type Json, type JsonObject, type Path } from "../object/index.ts";
import { type AnyPolicy, printFieldPath } from "../policy/index.ts";

/** In reading order. */
export function policyWarnings({ spec }: AnyPolicy): string[] {
  return findWarnings(spec as JsonObject, ["spec"]); // a parsed spec is JSON
}

/** Content is the user's own: what looks like a condition in there is none. */
const CONTENT = new Set(["data", "patchStrategicMerge", "patchesJson6902"]);

function findWarnings(value: Json, at: Path): string[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => findWarnings(item, [...at, i]));
  if (!isJsonObject(value)) return [];
  const own = [...oldOperator(value, at), ...variableSource(value, at)];
  const inside = Object.entries(value).filter(([field]) => !CONTENT.has(field));
  return [...own, ...inside.flatMap(([field, child]) => findWarnings(child, [...at, field]))];
}

/** Of conditions; label selectors have operators of the same names, and no deprecated ones. */
function oldOperator(value: JsonObject, at: Path): string[] {
  const { operator, key } = value;
  const inSelector = at.includes("matchExpressions");
  if (inSelector || key === undefined || (operator !== "In" && operator !== "NotIn")) return [];
  const [any, all] = operator === "In" ? ["AnyIn", "AllIn"] : ["AnyNotIn", "AllNotIn"];
  const path = printFieldPath([...at, "operator"]);
  return [`${path}: ${operator} means one thing for a list and another for a single value: write ${any} or ${all}`];
}

function variableSource(value: JsonObject, at: Path): string[] {
  const { clone } = value;
  if (at.at(-1) !== "generate" || clone === undefined || !isJsonObject(clone)) return [];
  return ["namespace", "name"]
    .filter((field) => typeof clone[field] === "string" && clone[field].includes("{{"))
    .map((field) => {
      const path = printFieldPath([...at, "clone", field]);
      return `${path}: it is known only when there is a trigger, so all objects of the kind have to be watched: write it out where it is always the same`;
    });
}
