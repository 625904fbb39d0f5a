/** The oracle: what the API server would make of a new object from the same manifest. */

import { isEqual, isJsonObject, type Json, type JsonObject, type KubernetesObject } from "../../src/object/index.ts";
import { type Api, isSuccess } from "./api.ts";
import { collectionPath, objectOf, type Place } from "./hands.ts";

/** Asks by a dry run under another name. */
export async function freshObject(api: Api, place: Place, content: JsonObject): Promise<KubernetesObject> {
  const body = objectOf({ ...place, name: `${place.name}-fresh` }, content, {});
  const query = { dryRun: "All", fieldManager: "oracle" };
  const answer = await api.send({ method: "POST", path: collectionPath(place), query, body });
  if (!isSuccess(answer)) throw new Error(`no oracle: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as KubernetesObject; // what an API server answers to a POST
}

/**
 * Whether two objects are the same in all that counts: everything but type, metadata and status, less what the server
 * allocates for each object and what `except` names.
 */
export function isSameContent(
  a: KubernetesObject,
  b: KubernetesObject,
  place: Place,
  except: readonly string[] = [],
): boolean {
  return isEqual(contentOf(a, place, except), contentOf(b, place, except));
}

export function contentOf(object: KubernetesObject, { kind }: Place, except: readonly string[] = []): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, status: _status, ...content } = object;
  const left = structuredClone(content) as JsonObject; // an object is JSON
  for (const pointer of [...kind.allocated, ...except]) drop(left, segmentsOf(pointer));
  return left;
}

/** The value at a JSON pointer; undefined when there is none. */
export function valueAt(object: KubernetesObject, pointer: string): Json | undefined {
  let value: Json | undefined = object as JsonObject; // an object is JSON
  for (const segment of segmentsOf(pointer)) value = isJsonObject(value) ? value[segment] : undefined;
  return value;
}

function segmentsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function drop(value: Json | undefined, [first, ...rest]: readonly string[]): void {
  if (first === "*" && Array.isArray(value)) for (const element of value) drop(element, rest);
  if (first === undefined || !isJsonObject(value)) return;
  if (rest.length === 0) delete value[first];
  else drop(value[first], rest);
}
