/** All objects of all lanes as they are stored, lane by lane. */

import { type JsonObject, type KubernetesObject, type Marks, readMarks } from "../../src/object/index.ts";
import { OPERATOR_NAMESPACE } from "../harness/index.ts";
import type { Api } from "./api.ts";
import { KINDS } from "./kinds.ts";
import { collectionOf, headOf, outOfLane, type Place, placeOf } from "./place.ts";

export type Seen = {
  place: Place;
  /** Names in it begin with `@`. */
  object: KubernetesObject;
  /** Those of Perennial, if they fit this object. */
  marks: Marks | undefined;
};

/** By lane. */
export type Snapshot = ReadonlyMap<string, readonly Seen[]>;

export async function takeSnapshot(api: Api): Promise<Snapshot> {
  const lists = await Promise.all(Object.keys(KINDS).map((kind) => list(api, kind)));
  const byLane = Map.groupBy(lists.flat(), laneOf);
  return new Map([...byLane].map(([lane, objects]) => [lane, objects.map((object) => see(object, lane))]));
}

async function list(api: Api, kind: string): Promise<KubernetesObject[]> {
  const query = kind === "ConfigMap" ? "?fieldSelector=metadata.name!=kube-root-ca.crt" : "";
  const { body } = await api.ask({ method: "GET", path: `${collectionOf(kind)}${query}` });
  const { apiVersion } = headOf({ kind, namespace: "", name: "" });
  return (body.items as JsonObject[]).map((item) => ({ ...item, apiVersion, kind }) as KubernetesObject); // items of a list
}

function laneOf({ metadata }: KubernetesObject): string {
  return (metadata.namespace ?? metadata.name).split("-")[0] ?? "";
}

function see(object: KubernetesObject, lane: string): Seen {
  const relative = outOfLane(object, lane);
  return { place: placeOf(relative), object: relative, marks: readMarks(OPERATOR_NAMESPACE, object) };
}
