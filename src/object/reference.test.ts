import { describe, expect, it } from "vitest";
import { keyOf, type ObjectRef, parseRef, printRef, refOfKey } from "./reference.ts";

const REFS: ObjectRef[] = [
  { group: "", kind: "Namespace", namespace: "", name: "shop" },
  { group: "apps", kind: "Deployment", namespace: "shop", name: "web" },
  { group: "rbac.authorization.k8s.io", kind: "ClusterRole", namespace: "", name: "system:node problem" },
  { group: "", kind: "ConfigMap", namespace: "shop", name: "a.b-c" },
];

describe("a reference", () => {
  it.each(REFS.map((ref) => [printRef(ref), ref] as const))("is read back from %s", (text, ref) => {
    expect(parseRef(text)).toEqual(ref);
    expect(refOfKey(keyOf(ref))).toEqual(ref);
  });

  it.each(["", "Namespace", "a/b/c d", " x", "Kind a/b/c"])("is not read from %j", (text) => {
    expect(parseRef(text)).toBeUndefined();
  });
});
