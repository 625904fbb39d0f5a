import { describe, expect, it } from "vitest";
import { builtInSchema, type Json, type JsonObject, PLAIN_SCHEMA, printPointer } from "../object/index.ts";
import { mutationDifference } from "./mutation-difference.ts";

const POD = builtInSchema({ group: "", kind: "Pod" });

function pod(...containers: Json[]): JsonObject {
  return { spec: { containers } };
}

type Row = [what: string, before: JsonObject, after: JsonObject, paths: string[], applied: JsonObject | undefined];

const ROWS: Row[] = [
  ["nothing", { a: 1 }, { a: 1 }, [], {}],
  ["a new key", { a: 1 }, { a: 1, b: 2 }, ["/b"], { b: 2 }],
  ["another value", { a: { b: 1, c: 1 } }, { a: { b: 2, c: 1 } }, ["/a/b"], { a: { b: 2 } }],
  ["a new map", {}, { a: { b: {} } }, ["/a/b"], { a: { b: {} } }],
  ["a new map with values", {}, { a: { b: 1 } }, ["/a/b"], { a: { b: 1 } }],
  ["a removed key", { a: 1, b: 1 }, { b: 2 }, ["/b", "/a"], undefined],
  ["a list that is replaced", { a: [1, 2] }, { a: [2, 1] }, ["/a"], { a: [2, 1] }],
  ["a map in the place of text", { a: "b" }, { a: { b: 1 } }, ["/a"], { a: { b: 1 } }],
  [
    "an element of a keyed list, whatever the order",
    pod({ name: "a", image: "a" }, { name: "b", image: "b" }),
    pod({ name: "b", image: "c" }, { name: "a", image: "a" }),
    ["/spec/containers/0/image"],
    pod({ name: "b", image: "c" }),
  ],
  ["the order of a keyed list alone", pod({ name: "a" }, { name: "b" }), pod({ name: "b" }, { name: "a" }), [], {}],
  [
    "a new element",
    pod({ name: "a" }),
    pod({ name: "b" }, { name: "a" }),
    ["/spec/containers/0/name"],
    pod({ name: "b" }),
  ],
  ["a removed element", pod({ name: "a" }, { name: "b" }), pod({ name: "a" }), ["/spec/containers/1"], undefined],
  [
    "an element of a set",
    { metadata: { finalizers: ["a"] } },
    { metadata: { finalizers: ["b", "a"] } },
    ["/metadata/finalizers/0"],
    { metadata: { finalizers: ["b"] } },
  ],
  [
    "an init container before others, which run in order",
    { spec: { initContainers: [{ name: "a" }] } },
    { spec: { initContainers: [{ name: "b" }, { name: "a" }] } },
    ["/spec/initContainers/0/name"],
    undefined,
  ],
];

describe("what a mutation makes different", () => {
  it.each(ROWS)("tells and applies %s", (_what, before, after, paths, applied) => {
    const difference = mutationDifference(before, after, { schema: POD });
    expect(difference.paths.map(printPointer)).toEqual(paths);
    expect(difference.applied).toEqual(applied);
  });

  it("applies what its manager owns already, so that it does not lose it", () => {
    const owned = {
      "f:a": {},
      "f:spec": { "f:containers": { 'k:{"name":"x"}': { ".": {}, "f:name": {}, "f:image": {} } } },
    };
    const before = { a: 1, b: 1, ...pod({ name: "x", image: "i", tty: true }, { name: "y" }) };
    const { paths, applied } = mutationDifference(before, { ...before, c: 1 }, { schema: POD, owned });
    expect([paths, applied]).toEqual([[["c"]], { a: 1, c: 1, ...pod({ name: "x", image: "i" }) }]);
  });

  it("knows what it applied in the server's words", () => {
    const paths = (owned?: JsonObject) =>
      mutationDifference({ cpu: "1" }, { cpu: "1000m" }, { schema: PLAIN_SCHEMA, owned }).paths;
    expect(paths({ "f:cpu": {} })).toEqual([]);
    expect(paths()).toEqual([["cpu"]]);
  });

  it("does not apply in the place of somebody's content what is to be taken out again", () => {
    const applied = (before: JsonObject, after: JsonObject, owned = {}): JsonObject | undefined =>
      mutationDifference(before, after, { schema: PLAIN_SCHEMA, reverts: true, owned }).applied;
    expect(applied({ spec: { replicas: 1 } }, { spec: { replicas: 2 } })).toBeUndefined();
    expect(applied({ spec: { list: [1] } }, { spec: { list: [1, 2] } })).toBeUndefined();
    expect(
      applied({ spec: { replicas: 1 } }, { spec: { replicas: 2 } }, { "f:spec": { "f:replicas": {} } }),
    ).toBeDefined();
    expect(applied({ metadata: { labels: { a: "1" } } }, { metadata: { labels: { a: "2" } } })).toBeDefined();
    expect(applied({ spec: {} }, { spec: { replicas: 2 } })).toBeDefined();
  });
});
