import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../object/index.ts";
import { changesContent, createObjectStore } from "./object-store.ts";

const BEFORE: KubernetesObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "b", resourceVersion: "1", labels: { c: "d" } },
  data: { e: "f" },
};

describe("a change of an object", () => {
  it.each<[string, KubernetesObject]>([
    ["its data", { ...BEFORE, data: { e: "g" } }],
    ["its labels", { ...BEFORE, metadata: { ...BEFORE.metadata, labels: {} } }],
    ["its annotations", { ...BEFORE, metadata: { ...BEFORE.metadata, annotations: { a: "b" } } }],
    ["that it is being deleted", { ...BEFORE, metadata: { ...BEFORE.metadata, deletionTimestamp: "2026-01-01" } }],
  ])("is one of content when it is of %s", (_name, after) => {
    expect(changesContent({ before: BEFORE, after })).toBe(true);
  });

  it.each<[string, KubernetesObject]>([
    ["its version", { ...BEFORE, metadata: { ...BEFORE.metadata, resourceVersion: "2" } }],
    ["its uid", { ...BEFORE, metadata: { ...BEFORE.metadata, uid: "another" } }],
    ["its status", { ...BEFORE, status: { phase: "Active" } }],
    ["its finalizers", { ...BEFORE, metadata: { ...BEFORE.metadata, finalizers: ["a/b"] } }],
  ])("is none when it is of %s", (_name, after) => {
    expect(changesContent({ before: BEFORE, after })).toBe(false);
  });

  it("is one when it comes or goes", () => {
    expect(changesContent({ before: undefined, after: BEFORE })).toBe(true);
    expect(changesContent({ before: BEFORE, after: undefined })).toBe(true);
  });
});

describe("a store that replaces another one", () => {
  const AFTER = { ...BEFORE, metadata: { ...BEFORE.metadata, resourceVersion: "2" } };
  const OTHER = { ...BEFORE, metadata: { ...BEFORE.metadata, name: "other" } };

  function replacing(...objects: KubernetesObject[]) {
    const earlier = createObjectStore();
    earlier.buffer(objects);
    earlier.swap();
    return createObjectStore(earlier);
  }

  it("knows nothing before its first list is whole", () => {
    const store = replacing(BEFORE);
    store.buffer([BEFORE]);
    expect([store.synced, store.size]).toEqual([false, 0]);
  });

  it("tells of what changed, came or went meanwhile, and of nothing else", () => {
    const store = replacing(BEFORE, OTHER);
    store.buffer([AFTER]);
    expect(store.swap()).toEqual([
      { before: OTHER, after: undefined },
      { before: BEFORE, after: AFTER },
    ]);
    store.buffer([AFTER]);
    expect(store.swap()).toEqual([]);
  });
});

describe("the list of a store", () => {
  function named(name: string, namespace: string, resourceVersion = "1"): KubernetesObject {
    return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, resourceVersion } };
  }

  function storeOf(...objects: KubernetesObject[]) {
    const store = createObjectStore();
    for (const object of objects) store.set(object);
    const print = (namespace?: string) =>
      store.list(namespace).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    return { store, print };
  }

  it("is in the order of the API server, whatever came first", () => {
    const { print } = storeOf(named("b", "x"), named("z", "x-y"), named("a", "x"), named("a", "b"));
    expect(print()).toEqual(["b/a", "x-y/z", "x/a", "x/b"]);
    expect(print("x")).toEqual(["x/a", "x/b"]);
    expect(print("none")).toEqual([]);
  });

  it("is the same array until one of its objects changes", () => {
    const { store, print } = storeOf(named("a", "x"), named("a", "b"));
    const [all, inX, inB] = [store.list(undefined), store.list("x"), store.list("b")];
    expect([store.list(undefined), store.list("x")]).toEqual([all, inX]);
    store.set(named("b", "x"));
    expect(store.list("b")).toBe(inB);
    expect([print(), print("x")]).toEqual([
      ["b/a", "x/a", "x/b"],
      ["x/a", "x/b"],
    ]);
    store.remove(named("a", "x"));
    expect(print("x")).toEqual(["x/b"]);
  });

  it("is another one after a new list of the server", () => {
    const { store, print } = storeOf(named("a", "x"));
    expect(print("x")).toEqual(["x/a"]);
    store.buffer([named("c", "x")]);
    store.swap();
    expect(print("x")).toEqual(["x/c"]);
  });
});
