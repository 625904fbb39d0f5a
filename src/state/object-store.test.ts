import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../object/index.ts";
import { changesContent } from "./object-store.ts";

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
