import { describe, expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, printPointer } from "../object/index.ts";
import { compareFresh, isExactly } from "./fresh.ts";

function desired(content: JsonObject, kind = "Widget"): KubernetesObject {
  return { ...content, apiVersion: "v1", kind, metadata: { name: "x" } };
}

function live(content: JsonObject, fieldsV1: JsonObject = {}, kind = "Widget"): KubernetesObject {
  const entry = { manager: "perennial", operation: "Apply", apiVersion: "v1", fieldsV1 };
  return { ...content, apiVersion: "v1", kind, metadata: { name: "x", managedFields: [entry] } };
}

type Row = { desired: JsonObject; live: JsonObject; fresh: JsonObject[]; owned?: JsonObject; kind?: string };

function compare({ desired: wanted, live: stored, fresh, owned = {}, kind = "Widget" }: Row) {
  const found = compareFresh(desired(wanted, kind), live(stored, owned, kind), fresh);
  return { removable: found.removable.map(printPointer), desired: found.desired.map(({ path }) => printPointer(path)) };
}

const SAME = { removable: [], desired: [] };
const BY_NAME = {
  "f:spec": { "f:list": { 'k:{"name":"a"}': { ".": {}, "f:name": {} }, 'k:{"name":"b"}': { ".": {}, "f:name": {} } } },
};

