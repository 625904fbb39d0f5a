/** Places in JSON as JSON patches name them: keys of maps, positions in lists from either end, and `-` after the end. */

import { isJsonObject, type Json, type JsonObject, ownValue, setOwn } from "./json.ts";

export type Place = readonly string[];

/** A place that is not there, or where nothing can be. */
export class PlaceFault extends Error {}

export function valueIn(document: Json, place: Place): Json | undefined {
  return place.reduce<Json | undefined>(childOf, document);
}

function childOf(container: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(container)) return container[positionIn(container, key) ?? -1];
  return isJsonObject(container) ? ownValue(container, key) : undefined;
}

/** Of an element that is there. */
function positionIn(list: Json[], key: string): number | undefined {
  const position = NUMBER.test(key) ? Number(key) : Number.NaN;
  const fromStart = position < 0 ? list.length + position : position;
  return fromStart >= 0 && fromStart < list.length ? fromStart : undefined;
}

const NUMBER = /^(?:0|-?[1-9][0-9]*)$/;

/** Puts another value where one is. */
export function editAt(document: Json, [key, ...rest]: Place, edit: (value: Json) => Json): Json {
  if (key === undefined) return edit(document);
  const child = childOf(document, key);
  if (child === undefined) throw new PlaceFault("there is nothing at this place");
  const edited = editAt(child, rest, edit);
  if (Array.isArray(document)) return document.with(positionIn(document, key) ?? 0, edited);
  return withKey(isJsonObject(document) ? document : {}, key, edited);
}

/** The place has to be there. */
export function takeOut(document: Json, place: Place): Json {
  const last = place.at(-1) ?? "";
  return editAt(document, place.slice(0, -1), (container) => {
    if (Array.isArray(container)) return container.toSpliced(positionIn(container, last) ?? container.length, 1);
    if (!isJsonObject(container)) return container;
    const { [last]: _gone, ...rest } = container;
    return rest;
  });
}

type Insertion = { value: Json; makesParents: boolean };

/** Into a list before what stands there; over what a map has under the key. */
export function insertAt(document: Json | undefined, place: Place, insertion: Insertion): Json {
  const [key, ...rest] = place;
  if (key === undefined) return insertion.value;
  const isMissing = document === undefined || document === null;
  if (isMissing && !insertion.makesParents) throw new PlaceFault("its parent is not there");
  const container = isMissing ? (isPosition(key) ? [] : {}) : document;
  if (Array.isArray(container)) return insertIntoList(container, key, { rest, insertion, isNew: isMissing });
  if (!isJsonObject(container)) throw new PlaceFault("its parent is neither a map nor a list");
  return withKey(container, key, insertAt(rest.length === 0 ? undefined : ownValue(container, key), rest, insertion));
}

function isPosition(key: string): boolean {
  return key === "-" || NUMBER.test(key);
}

type Inner = { rest: Place; insertion: Insertion; isNew: boolean };

function insertIntoList(list: Json[], key: string, { rest, insertion, isNew }: Inner): Json {
  if (rest.length === 0) {
    const at = endOf(list, key, isNew);
    return padded(list, at).toSpliced(at, 0, insertion.value);
  }
  if (key === "-") throw new PlaceFault("- stands after the end of a list, so nothing can be below it");
  const known = positionIn(list, key);
  const at = known ?? endOf(list, key, isNew);
  const child = insertAt(list[at], rest, insertion);
  return padded(list, at).toSpliced(at, 1, child);
}

/** Where something is put in: -1 is after the last element. Only a list that is being made is filled up with nulls. */
function endOf(list: Json[], key: string, isNew: boolean): number {
  if (key === "-") return list.length;
  const position = NUMBER.test(key) ? Number(key) : Number.NaN;
  const at = position < 0 ? list.length + position + 1 : position;
  if (at >= 0 && (at <= list.length || (isNew && at < MOST_NULLS))) return at;
  throw new PlaceFault(`${key} is no position in the list, which has ${list.length} elements`);
}

const MOST_NULLS = 1000;

function padded(list: Json[], length: number): Json[] {
  return list.length >= length ? list : [...list, ...Array<Json>(length - list.length).fill(null)];
}

function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  const changed = { ...object };
  setOwn(changed, key, value);
  return changed;
}
