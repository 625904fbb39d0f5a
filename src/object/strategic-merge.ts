/**
 * Strategic merge patches as the API server understands them: maps are merged, null deletes, lists are merged where the
 * schema has keys for them, and directives ($patch, $retainKeys, $setElementOrder, $deleteFromPrimitiveList) say the rest.
 *
 * Two things differ. Elements of the patch come first in a merged list, in the order of the patch, unless
 * $setElementOrder asks for another one. And where a list has several key fields, all of them count.
 */

import { orderElements } from "./element-order.ts";
import { isEqual } from "./equality.ts";
import { isJsonObject, type Json, type JsonObject, ownValue, setOwn } from "./json.ts";
import type { MergeKey, MergeSchema } from "./merge-schema.ts";
import { type Path, printPointer } from "./pointer.ts";

/** What a patch asks of the object before it is merged, such as by anchors. */
export type Selection = {
  /** The patch of a map as it is meant for the map that is there; the same value when it says nothing of that. */
  resolve(patch: JsonObject, live: JsonObject | undefined): JsonObject;
  /** For the patch of a list's element that is meant for every element that fits; undefined: it is found by its key. `list`: the list's schema. */
  selector(patch: JsonObject, list: MergeSchema): ((element: JsonObject) => boolean) | undefined;
};

export type MergeOptions = { schema: MergeSchema; selection?: Selection };

/** `path`: in the patch, as a JSON pointer. */
export type Merged = { ok: true; value: JsonObject } | { ok: false; path: string; message: string };

/** Changes neither argument; the result shares parts of both. */
export function strategicMerge(live: JsonObject, patch: JsonObject, { schema, selection }: MergeOptions): Merged {
  try {
    return { ok: true, value: new Merge(selection ?? AS_WRITTEN).map(live, patch, { schema, path: [] }) ?? live };
  } catch (error) {
    if (error instanceof MergeFault) return { ok: false, path: printPointer(error.path), message: error.message };
    throw error;
  }
}

const AS_WRITTEN: Selection = { resolve: (patch) => patch, selector: () => undefined };

class MergeFault extends Error {
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

type Place = { schema: MergeSchema; path: Path };

class Merge {
  readonly #selection: Selection;

  constructor(selection: Selection) {
    this.#selection = selection;
  }

  /** Undefined: nothing is to be put where nothing is. */
  map(live: JsonObject | undefined, written: JsonObject, place: Place): JsonObject | undefined {
    const directive = ownValue(written, "$patch");
    if (directive === "delete") return {};
    if (directive !== undefined && directive !== "replace" && directive !== "merge")
      throw new MergeFault([...place.path, "$patch"], "$patch has to be replace, delete or merge");
    const base = directive === "replace" || place.schema.replaced === true ? undefined : live;
    const patch = this.#selection.resolve(written, base);
    const merged = retained(base ?? {}, patch, place.path);
    let leftOut = patch !== written;
    for (const key of Object.keys(patch)) direct(merged, key, patch[key] ?? null, place.path);
    for (const key of Object.keys(patch))
      if (!isDirective(key) && !this.#field(merged, key, patch[key] ?? null, place)) leftOut = true;
    for (const key of Object.keys(patch))
      if (key.startsWith(ORDER)) sortField(merged, key.slice(ORDER.length), patch[key] ?? null, { live: base, place });
    return leftOut && live === undefined && Object.keys(merged).length === 0 ? undefined : merged;
  }

  /** False when nothing came of it. */
  #field(merged: JsonObject, key: string, patch: Json, { schema, path }: Place): boolean {
    if (patch === null) {
      delete merged[key];
      return true;
    }
    const value = this.#value(ownValue(merged, key), patch, { schema: schema.field(key), path: [...path, key] });
    if (value !== undefined) setOwn(merged, key, value);
    return value !== undefined;
  }

  #value(live: Json | undefined, patch: Json, place: Place): Json | undefined {
    if (Array.isArray(patch)) return this.#list(Array.isArray(live) ? live : undefined, patch, place);
    if (isJsonObject(patch)) return this.map(live !== undefined && isJsonObject(live) ? live : undefined, patch, place);
    return patch;
  }

  #list(live: Json[] | undefined, patch: Json[], { schema, path }: Place): Json[] | undefined {
    const asked = patch.map((item, index) => this.#element(item, { schema, path: [...path, index] }));
    const plain = asked.filter(({ selects, directive }) => selects === undefined && directive === undefined);
    const selecting = asked.filter(({ selects }) => selects !== undefined);
    const elements: Place = { schema: { field: schema.field }, path };
    const kept = this.#selected(live ?? [], selecting, elements);
    if (plain.length === 0 && selecting.length > 0 && live === undefined) return undefined;
    if (asked.some(({ directive }) => directive === "replace")) return this.#fresh(plain, elements);
    if (schema.keys === undefined) return this.#unkeyed(selecting.length > 0 ? kept : [], plain, elements);
    if (schema.keys.length === 0) return union(patch, live ?? []);
    const gone = asked.filter(({ directive }) => directive === "delete");
    const left = kept.filter((item) => !gone.some((one) => isSame(item, keyed(one, schema), schema.keys ?? [])));
    return this.#keyed(left, plain, schema);
  }

