/** Custom resources as tests need them: a definition without a schema to speak of, and objects of it. */

import type { Cluster } from "./cluster.ts";
import { waitUntil } from "./cluster.ts";

export type Definition = {
  group: string;
  kind: string;
  plural: string;
  /** Those that are served; the first is stored. */
  versions?: readonly string[];
  /** Versions that are known, but not served. */
  retired?: readonly string[];
  scope?: "Namespaced" | "Cluster";
  /** Of every version. */
  subresources?: object;
  /** Schemas of fields, of every version. */
  properties?: object;
};

/** `spec.parts` is a list whose elements are told apart by their names. */
export const PARTS_BY_NAME = {
  spec: {
    type: "object",
    properties: {
      parts: {
        ...{ type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] },
        items: {
          type: "object",
          required: ["name"],
          properties: { name: { type: "string" }, size: { type: "integer" } },
        },
      },
    },
  },
};

export function customResourceDefinition(definition: Definition): object {
  const { group, kind, plural, versions = ["v1"], retired = [], scope = "Namespaced" } = definition;
  const { subresources = {}, properties = {} } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    // the API server protects the groups of Kubernetes; nobody reads what the annotation says
    metadata: { name: `${plural}.${group}`, annotations: { "api-approved.kubernetes.io": "unapproved, for a test" } },
    spec: {
      group,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [...versions, ...retired].map((name, i) => ({
        name,
        served: !retired.includes(name),
        storage: i === 0,
        schema: { openAPIV3Schema: { type: "object", properties, "x-kubernetes-preserve-unknown-fields": true } },
        subresources,
      })),
    },
  };
}

/** Installs or changes it, and returns when its objects can be listed. */
export async function installDefinition(cluster: Cluster, definition: Definition): Promise<void> {
  await cluster.apply(customResourceDefinition(definition));
  const { group, plural, versions = ["v1"] } = definition;
  await waitUntil(`${plural}.${group} is served`, async () => {
    const answers = await Promise.all(
      versions.map((version) => cluster.plane.request("GET", `/apis/${group}/${version}/${plural}`)),
    );
    return answers.every(({ status }) => status === 200);
  });
}

/** Deletes it with all its objects, and returns when it is gone. */
export async function removeDefinition(cluster: Cluster, name: string): Promise<void> {
  await cluster.kubectl("delete", "crd", name, "--wait", "--timeout=60s");
}
