/** JSON patches: the cases of the language, each with what comes of it. */

import { describe, expect, it } from "vitest";
import type { Json } from "./json.ts";
import { applyJsonPatch, readJsonPatch } from "./json-patch.ts";

function patched(document: Json, ...operations: Json[]): Json {
  const read = readJsonPatch(operations);
  if (!read.ok) return `${read.at}: ${read.message}`;
  const result = applyJsonPatch(document, read.value);
  return result.ok ? result.value : `${result.at}: ${result.message}`;
}

const LIST = { l: ["a", "b"] };

describe("add", () => {
  const add = (document: Json, path: string, value: Json = "v"): Json => patched(document, { op: "add", path, value });

  it.each<[string, Json, string, Json]>([
    ["makes missing maps", {}, "/q/w/e", { q: { w: { e: "v" } } }],
    ["makes a list for a position", {}, "/q/0/e", { q: [{ e: "v" }] }],
    ["makes a list for -", {}, "/q/-", { q: ["v"] }],
    ["fills a list that it makes with nulls", {}, "/q/1", { q: [null, "v"] }],
    ["makes a map of null", { q: null }, "/q/e", { q: { e: "v" } }],
    ["replaces what a map has", { q: 1 }, "/q", { q: "v" }],
    ["inserts before a position", LIST, "/l/1", { l: ["a", "v", "b"] }],
    ["appends at the length", LIST, "/l/2", { l: ["a", "b", "v"] }],
    ["appends at -", LIST, "/l/-", { l: ["a", "b", "v"] }],
    ["appends at -1", LIST, "/l/-1", { l: ["a", "b", "v"] }],
    ["inserts before the last at -2", LIST, "/l/-2", { l: ["a", "v", "b"] }],
    ["goes below a position from the end", { l: [{}, {}] }, "/l/-1/e", { l: [{}, { e: "v" }] }],
    ["reads ~1 as / and ~0 as ~", {}, "/a~1b~0c", { "a/b~c": "v" }],
    ["takes __proto__ for a key", {}, "/__proto__/x", JSON.parse('{"__proto__": {"x": "v"}}') as Json],
    ["fails beyond the length", LIST, "/l/3", "0: add /l/3: 3 is no position in the list, which has 2 elements"],
    ["fails below a string", { q: "s" }, "/q/w", "0: add /q/w: its parent is neither a map nor a list"],
    ["fails below -", {}, "/q/-/x", "0: add /q/-/x: - stands after the end of a list, so nothing can be below it"],
    ["fails at a word in a list", LIST, "/l/x", "0: add /l/x: x is no position in the list, which has 2 elements"],
  ])("%s", (_name, document, path, expected) => expect(add(document, path)).toStrictEqual(expected));
});

describe("remove", () => {
  it.each<[string, string, Json]>([
    ["takes out a key", "/l", {}],
    ["takes out a position", "/l/0", { l: ["b"] }],
    ["takes out the last element at -1", "/l/-1", { l: ["a"] }],
    ["leaves it when the key is missing", "/x", LIST],
    ["leaves it when the position is missing", "/l/7", LIST],
    ["leaves it when the parent is missing", "/x/y/z", LIST],
    ["leaves it when the parent is no map", "/l/0/z", LIST],
  ])("%s", (_name, path, expected) => expect(patched(LIST, { op: "remove", path })).toEqual(expected));
});

describe("the other operations", () => {
  it.each<[string, Json, Json]>([
    ["replace a key", { op: "replace", path: "/l", value: 1 }, { l: 1 }],
    ["replace a position", { op: "replace", path: "/l/-1", value: 1 }, { l: ["a", 1] }],
    [
      "fail to replace what is missing",
      { op: "replace", path: "/x", value: 1 },
      "0: replace /x: there is nothing at this place",
    ],
    ["test", { op: "test", path: "/l/0", value: "a" }, LIST],
    ["fail a test", { op: "test", path: "/l/0", value: "b" }, "0: test /l/0: the value there is another one"],
    ["copy", { op: "copy", from: "/l/0", path: "/c" }, { l: ["a", "b"], c: "a" }],
    ["move", { op: "move", from: "/l/0", path: "/l/-" }, { l: ["b", "a"] }],
    ["fail to copy what is missing", { op: "copy", from: "/x", path: "/c" }, "0: copy /c: there is nothing at /x"],
    [
      "fail to copy to a missing parent",
      { op: "copy", from: "/l", path: "/c/d" },
      "0: copy /c/d: its parent is not there",
    ],
    ["fail without a value", { op: "add", path: "/x" }, "0: add /x: has no value"],
    [
      "fail for an unknown op",
      { op: "merge", path: "/x" },
      "0: /x: op has to be one of add, remove, replace, test, copy and move",
    ],
    [
      "fail for a path without a slash",
      { op: "remove", path: "x" },
      "0: path has to be a JSON pointer that starts with /, such as /metadata/labels/app",
    ],
  ])("%s", (_name, operation, expected) => expect(patched(LIST, operation)).toEqual(expected));

  it("are applied in order, and tell which one fails", () => {
    const operations = [
      { op: "add", path: "/x", value: 1 },
      { op: "test", path: "/x", value: 2 },
    ];
    expect(patched({}, ...operations)).toBe("1: test /x: the value there is another one");
  });

  it("change nothing that they are given", () => {
    const document = { l: [{ a: 1 }] };
    patched(document, { op: "add", path: "/l/0/b", value: 2 }, { op: "remove", path: "/l/0/a" });
    expect(document).toEqual({ l: [{ a: 1 }] });
  });
});

describe("a patch without end", () => {
  it("is refused where a path has too many parts", () => {
    const path = "/a".repeat(100_000);
    expect(patched({}, { op: "add", path, value: 1 })).toMatch(/: a path has at most 100 parts$/);
  });

  it("is refused where copies of copies grow", () => {
    const copy = (i: number): Json => ({ op: "copy", from: "/a", path: `/a/${i}` });
    const operations = Array.from({ length: 60 }, (_, i) => copy(i));
    expect(patched({ a: { x: 1 } }, ...operations)).toMatch(/: the patch copies more than 100000 values$/);
  });
});
