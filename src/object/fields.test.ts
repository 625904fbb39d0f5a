import { describe, expect, it } from "vitest";
import { fieldMembers, fieldNode, resolveField } from "./fields.ts";

const OWNED = {
  "f:data": { ".": {}, "f:a": {} },
  "f:spec": { "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} } }, "f:set": { 'v:"x"': {} } },
};

describe("an ownership set", () => {
  it("lists its members: leaves, and nodes that say they are one", () => {
    expect(fieldMembers(OWNED)).toEqual([
      ["f:data"],
      ["f:data", "f:a"],
      ["f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}'],
      ["f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:port"],
      ["f:spec", "f:set", 'v:"x"'],
    ]);
  });

  it("never finds what only the prototype has", () => {
    expect(fieldNode({}, ["constructor"])).toBeUndefined();
    expect(resolveField({}, ["f:constructor"])).toEqual([]);
  });
});

describe("a field path", () => {
  const object = {
    spec: { ports: [{ port: 53, protocol: "UDP" }, { port: 80 }, { port: 80, protocol: "TCP" }], set: ["y", "x"] },
  };

  it.each([
    ["a keyed element", ["f:spec", "f:ports", 'k:{"port":53,"protocol":"UDP"}'], [["spec", "ports", 0]]],
    ["an element of a set", ["f:spec", "f:set", 'v:"x"'], [["spec", "set", 1]]],
    ["an index", ["f:spec", "f:set", "i:0"], [["spec", "set", 0]]],
    ["nothing", ["f:spec", "f:ports", 'k:{"port":1}'], []],
  ])("leads to %s", (_name, path, expected) => {
    expect(resolveField(object, path).map((found) => found.path)).toEqual(expected);
  });

  it("leads to each of several duplicates", () => {
    const env = { env: [{ name: "A" }, { name: "A" }] };
    expect(resolveField(env, ["f:env", 'k:{"name":"A"}'])).toHaveLength(2);
  });

  it("takes an element that leaves out a key the server would default, but only when asked to and no other fits", () => {
    const desired = { ports: [{ port: 80 }] };
    const path = ["f:ports", 'k:{"port":80,"protocol":"TCP"}'];
    expect(resolveField(desired, path)).toHaveLength(0);
    expect(resolveField(desired, path, true)).toHaveLength(1);
  });
});
