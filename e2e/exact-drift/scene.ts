/** A scenario with a place of its own: a namespace that triggers, a policy for it alone, and one target. */

import type { JsonObject } from "../../src/object/index.ts";
import type { Api } from "./api.ts";
import { Hands, type Place } from "./hands.ts";
import type { Row } from "./scenarios/index.ts";

export type Scene = {
  /** Names its namespace and its policy. */
  id: string;
  row: Row;
  place: Place;
  /** What is done in it is done by these. */
  somebody: Hands;
};

export const POLICIES = "/apis/perennial.dev/v1/clusterpolicies";
const LABEL = "drift.example.com/scene";

export function sceneOf(api: Api, row: Row, number: number): Scene {
  const id = `${row.kind.kind.toLowerCase().slice(0, 30)}-${number}`;
  const name = row.kind.namespaced ? "target" : `${id}-target`;
  const place = { kind: row.kind, namespace: row.kind.namespaced ? id : "", name };
  return { id, row, place, somebody: new Hands(api, place) };
}

export function triggerOf({ id }: Scene): JsonObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name: id, labels: { [LABEL]: id } } };
}

export function policyOf(scene: Scene): JsonObject {
  const { id, place, row } = scene;
  const match = { any: [{ resources: { kinds: ["Namespace"], selector: { matchLabels: { [LABEL]: id } } } }] };
  const { apiVersion, kind } = place.kind;
  const generate = {
    apiVersion,
    kind,
    name: place.name,
    ...(place.namespace === "" ? {} : { namespace: place.namespace }),
    data: dataOf(scene, desiredOf(row)),
  };
  return {
    apiVersion: "perennial.dev/v1",
    kind: "ClusterPolicy",
    metadata: { name: id },
    spec: { rules: [{ name: "make", match, generate }] },
  };
}

/** What the policy's rule says of the target. */
export function dataOf({ row: { scenario } }: Scene, content: JsonObject): JsonObject {
  return { ...(scenario.metadata === undefined ? {} : { metadata: scenario.metadata }), ...content };
}

export function desiredOf({ kind, scenario }: Row): JsonObject {
  return scenario.desired ?? kind.content;
}

/** What the target is to be like in the end. */
export function finallyDesired(row: Row): JsonObject {
  return row.scenario.change ?? row.scenario.fresh ?? desiredOf(row);
}
