/**
 * Where an object is. Names begin with `@`, which stands for the lane: the same sequence can run in any lane, and in many of
 * them side by side.
 */

import { apiVersionOf, type KubernetesObject, type ObjectRef, printRef } from "../../src/object/index.ts";
import { KINDS } from "./kinds.ts";

export type Place = { kind: string; namespace: string; name: string };

/** Namespaces of a lane. The first two are triggers and come and go; the third is always there, and none. */
export const SPACES = ["@-a", "@-b"] as const;
export const HOME = "@-home";

export function printPlace({ kind, namespace, name }: Place): string {
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}

/** As the annotations on targets print it. */
export function printReference(place: Place): string {
  return printRef(referenceOf(place));
}

export function referenceOf({ kind, namespace, name }: Place): ObjectRef {
  return { group: KINDS[kind]?.group ?? "", kind, namespace, name };
}

export function placeOf({ kind, metadata }: KubernetesObject): Place {
  return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

/** Path of all objects of a kind, or of those in one namespace. */
export function collectionOf(kind: string, namespace = ""): string {
  const { group, version, plural } = KINDS[kind] ?? { group: "", version: "v1", plural: kind };
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}/${namespace === "" ? "" : `namespaces/${namespace}/`}${plural}`;
}

export function pathOf({ kind, namespace, name }: Place): string {
  return `${collectionOf(kind, namespace)}/${name}`;
}

/** The beginning of an object: its type, and where it is. */
export function headOf({ kind, namespace, name }: Place): KubernetesObject {
  const { group, version } = KINDS[kind] ?? { group: "", version: "v1" };
  const metadata = { name, ...(namespace === "" ? {} : { namespace }) };
  return { apiVersion: apiVersionOf(group, version), kind, metadata };
}

/** `@` becomes the lane. */
export function inLane<T>(value: T, lane: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll("@", lane)) as T; // the same shape, other texts
}

/** The lane becomes `@` again. */
export function outOfLane<T>(value: T, lane: string): T {
  const text = JSON.stringify(value).replaceAll(`${lane}-`, "@-").replaceAll(`"${lane}"`, '"@"');
  return JSON.parse(text) as T; // the same shape, other texts
}
