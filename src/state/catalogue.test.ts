import { describe, expect, it } from "vitest";
import type { KubernetesObject, Resource } from "../object/index.ts";
import { createCatalogue } from "./catalogue.ts";

const WIDGET = { group: "t.example.com", kind: "Widget" };
const DISCOVERED: Resource[] = [
  { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true, verbs: [] },
  { ...WIDGET, version: "v1", plural: "widgets", namespaced: true, verbs: [] },
];

function definition(
  versions: string[],
  options: { uid?: string; established?: boolean; deleting?: boolean; unserved?: string } = {},
): KubernetesObject {
  const { uid = "d1", established = true, deleting = false, unserved } = options;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: "widgets.t.example.com",
      uid,
      ...(deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: {
      group: WIDGET.group,
      scope: "Namespaced",
      names: { kind: "Widget", plural: "widgets" },
      versions: versions.map((name) => ({ name, served: name !== unserved })),
    },
    status: { conditions: [{ type: "Established", status: established ? "True" : "False" }] },
  };
}

describe("the catalogue", () => {
  it("has what discovery showed", () => {
    const catalogue = createCatalogue();
    catalogue.replaceDiscovered(DISCOVERED);
    expect(catalogue.find("apps/v1", "Deployment")?.plural).toBe("deployments");
    expect(catalogue.find("apps/v1beta1", "Deployment")).toBeUndefined();
    expect(catalogue.definitionOf({ group: "apps", kind: "Deployment" })).toBeUndefined();
  });

  it("knows by which keys patches merge the lists of a custom resource, as long as it is defined", () => {
    const catalogue = createCatalogue();
    const keyed = { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], items: {} };
    const openAPIV3Schema = { properties: { spec: { properties: { parts: keyed, note: { type: "string" } } } } };
    const versions = [{ name: "v1", served: true, schema: { openAPIV3Schema } }];
    const defined = definition(["v1"]);
    catalogue.setDefinition({ ...defined, spec: { ...(defined.spec as object), versions } });
    const spec = catalogue.mergeSchemaOf?.({ ...WIDGET, version: "v1" })?.field("spec");
    expect([spec?.field("parts").keys, spec?.field("note").keys]).toEqual([[{ name: "name" }], undefined]);
    catalogue.removeDefinition(defined);
    expect(catalogue.mergeSchemaOf?.({ ...WIDGET, version: "v1" })).toBeUndefined();
  });

  it("prefers stable versions, then newer ones", () => {
    const catalogue = createCatalogue();
    catalogue.setDefinition(definition(["v1alpha1", "v1", "v2beta1", "v10", "v2", "odd"]));
    const versions = [...catalogue.all()].map(({ version }) => version);
    expect(versions).toEqual(["v10", "v2", "v1", "v2beta1", "v1alpha1", "odd"]);
    expect(catalogue.findKind(WIDGET)?.version).toBe("v10");
  });

  it.each([
    ["is being deleted", definition(["v1"], { deleting: true })],
    ["is not established", definition(["v1"], { established: false })],
  ])("does not serve a kind whose definition %s, whatever discovery showed", (_name, changed) => {
    const catalogue = createCatalogue();
    catalogue.replaceDiscovered(DISCOVERED);
    catalogue.setDefinition(changed);
    expect(catalogue.findKind(WIDGET)).toBeUndefined();
    expect(catalogue.definitionOf(WIDGET)?.state).toBe("unavailable");
  });

  it("does not serve a kind whose definition was removed, and knows which it was", () => {
    const catalogue = createCatalogue();
    catalogue.replaceDiscovered(DISCOVERED);
    catalogue.setDefinition(definition(["v1"]));
    catalogue.removeDefinition(definition(["v1"]));
    expect(catalogue.findKind(WIDGET)).toBeUndefined();
    expect(catalogue.definitionOf(WIDGET)).toMatchObject({ uid: "d1", state: "removed" });
  });

  it("says that a kind is gone only when nothing can be there of it", () => {
    const catalogue = createCatalogue();
    catalogue.replaceDiscovered(DISCOVERED, new Set(["away.example.com"]));
    expect(catalogue.isGone({ group: "apps", kind: "Deployment" })).toBe(false); // served
    expect(catalogue.isGone({ group: "away.example.com", kind: "Thing" })).toBe(false); // who serves it does not answer
    expect(catalogue.isGone({ group: "apps", kind: "Thing" })).toBe(true);
    expect(catalogue.isGone({ group: "gone.example.com", kind: "Thing" })).toBe(true);
    catalogue.setDefinition(definition(["v1"], { deleting: true }));
    expect(catalogue.isGone(WIDGET)).toBe(false); // its objects are still going
    catalogue.removeDefinition(definition(["v1"]));
    expect(catalogue.isGone(WIDGET)).toBe(true);
  });

  it("leaves out versions that are not served", () => {
    const catalogue = createCatalogue();
    catalogue.setDefinition(definition(["v1", "v2"], { unserved: "v2" }));
    expect(catalogue.findKind(WIDGET)?.version).toBe("v1");
  });

  it("knows the subresources that a version of a definition turns on, and where a Scale finds its replicas", () => {
    const catalogue = createCatalogue();
    const scale = { specReplicasPath: ".spec.size", statusReplicasPath: ".status.ready" };
    const subresources = { status: {}, scale: { ...scale, labelSelectorPath: ".status.selector" } };
    const { spec, ...rest } = definition([]);
    const versions = [
      { name: "v1", served: true, subresources },
      { name: "v1beta1", served: true },
    ];
    catalogue.setDefinition({ ...rest, spec: { ...(spec as object), versions } });
    expect(catalogue.find("t.example.com/v1beta1", "Widget")?.subresources).toEqual([]);
    expect(catalogue.find("t.example.com/v1", "Widget")?.subresources).toMatchObject([
      { ...WIDGET, name: "status" },
      {
        group: "autoscaling",
        kind: "Scale",
        name: "scale",
        scale: { replicas: ["spec", "size"], statusReplicas: ["status", "ready"], selector: ["status", "selector"] },
      },
    ]);
  });
});
