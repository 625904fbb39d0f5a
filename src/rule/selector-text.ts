/** Selectors as they stand in the query of an API path: `app=web,tier in (a,b),!legacy` and `spec.nodeName=n1`. */

import { asJson, type KubernetesObject, valueAt } from "../object/index.ts";

export type Selects = (object: KubernetesObject) => boolean;

/** Undefined when the text is no label selector. An empty one selects everything. */
export function parseLabelSelector(text: string): Selects | undefined {
  if (text.trim() === "") return () => true;
  const requirements = text.split(/,(?![^(]*\))/).map(parseRequirement);
  const holds = requirements.filter((requirement) => requirement !== undefined);
  if (holds.length < requirements.length) return undefined;
  return ({ metadata }) => holds.every((requirement) => requirement(metadata.labels ?? {}));
}

type Labels = { readonly [key: string]: string };

const KEY = "[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?";
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);
const EQUALS = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const AMONG = new RegExp(`^(${KEY})\\s+(in|notin)\\s+\\(([^()]*)\\)$`);

function parseRequirement(text: string): ((labels: Labels) => boolean) | undefined {
  const [, not, existing] = EXISTS.exec(text.trim()) ?? [];
  if (existing !== undefined) return (labels) => Object.hasOwn(labels, existing) === (not === "");
  const [, key = "", , operator, value = ""] = EQUALS.exec(text.trim()) ?? [];
  if (operator !== undefined) return (labels) => (labelOf(labels, key) === value) === (operator !== "!=");
  const [, listed = "", , word, values = ""] = AMONG.exec(text.trim()) ?? [];
  if (word === undefined) return undefined;
  const among = new Set(values.split(",").map((each) => each.trim()));
  return (labels) => among.has(labelOf(labels, listed) ?? MISSING) === (word === "in");
}

/** No label value: what is absent is among none. */
const MISSING = "\n";

function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** Undefined when the text is no field selector. What is absent counts as "". */
export function parseFieldSelector(text: string): Selects | undefined {
  if (text.trim() === "") return () => true;
  const requirements = text.split(",").map((each) => /^\s*([A-Za-z][A-Za-z0-9.]*?)\s*(==|=|!=)(.*)$/.exec(each));
  if (requirements.includes(null)) return undefined;
  return (object) =>
    requirements.every((found) => {
      const [, path = "", operator, value = ""] = found ?? [];
      const stored = valueAt(asJson(object), path.split(".")) ?? "";
      return (String(stored) === value.trim()) === (operator !== "!=");
    });
}