  #element(item: Json, { schema, path }: Place): Element {
    if (!isJsonObject(item)) return { item, path };
    const { $patch: directive, ...rest } = item;
    if (directive === "merge") return { item: rest, path };
    if (directive === "replace" || directive === "delete") return { item: rest, path, directive };
    if (directive !== undefined) throw new MergeFault([...path, "$patch"], "$patch has to be replace, delete or merge");
    const selects = this.#selection.selector(item, schema);
    return { item, path, ...(selects === undefined ? {} : { selects }) };
  }

  /** Patched in place; which elements fit is asked of them as they were. */
  #selected(live: Json[], patches: readonly Element[], { schema }: Place): Json[] {
    return live.map((element) => {
      if (!isJsonObject(element)) return element;
      const fitting = patches.filter(({ selects }) => selects?.(element));
      return fitting.reduce<JsonObject>((merged, { item, path }) => {
        return isJsonObject(item) ? (this.map(merged, item, { schema, path }) ?? merged) : merged;
      }, element);
    });
  }

  #fresh(patches: readonly Element[], { schema }: Place): Json[] {
    return patches.map(({ item, path }) => this.#value(undefined, item, { schema, path }) ?? {});
  }

  /** What the list does not have yet comes first. */
  #unkeyed(kept: Json[], patches: readonly Element[], place: Place): Json[] {
    const fresh = this.#fresh(patches, place);
    return [...fresh.filter((item) => !kept.some((known) => isEqual(known, item))), ...kept];
  }

  #keyed(live: Json[], patches: readonly Element[], schema: MergeSchema): Json[] {
    const keys = schema.keys ?? [];
    const rest = [...live];
    const first: Json[] = [];
    for (const patch of patches) {
      const item = keyed(patch, schema);
      const again = first.findIndex((element) => isSame(element, item, keys));
      const at = again < 0 ? rest.findIndex((element) => isSame(element, item, keys)) : -1;
      const known = again < 0 ? (at < 0 ? undefined : rest.splice(at, 1)[0]) : first[again];
      const merged = this.#value(known, item, { schema: { field: schema.field }, path: patch.path }) ?? known ?? {};
      if (again < 0) first.push(merged);
      else first[again] = merged;
    }
    return [...first, ...rest];
  }
}

type Element = {
  item: Json;
  path: Path;
  directive?: "replace" | "delete";
  selects?: (element: JsonObject) => boolean;
};

const ORDER = "$setElementOrder/";
const DELETION = "$deleteFromPrimitiveList/";

/** Any other key with a dollar is a field. */
function isDirective(key: string): boolean {
  return key === "$patch" || key === "$retainKeys" || key.startsWith(ORDER) || key.startsWith(DELETION);
}

/** Those that have to be followed before the fields are merged; `$retainKeys` was before. */
function direct(merged: JsonObject, key: string, value: Json, path: Path): void {
  if (!key.startsWith(DELETION)) return;
  if (!Array.isArray(value)) throw new MergeFault([...path, key], `${key} has to be a list`);
  const field = key.slice(DELETION.length);
  const list = ownValue(merged, field);
  if (!Array.isArray(list)) return;
  const kept = list.filter((item) => !value.some((gone) => isEqual(gone, item)));
  setOwn(merged, field, kept);
}

/** $retainKeys leaves nothing but the fields that it names. */
function retained(live: JsonObject, patch: JsonObject, path: Path): JsonObject {
  const keys = ownValue(patch, "$retainKeys");
  if (keys === undefined) return { ...live };
  if (!Array.isArray(keys)) throw new MergeFault([...path, "$retainKeys"], "$retainKeys has to be a list of fields");
  const stray = Object.keys(patch).find((key) => !isDirective(key) && !keys.includes(key));
  if (stray !== undefined) throw new MergeFault([...path, stray], "$retainKeys has to name every field of its map");
  return Object.fromEntries(Object.entries(live).filter(([key]) => keys.includes(key)));
}

function sortField(
  merged: JsonObject,
  field: string,
  order: Json,
  { live, place: { schema, path } }: { live: JsonObject | undefined; place: Place },
): void {
  if (!Array.isArray(order)) throw new MergeFault([...path, ORDER + field], `${ORDER}${field} has to be a list`);
  const list = ownValue(merged, field);
  const before = ownValue(live, field);
  if (!Array.isArray(list)) return;
  const keys = schema.field(field).keys ?? [];
  setOwn(
    merged,
    field,
    orderElements(list, order, {
      before: Array.isArray(before) ? before : [],
      isSame: (a, b) => isSame(a, b, keys),
    }),
  );
}

/** An element that has what tells it apart. */
function keyed({ item, path }: Element, { keys = [] }: MergeSchema): JsonObject {
  if (!isJsonObject(item)) throw new MergeFault(path, "an element of this list has to be an object");
  const missing = keys.find(({ name, default: byDefault }) => byDefault === undefined && item[name] === undefined);
  if (missing === undefined) return item;
  throw new MergeFault(path, `an element of this list is told apart by its ${missing.name}: add it`);
}

function isSame(left: Json, right: Json, keys: readonly MergeKey[]): boolean {
  if (!isJsonObject(left) || !isJsonObject(right)) return isEqual(left, right);
  return keys.every(({ name, default: byDefault }) => {
    const value = ownValue(left, name) ?? byDefault;
    return value !== undefined && isEqual(value, ownValue(right, name) ?? byDefault);
  });
}

function union(first: readonly Json[], rest: readonly Json[]): Json[] {
  const all: Json[] = [];
  for (const item of [...first, ...rest]) if (!all.some((known) => isEqual(known, item))) all.push(item);
  return all;
}
