/** Two custom kinds: Widget has every list and map type, Gear has two versions. */

import type { JsonObject } from "../../src/object/index.ts";
import { type Cluster, waitUntil } from "../harness/index.ts";

const GROUP = "drift.example.com";
const TEXT: JsonObject = { type: "string" };
const INTEGER: JsonObject = { type: "integer" };
const FREE: JsonObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const WIDGET_SPEC: JsonObject = {
  atomic: { type: "array", "x-kubernetes-list-type": "atomic", items: FREE },
  plain: { type: "array", items: TEXT },
  amap: { type: "object", "x-kubernetes-map-type": "atomic", additionalProperties: TEXT },
  gmap: { type: "object", additionalProperties: TEXT },
  byName: {
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    items: object({ name: TEXT, v: INTEGER, d: { ...TEXT, default: "usual" } }, ["name"]),
  },
  set: { type: "array", "x-kubernetes-list-type": "set", items: TEXT },
  free: FREE,
  num: { type: "number" },
  big: { type: "integer", format: "int64" },
  str: TEXT,
  ios: { "x-kubernetes-int-or-string": true },
  nul: { ...TEXT, nullable: true },
  withDefault: { ...object({ e: { ...TEXT, default: "usual" } }), default: {} },
  dflt: { ...TEXT, default: "usual" },
};

const GEAR_SPEC: JsonObject = {
  size: INTEGER,
  teeth: { type: "array", "x-kubernetes-list-type": "set", items: TEXT },
  opt: TEXT,
};

/** Returns when objects of both can be listed in each version. */
export async function installDriftKinds(cluster: Cluster): Promise<void> {
  const widget = version("v1", { spec: object(WIDGET_SPEC), status: FREE, extraTop: TEXT });
  const gear = (name: string): JsonObject => version(name, { spec: object(GEAR_SPEC) });
  await cluster.apply(
    definition("Widget", "widgets", [{ ...widget, storage: true, subresources: { status: {} } }]),
    definition("Gear", "gears", [{ ...gear("v1"), storage: true }, gear("v1beta1")]),
  );
  for (const path of ["v1/widgets", "v1/gears", "v1beta1/gears"])
    await waitUntil(`${path} are served`, async () => {
      const { status } = await cluster.plane.request("GET", `/apis/${GROUP}/${path}`);
      return status === 200;
    });
}

function definition(kind: string, plural: string, versions: JsonObject[]): JsonObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: { group: GROUP, scope: "Namespaced", names: { kind, plural, singular: kind.toLowerCase() }, versions },
  };
}

function version(name: string, properties: JsonObject): JsonObject {
  return { name, served: true, storage: false, schema: { openAPIV3Schema: object(properties) } };
}

function object(properties: JsonObject, required?: string[]): JsonObject {
  return { type: "object", properties, ...(required === undefined ? {} : { required }) };
}
