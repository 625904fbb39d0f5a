/** A strategic merge patch with anchors, applied to an object. */

import {
  isEqual,
  isJsonObject,
  type Json,
  type JsonObject,
  type MergeSchema,
  ownValue,
  type Path,
  printPointer,
  type Selection,
  setOwn,
  strategicMerge,
} from "../object/index.ts";
import { fitsPattern, isCondition, parseAnchor } from "./anchor.ts";

/** `idle`: a condition does not hold, so the whole patch is not meant. `path` of a failure: in the patch. */
export type AnchoredResult =
  | { ok: true; value: JsonObject }
  | { ok: true; idle: string }
  | { ok: false; path: string; message: string };

/** Changes neither of its arguments. */
export function applyAnchoredPatch(live: JsonObject, patch: JsonObject, schema: MergeSchema): AnchoredResult {
  const idle = whyNotMap(patch, live, { schema, path: [] });
  if (idle !== undefined) return { ok: true, idle };
  return strategicMerge(live, patch, { schema, selection: SELECTION });
}

const SELECTION: Selection = {
  resolve: resolveAnchors,
  selector: (patch, schema) => (selects(patch) ? (element) => isCounterpart(patch, element, schema) : undefined),
};

/** The patch of a map without its anchors: conditions are never written, `+()` only where the key is absent. */
function resolveAnchors(patch: JsonObject, live: JsonObject | undefined): JsonObject {
  if (!Object.keys(patch).some((text) => parseAnchor(text) !== undefined)) return patch;
  const resolved: JsonObject = {};
  for (const [text, value] of Object.entries(patch)) {
    const anchor = parseAnchor(text);
    if (anchor === undefined) setOwn(resolved, text, value);
    else if (anchor.kind === "add" && ownValue(live, anchor.key) === undefined) setOwn(resolved, anchor.key, value);
  }
  return resolved;
}

type Place = { schema: MergeSchema; path: Path };

/** Why a map is not as the conditions of its patch say, or a list has no element that a `<()` asks for. */
function whyNotMap(patch: JsonObject, live: JsonObject | undefined, { schema, path }: Place): string | undefined {
  for (const [text, value] of Object.entries(patch)) {
    const anchor = parseAnchor(text);
    const key = anchor?.key ?? text;
    const found = ownValue(live, key);
    const below = { schema: schema.field(key), path: [...path, key] };
    if (isCondition(anchor)) {
      if (!fitsPattern(found, value)) return `${printPointer(below.path)} is not as ${text} says`;
    } else if (anchor === undefined || found === undefined) {
      const reason = whyNot(value, found, below);
      if (reason !== undefined) return reason;
    }
  }
  return undefined;
}

function whyNot(patch: Json, live: Json | undefined, place: Place): string | undefined {
  if (isJsonObject(patch)) return whyNotMap(patch, live !== undefined && isJsonObject(live) ? live : undefined, place);
  if (!Array.isArray(patch)) return undefined;
  const elements = Array.isArray(live) ? live.filter(isJsonObject) : [];
  const wanting = patch
    .filter(isJsonObject)
    .find((item) => hasGlobal(item) && !elements.some((element) => isCounterpart(item, element, place.schema)));
  return wanting === undefined ? undefined : `${printPointer(place.path)} has no element as <() says`;
}

/** Whether a patch with conditions is meant for an element; a key that it has written out counts too. */
function isCounterpart(patch: JsonObject, element: JsonObject, { keys = [], field }: MergeSchema): boolean {
  const isSame = keys.every(({ name }) => patch[name] === undefined || isEqual(patch[name], ownValue(element, name)));
  return isSame && whyNotMap(patch, element, { schema: { field }, path: [] }) === undefined;
}

/** An element that has conditions is meant for every element that fits them; any other one is found by its key. */
function selects(patch: JsonObject): boolean {
  return Object.entries(patch).some(([text, value]) => {
    const anchor = parseAnchor(text);
    if (isCondition(anchor)) return true;
    if (isJsonObject(value)) return selects(value);
    return Array.isArray(value) && value.some((item) => isJsonObject(item) && hasGlobal(item));
  });
}

function hasGlobal(patch: JsonObject): boolean {
  return Object.entries(patch).some(([text, value]) => {
    if (parseAnchor(text)?.kind === "global") return true;
    if (isJsonObject(value)) return hasGlobal(value);
    return Array.isArray(value) && value.some((item) => isJsonObject(item) && hasGlobal(item));
  });
}