describe("beside a fresh object", () => {
  it.each<[string, Row]>([
    ["as desired", { desired: { a: 1 }, live: { a: 1 }, fresh: [{ a: 1 }] }],
    ["the same defaults", { desired: { a: 1 }, live: { a: 1, d: 2 }, fresh: [{ a: 1, d: 2 }] }],
    [
      "what a fresh one has and the live one lacks: nothing can be taken out",
      { desired: { a: 1 }, live: { a: 1 }, fresh: [{ a: 1, d: 2 }] },
    ],
    [
      "what two fresh ones do not agree on",
      {
        desired: { a: 1 },
        live: { a: 1, d: 2 },
        fresh: [
          { a: 1, d: 3 },
          { a: 1, d: 4 },
        ],
      },
    ],
    [
      "what one of two fresh ones has as well",
      {
        desired: { a: 1 },
        live: { a: 1, d: 4 },
        fresh: [
          { a: 1, d: 3 },
          { a: 1, d: 4 },
        ],
      },
    ],
    [
      "addresses that are allocated",
      {
        kind: "Service",
        desired: { spec: { ports: [{ port: 1 }] } },
        live: { spec: { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"], ports: [{ port: 1, nodePort: 30001 }] } },
        fresh: [{ spec: { clusterIP: "10.0.0.2", clusterIPs: ["10.0.0.2"], ports: [{ port: 1, nodePort: 30002 }] } }],
      },
    ],
    [
      "replicas that the policy leaves open",
      {
        kind: "Deployment",
        desired: { spec: { paused: true } },
        live: { spec: { paused: true, replicas: 5 } },
        fresh: [{ spec: { paused: true, replicas: 1 } }],
      },
    ],
    [
      "the restart annotation, with the map that was made for it",
      {
        kind: "Deployment",
        desired: { spec: { template: { spec: {} } } },
        live: {
          spec: {
            template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "now" } }, spec: {} },
          },
        },
        fresh: [{ spec: { template: { spec: {} } } }],
      },
    ],
    [
      "an injected element of a keyed list",
      {
        desired: { spec: { list: [{ name: "a" }, { name: "b" }] } },
        live: { spec: { list: [{ name: "a" }, { name: "b" }, { name: "injected" }] } },
        fresh: [{ spec: { list: [{ name: "a" }, { name: "injected" }, { name: "b" }] } }],
        owned: BY_NAME,
      },
    ],
  ])("it is the same with %s", (_name, row) => {
    expect(compare(row)).toEqual(SAME);
  });

  it.each<[string, Row, string[]]>([
    ["a section", { desired: { a: 1 }, live: { a: 1, more: {} }, fresh: [{ a: 1 }] }, ["/more"]],
    [
      "a default that was another, at its topmost undesired place",
      {
        desired: { spec: { a: 1 } },
        live: { spec: { a: 1, strategy: { type: "X", rolling: { max: 5, min: 1 } } } },
        fresh: [{ spec: { a: 1, strategy: { type: "X", rolling: { max: 2, min: 1 } } } }],
      },
      ["/spec/strategy"],
    ],
    [
      "a key of the prototype",
      { desired: { a: 1 }, live: { a: 1, constructor: "x" }, fresh: [{ a: 1 }] },
      ["/constructor"],
    ],
    [
      "a field of an element of a list that we own whole",
      {
        desired: { list: [{ port: 1 }] },
        live: { list: [{ port: 1, protocol: "UDP" }] },
        fresh: [{ list: [{ port: 1, protocol: "TCP" }] }],
        owned: { "f:list": {} },
      },
      ["/list/0/protocol"],
    ],
    [
      "a field of an element of a keyed list, whatever stands before it",
      {
        desired: { spec: { list: [{ name: "a" }, { name: "b" }] } },
        live: { spec: { list: [{ name: "injected" }, { name: "a" }, { name: "b", policy: "Always" }] } },
        fresh: [{ spec: { list: [{ name: "a" }, { name: "b", policy: "Never" }, { name: "injected" }] } }],
        owned: BY_NAME,
      },
      ["/spec/list/2/policy"],
    ],
    [
      "an element of a keyed list that nobody owns",
      {
        desired: { spec: { list: [{ name: "a" }, { name: "b" }] } },
        live: { spec: { list: [{ name: "a" }, { name: "evil" }, { name: "b" }] } },
        fresh: [{ spec: { list: [{ name: "a" }, { name: "b" }] } }],
        owned: BY_NAME,
      },
      ["/spec/list/1"],
    ],
    [
      "an element that is there twice",
      {
        desired: { spec: { list: [{ name: "a" }, { name: "b" }] } },
        live: { spec: { list: [{ name: "a" }, { name: "b" }, { name: "a" }] } },
        fresh: [{ spec: { list: [{ name: "a" }, { name: "b" }] } }],
        owned: BY_NAME,
      },
      ["/spec/list/2"],
    ],
    [
      "an element that has more of the key in common with what is desired than it says",
      {
        desired: { ports: [{ port: 80 }, { port: 80, protocol: "SCTP" }] },
        live: {
          ports: [
            { port: 80, protocol: "UDP" },
            { port: 80, protocol: "TCP" },
            { port: 80, protocol: "SCTP" },
          ],
        },
        fresh: [
          {
            ports: [
              { port: 80, protocol: "TCP" },
              { port: 80, protocol: "SCTP" },
            ],
          },
        ],
        owned: { "f:ports": { 'k:{"port":80,"protocol":"TCP"}': {}, 'k:{"port":80,"protocol":"SCTP"}': {} } },
      },
      ["/ports/0"],
    ],
    [
      "an element of a set",
      {
        desired: { set: ["a"] },
        live: { set: ["evil", "a"] },
        fresh: [{ set: ["a"] }],
        owned: { "f:set": { 'v:"a"': {} } },
      },
      ["/set/0"],
    ],
  ])("it has to lose %s", (_name, row, paths) => {
    expect(compare(row)).toEqual({ removable: paths, desired: [] });
    expect(compare({ ...row, fresh: [...row.fresh, ...row.fresh] })).toEqual({ removable: paths, desired: [] });
  });

  it.each<[string, Row, string[]]>([
    ["a value", { desired: { a: "1000m" }, live: { a: "1" }, fresh: [{ a: "1000m" }] }, ["/a"]],
    [
      "a list of another length",
      { desired: { l: [1] }, live: { l: [1, 2] }, fresh: [{ l: [1] }], owned: { "f:l": {} } },
      ["/l"],
    ],
    [
      "an element that is missing",
      {
        desired: { spec: { list: [{ name: "a" }, { name: "b" }] } },
        live: { spec: { list: [{ name: "a" }] } },
        fresh: [{ spec: { list: [{ name: "a" }, { name: "b" }] } }],
        owned: BY_NAME,
      },
      ["/spec/list"],
    ],
  ])("it differs in what is desired: %s", (_name, row, paths) => {
    expect(compare(row)).toEqual({ removable: [], desired: paths });
  });
});

describe("an object that holds exactly what is desired", () => {
  it.each<[JsonObject, boolean]>([
    [{ a: 1 }, true],
    [{ a: 1, d: 2 }, false],
    [{}, false],
  ])("is one with %j: %s", (content, exactly) => {
    expect(isExactly(desired({ a: 1 }), live(content))).toBe(exactly);
  });
});
