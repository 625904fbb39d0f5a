import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { BOOKKEEPING, BOUND, BOUND_METADATA, copyOf, MARKS_OF_MANAGERS, whyNotCopied } from "./copy.ts";

function object(apiVersion: string, kind: string, content: JsonObject, metadata: object = {}): KubernetesObject {
  return { apiVersion, kind, metadata: { name: "source", namespace: "origin", ...metadata }, ...content };
}

describe("a copy", () => {
  it("has all content but status, and of the metadata labels and annotations", () => {
    const source = object(
      "v1",
      "Secret",
      { type: "kubernetes.io/dockerconfigjson", data: { a: "Yg==" }, immutable: true, status: { phase: "x" } },
      {
        uid: "u",
        resourceVersion: "1",
        generation: 2,
        labels: { tier: "gold" },
        annotations: { note: "x" },
        finalizers: ["a/b"],
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "u" }],
        managedFields: [{}],
      },
    );
    expect(copyOf(source)).toEqual({
      type: "kubernetes.io/dockerconfigjson",
      data: { a: "Yg==" },
      immutable: true,
      metadata: { labels: { tier: "gold" }, annotations: { note: "x" } },
    });
  });

  it("leaves the source as it is", () => {
    const source = object("v1", "Service", { spec: { clusterIP: "10.0.0.1", ports: [{ port: 80, nodePort: 30000 }] } });
    const before = structuredClone(source);
    copyOf(source);
    expect(source).toEqual(before);
  });

  it.each<[string, KubernetesObject, Json]>([
    [
      "a Service's addresses and node ports",
      object("v1", "Service", {
        spec: {
          clusterIP: "10.0.0.1",
          clusterIPs: ["10.0.0.1"],
          healthCheckNodePort: 30001,
          ports: [{ port: 80, nodePort: 30000 }, { port: 81 }],
          selector: { app: "web" },
        },
      }),
      { spec: { ports: [{ port: 80 }, { port: 81 }], selector: { app: "web" } } },
    ],
    [
      "the tokens of a ServiceAccount",
      object("v1", "ServiceAccount", { secrets: [{ name: "t" }], imagePullSecrets: [] }),
      { imagePullSecrets: [] },
    ],
    [
      "the selector that a Job was given",
      object("batch/v1", "Job", {
        spec: {
          selector: { matchLabels: { "controller-uid": "u" } },
          template: { metadata: { labels: { app: "x", "controller-uid": "u" } } },
        },
      }),
      { spec: { template: { metadata: { labels: { app: "x" } } } } },
    ],
    [
      "the rules that were summed up for a ClusterRole",
      object("rbac.authorization.k8s.io/v1", "ClusterRole", { aggregationRule: {}, rules: [{ verbs: ["get"] }] }),
      { aggregationRule: {} },
    ],
  ])("leaves out %s", (_name, source, expected) => {
    const { metadata: _metadata, ...content } = copyOf(source);
    expect(content).toEqual(expected);
  });

  it.each<[string, KubernetesObject]>([
    ["that a Service has no address", object("v1", "Service", { spec: { clusterIP: "None", clusterIPs: ["None"] } })],
    [
      "the selector that a Job's author wrote",
      object("batch/v1", "Job", { spec: { manualSelector: true, selector: { matchLabels: { a: "b" } } } }),
    ],
    [
      "a ClusterRole's own rules",
      object("rbac.authorization.k8s.io/v1", "ClusterRole", { rules: [{ verbs: ["get"] }] }),
    ],
    [
      "fields of those names in other kinds",
      object("t.example.com/v1", "Service", { spec: { clusterIP: "10.0.0.1" } }),
    ],
    ["a field named __proto__", object("v1", "ConfigMap", { data: JSON.parse('{"__proto__":"x"}') })],
  ])("keeps %s", (_name, source) => {
    const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...content } = source;
    const { metadata: _copied, ...copied } = copyOf(source);
    expect(JSON.stringify(copied)).toEqual(JSON.stringify(content));
  });

  it("is not made of a service account token", () => {
    const token = object("v1", "Secret", { type: "kubernetes.io/service-account-token" });
    expect(whyNotCopied(token)).toContain("token");
    expect(whyNotCopied({ ...token, type: "Opaque" })).toBeUndefined();
    expect(whyNotCopied({ ...token, kind: "ConfigMap" })).toBeUndefined();
  });
});

describe("the installation key", () => {
  it("is not copied, wherever the operator keeps it", () => {
    const key = object("v1", "Secret", { data: { "installation-key": "a2V5" } });
    const named = { ...key, metadata: { ...key.metadata, name: "perennial" } };
    expect(whyNotCopied(named)).toContain("installation key");
    expect(whyNotCopied(key)).toBeUndefined();
    expect(whyNotCopied({ ...named, data: {} })).toBeUndefined();
  });
});

describe("labels and annotations", () => {
  const kept = { "example.com/a": "b", "app.kubernetes.io/name": "c", "argocd.argoproj.io/secret-type": "repository" };

  it.each([
    ...MARKS_OF_MANAGERS.map((key) => [key, "v1", "ConfigMap"]),
    ...BOOKKEEPING.map((prefix) => [`${prefix}x`, "v1", "ConfigMap"]),
    ...Object.entries(BOUND_METADATA).flatMap(([kind, keys]) => keys.map((key) => [key, ...typeOf(kind)])),
  ])("named %s stay behind", (key = "", apiVersion = "", kind = "") => {
    const values = { [key]: "x", ...kept };
    const { metadata } = copyOf(object(apiVersion, kind, {}, { labels: values, annotations: values }));
    expect(metadata).toEqual({ labels: kept, annotations: kept });
  });
});

describe("docs/reference/clone.md", () => {
  it("has every key, beginning and place that stays behind, and no other", () => {
    expect(cellsBelow("by which other tools")).toEqual(MARKS_OF_MANAGERS);
    expect(cellsBelow("that are bookkeeping")).toEqual(BOOKKEEPING);
    const fields = Object.entries(BOUND).flatMap(([kind, places]) =>
      places.map((place) => `${kind.replace(/^\//, "")} ${place.join(".").replaceAll(".*", "[]")}`),
    );
    const keys = Object.entries(BOUND_METADATA).flatMap(([kind, found]) =>
      found.map((key) => `${kind.replace(/^\//, "")} ${key}`),
    );
    expect(cellsBelow("What the control plane gave")).toEqual([...fields, ...keys]);
  });
});

function typeOf(kind: string): [apiVersion: string, kind: string] {
  const [group = "", name = ""] = kind.split("/");
  return [group === "" ? "v1" : `${group}/v1`, name];
}

/** The words in code of each row of the next table, in one text each. */
function cellsBelow(heading: string): string[] {
  const page = readFileSync(join(import.meta.dirname, "../../docs/reference/clone.md"), "utf8");
  const [, below = ""] = page.split(heading);
  const table = below.split("\n").slice(1);
  const start = table.findIndex((line) => line.startsWith("|"));
  const end = table.findIndex((line, i) => i > start && !line.startsWith("|"));
  const rows = table.slice(start + 2, end === -1 ? undefined : end);
  return rows.map((row) => Array.from(row.matchAll(/`([^`]+)`/g), ([, word = ""]) => word).join(" "));
}
