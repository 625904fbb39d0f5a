/** `data`: the content of a generated object. Free-form, because only the API server knows what the object may hold. */

import { isJsonObject, type Json, type Path, valueAt } from "../object/index.ts";
import { constrained } from "./field.ts";
import { freeObject } from "./value.ts";

export const content = constrained(
  freeObject(
    "The object's content: spec, data, rules, labels and so on, with {{ variables }} in any string. Its name, namespace and apiVersion come from the rule. What others add to the object is taken out again when synchronize is on.",
  ),
  {
    code: "InvalidValue",
    message: "anchors such as (key) and +(key) select in patches and mean nothing in data: write the plain key",
    offenders: (data) => findAnchors(data, []),
  },
  {
    code: "InvalidValue",
    message:
      "a finalizer would keep the object from going when it is no longer wanted, and Perennial takes none off: remove it",
    offenders: (data) => (valueAt(data, FINALIZERS) === undefined ? [] : [FINALIZERS]),
  },
  {
    code: "WrongType",
    message: "labels and annotations are strings: put it in quotes",
    offenders: (data) => ["labels", "annotations"].flatMap((field) => findNoTexts(data, ["metadata", field])),
  },
);

const FINALIZERS: Path = ["metadata", "finalizers"];

function findNoTexts(data: Json, at: Path): Path[] {
  const texts = valueAt(data, at);
  if (!isJsonObject(texts)) return [];
  const wrong = Object.entries(texts).filter(([, value]) => value !== null && typeof value !== "string");
  return wrong.map(([key]) => [...at, key]);
}

function findAnchors(value: Json, at: Path): Path[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => findAnchors(item, [...at, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const here = [...at, key];
    return isAnchor(key) ? [here] : findAnchors(child, here);
  });
}

function isAnchor(key: string): boolean {
  return /^[+<=X^]?\(.+\)$/.test(key);
}
