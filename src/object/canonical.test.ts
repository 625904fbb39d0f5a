import { describe, expect, it } from "vitest";
import { canonicalObject } from "./canonical.ts";
import type { JsonObject } from "./json.ts";
import type { KubernetesObject } from "./object.ts";

function canonical(apiVersion: string, kind: string, content: JsonObject): JsonObject {
  const object: KubernetesObject = { ...content, apiVersion, kind, metadata: { name: "x" } };
  const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = canonicalObject(object);
  return rest as JsonObject; // what is left is JSON
}

describe("the canonical form", () => {
  it.each<[string, string, string, JsonObject, JsonObject]>([
    [
      "drops nulls at any depth",
      "v1",
      "ConfigMap",
      { data: { a: null, b: "1" }, x: [{ y: null }] },
      { data: { b: "1" }, x: [{}] },
    ],
    ["drops status", "v1", "ResourceQuota", { spec: {}, status: { used: {} } }, { spec: {} }],
    ["keeps empty maps and lists of other kinds", "v1", "ConfigMap", { data: {}, list: [] }, { data: {}, list: [] }],
    [
      "turns stringData into data",
      "v1",
      "Secret",
      { stringData: { p: "secret" }, data: { q: "cQ==" } },
      { data: { q: "cQ==", p: "c2VjcmV0" } },
    ],
    ["encodes base64 anew", "v1", "Secret", { data: { p: "c2Vj\ncmV0" } }, { data: { p: "c2VjcmV0" } }],
    ["encodes binaryData anew", "v1", "ConfigMap", { binaryData: { p: "AAE" } }, { binaryData: { p: "AAE=" } }],
    ["leaves data of a ConfigMap alone", "v1", "ConfigMap", { data: { p: "AAE" } }, { data: { p: "AAE" } }],
    [
      "drops empty lists of a NetworkPolicy",
      "networking.k8s.io/v1",
      "NetworkPolicy",
      { spec: { podSelector: {}, ingress: [], egress: [{ to: [] }] } },
      { spec: { podSelector: {}, egress: [{}] } },
    ],
    [
      "drops empty matchLabels, never the selector",
      "networking.k8s.io/v1",
      "NetworkPolicy",
      { spec: { podSelector: { matchLabels: {} }, ingress: [{ from: [{ namespaceSelector: {} }] }] } },
      { spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] } },
    ],
  ])("%s", (_name, apiVersion, kind, content, expected) => {
    expect(canonical(apiVersion, kind, content)).toEqual(expected);
  });

  it("keeps a key named __proto__ as a key", () => {
    const data = JSON.parse('{"__proto__":"x"}');
    const result = canonical("v1", "ConfigMap", { data });
    expect(JSON.stringify(result)).toBe('{"data":{"__proto__":"x"}}');
  });

  it("does not change its argument", () => {
    const object: KubernetesObject = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "x" },
      stringData: { a: "b" },
    };
    const before = JSON.stringify(object);
    canonicalObject(object);
    expect(JSON.stringify(object)).toBe(before);
  });
});
