/**
 * The annotation `perennial.dev/created-by`: who created an object, signed, so that nobody else can say so, nor carry it over to
 * another object. It is written inside the request that creates the object (docs/reference/created-by.md).
 */

import { signatureOf } from "./digest.ts";
import { parseJson, printJson } from "./exact-json.ts";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import type { KubernetesObject } from "./object.ts";
import { printRef, refOf } from "./reference.ts";

export const CREATED_BY = "perennial.dev/created-by";

/** `groups`: undefined where they were too many to be kept. */
export type Creator = { username: string; uid: string; groups: readonly string[] | undefined };

/** `unknown`: why nobody can say. */
export type CreatedBy = { creator: Creator } | { unknown: string };

/** Bytes: others have to fit beside it, as all annotations of an object share 256 KiB. */
const LARGEST = 1024;

const PURPOSE = "perennial.dev/created-by";

/** The value for an object that is being created, which may have no name yet. Undefined where not even the user's name fits. */
export function signCreator(key: Uint8Array, object: KubernetesObject, creator: Creator): string | undefined {
  const whole = print(key, object, creator);
  if (Buffer.byteLength(whole) <= LARGEST) return whole;
  const short = print(key, object, { ...creator, groups: undefined });
  return Buffer.byteLength(short) <= LARGEST ? short : undefined;
}

function print(key: Uint8Array, object: KubernetesObject, { username, uid, groups }: Creator): string {
  const [place = ""] = placesOf(object);
  const signature = sign(key, object, { place, creator: { username, uid, groups } });
  return printJson({
    username,
    ...(uid === "" ? {} : { uid }),
    ...(groups === undefined ? {} : { groups: [...groups] }),
    signature,
  });
}

/** What the annotation says, if it was written for this object under this key. */
export function readCreator(key: Uint8Array, object: KubernetesObject): CreatedBy {
  const text = object.metadata.annotations?.[CREATED_BY];
  const what = printRef(refOf(object));
  if (text === undefined) return { unknown: `${what} does not say who created it` };
  const read = Buffer.byteLength(text) <= LARGEST ? parse(text) : undefined;
  const isSigned =
    read !== undefined &&
    placesOf(object).some((place) => sign(key, object, { place, creator: read.creator }) === read.signature);
  return isSigned
    ? { creator: read.creator }
    : { unknown: `what ${what} says of who created it was written by somebody else` };
}

function parse(text: string): { creator: Creator; signature: string } | undefined {
  const value = parsed(text);
  if (!isJsonObject(value)) return undefined;
  const { username, uid = "", groups, signature } = value;
  if (typeof username !== "string" || typeof uid !== "string" || typeof signature !== "string") return undefined;
  if (groups !== undefined && !isTexts(groups)) return undefined;
  return { creator: { username, uid, groups }, signature };
}

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

function isTexts(value: Json): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function sign(
  key: Uint8Array,
  object: KubernetesObject,
  { place, creator: { username, uid, groups } }: { place: string; creator: Creator },
): string {
  const { group, kind, namespace } = refOf(object);
  const listed = groups === undefined ? ["cut"] : ["groups", ...groups];
  return signatureOf(key, PURPOSE, [group, kind, namespace, place, username, uid, ...listed]);
}

/** What it is bound to: the name or, while the API server has still to give one, what that is going to begin with. */
function placesOf({ metadata }: KubernetesObject): string[] {
  const { name, generateName } = metadata as JsonObject; // as it came
  const isNamed = typeof name === "string" && name !== "";
  const begins = typeof generateName === "string" && generateName !== "" ? generateName : undefined;
  return [
    ...(isNamed ? [`name ${name}`] : []),
    ...(begins !== undefined && (!isNamed || isMadeOf(name, begins)) ? [`generateName ${begins}`] : []),
  ];
}

/** The API server cuts what a name begins with when it is too long. */
function isMadeOf(name: string, begins: string): boolean {
  const given = name.slice(0, -GIVEN);
  return name.length > GIVEN && (given === begins || (given.length >= LONGEST - GIVEN && begins.startsWith(given)));
}

/** Characters that the API server adds, and of a name that it made. */
const GIVEN = 5;
const LONGEST = 63;
