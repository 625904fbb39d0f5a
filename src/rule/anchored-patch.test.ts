/** Anchors in strategic merge patches: where they let a patch through, and what of it. */

import { describe, expect, it } from "vitest";
import { builtInSchema, type Json, type JsonObject, PLAIN_SCHEMA } from "../object/index.ts";
import { applyAnchoredPatch } from "./anchored-patch.ts";

const POD = builtInSchema({ group: "", kind: "Pod" });

function patched(live: JsonObject, patch: JsonObject, schema = PLAIN_SCHEMA): Json {
  const result = applyAnchoredPatch(live, patch, schema);
  if (!result.ok) return `${result.path}: ${result.message}`;
  return "idle" in result ? `idle: ${result.idle}` : result.value;
}

/** In the containers of a Pod. */
function containers(live: Json[], patch: Json[]): Json {
  const result = patched({ spec: { containers: live } }, { spec: { containers: patch } }, POD);
  return typeof result === "string" ? result : ((result as { spec: JsonObject }).spec.containers ?? null); // as patched
}

describe("a condition in a map", () => {
  it.each<[string, JsonObject, JsonObject, Json]>([
    ["lets the patch through where it fits", { a: 1 }, { "(a)": 1, b: 2 }, { a: 1, b: 2 }],
    [
      "skips the whole patch where it does not",
      { a: 2, c: {} },
      { "(a)": 1, c: { d: 1 } },
      "idle: /a is not as (a) says",
    ],
    ["skips the whole patch where the key is absent", {}, { "(a)": "*", b: 2 }, "idle: /a is not as (a) says"],
    [
      "counts for what stands above it too",
      { m: { a: 2 } },
      { m: { "(a)": 1 }, b: 1 },
      "idle: /m/a is not as (a) says",
    ],
    ["takes patterns", { a: "7" }, { "(a)": ">5 & <9", b: 1 }, { a: "7", b: 1 }],
    [
      "compares the fields of a map",
      { a: { x: "1", y: "2" } },
      { "(a)": { x: "?*" }, b: 1 },
      { a: { x: "1", y: "2" }, b: 1 },
    ],
    ["never writes its value", { a: { x: "1" } }, { "(a)": { x: "*" }, b: 1 }, { a: { x: "1" }, b: 1 }],
    ["may ask that a key is absent", { a: {} }, { "(a)": { "X(x)": "*" }, b: 1 }, { a: {}, b: 1 }],
    ["may ask for what is there only if it is", { a: {} }, { "(a)": { "=(x)": "1" }, b: 1 }, { a: {}, b: 1 }],
    [
      "may ask for one element",
      { a: { l: [{ x: 1 }, { x: 2 }] } },
      { "(a)": { "^(l)": [{ x: 2 }] }, b: 1 },
      { a: { l: [{ x: 1 }, { x: 2 }] }, b: 1 },
    ],
    [
      "asks every element of a list",
      { l: [{ x: 1 }, { x: 2 }] },
      { "(l)": [{ x: 1 }], b: 1 },
      "idle: /l is not as (l) says",
    ],
    [
      "asks of a list the elements that its own conditions mean",
      {
        l: [
          { n: "a", x: 1 },
          { n: "b", x: 2 },
        ],
      },
      { "(l)": [{ "(n)": "a", x: 1 }], b: 1 },
      {
        l: [
          { n: "a", x: 1 },
          { n: "b", x: 2 },
        ],
        b: 1,
      },
    ],
    [
      "does not fit a list of which it means no element",
      { l: [{ n: "a" }] },
      { "(l)": [{ "(n)": "c" }], b: 1 },
      "idle: /l is not as (l) says",
    ],
    ["is the same with <", { a: 1 }, { "<(a)": 1, b: 2 }, { a: 1, b: 2 }],
    ["skips the whole patch with < too", { a: 2 }, { "<(a)": 1, b: 2 }, "idle: /a is not as <(a) says"],
  ])("%s", (_name, live, patch, expected) => expect(patched(live, patch)).toEqual(expected));
});

describe("+()", () => {
  it.each<[string, JsonObject, JsonObject, Json]>([
    ["adds what is absent", { a: 1 }, { "+(b)": 2 }, { a: 1, b: 2 }],
    ["leaves what is there", { b: 1 }, { "+(b)": 2 }, { b: 1 }],
    ["adds its parents", {}, { m: { "+(b)": 2 } }, { m: { b: 2 } }],
    ["adds no parent for what it leaves out", { m: { b: 1 } }, { m: { "+(b)": { "+(c)": 1 } } }, { m: { b: 1 } }],
    ["adds all of it, also what is anchored in it", {}, { "+(a)": { "+(b)": 1, c: 2 } }, { a: { b: 1, c: 2 } }],
  ])("%s", (_name, live, patch, expected) => expect(patched(live, patch)).toEqual(expected));
});

describe("a condition in an element of a list", () => {
  const [a, b] = [
    { name: "a", image: "x/1" },
    { name: "b", image: "y/1" },
  ];

  it.each<[string, Json[], Json[], Json]>([
    [
      "patches every element that fits, in its place",
      [a, b],
      [{ "(name)": "*", tty: true }],
      [
        { ...a, tty: true },
        { ...b, tty: true },
      ],
    ],
    ["leaves the others", [a, b], [{ "(image)": "y/*", tty: true }], [a, { ...b, tty: true }]],
    [
      "lets the rest of the patch through when none fits",
      [a],
      [{ "(image)": "z", tty: true }, { name: "c" }],
      [{ name: "c" }, a],
    ],
    [
      "looks into maps of the element",
      [{ ...a, s: { p: 1 } }, b],
      [{ s: { "(p)": 1, q: 2 } }],
      [{ ...a, s: { p: 1, q: 2 } }, b],
    ],
    ["counts beside a key that is written out", [a, b], [{ name: "b", "(image)": "x*", tty: true }], [a, b]],
    [
      "is each on its own",
      [a, b],
      [
        { "(image)": "x*", tty: true },
        { "(image)": "y*", stdin: true },
      ],
      [
        { ...a, tty: true },
        { ...b, stdin: true },
      ],
    ],
    [
      "asks the element as it was",
      [a],
      [
        { "(image)": "x/1", image: "n" },
        { "(image)": "x/1", tty: true },
      ],
      [{ name: "a", image: "n", tty: true }],
    ],
    [
      "with < lets the patch through when one fits",
      [a, b],
      [{ "<(image)": "y/*" }, { name: "c" }],
      [{ name: "c" }, a, b],
    ],
    [
      "with < skips the whole patch when none does",
      [a],
      [{ "<(image)": "y/*" }, { name: "c" }],
      "idle: /spec/containers has no element as <() says",
    ],
    [
      "with < deeper inside skips it too",
      [a],
      [{ s: { "<(p)": 1 } }],
      "idle: /spec/containers has no element as <() says",
    ],
    [
      "decides +() for each element",
      [{ ...a, env: 1 }, b],
      [{ "(name)": "*", "+(env)": 2 }],
      [
        { ...a, env: 1 },
        { ...b, env: 2 },
      ],
    ],
    [
      "goes on in lists of the element",
      [{ name: "a", ports: [{ containerPort: 1 }, { containerPort: 2 }] }],
      [{ "(name)": "a", ports: [{ "(containerPort)": 2, name: "p" }] }],
      [{ name: "a", ports: [{ containerPort: 1 }, { containerPort: 2, name: "p" }] }],
    ],
    [
      "refuses an element with nothing to find it by",
      [a],
      [{ "+(tty)": true }],
      "/spec/containers/0: an element of this list is told apart by its name: add it",
    ],
  ])("%s", (_name, live, patch, expected) => expect(containers(live, patch)).toEqual(expected));

  it("makes no list where none is", () => {
    expect(patched({ spec: {} }, { spec: { initContainers: [{ "(name)": "*", tty: true }] } }, POD)).toEqual({
      spec: {},
    });
    expect(patched({}, { spec: { initContainers: [{ "(name)": "*", tty: true }] } }, POD)).toEqual({});
  });

  it("patches elements of a list without keys in place", () => {
    const schema = builtInSchema({ group: "networking.k8s.io", kind: "Ingress" });
    const live = { spec: { rules: [{ host: "a.old" }, { host: "b" }] } };
    const patch = { spec: { rules: [{ "(host)": "*.old", http: {} }] } };
    expect(patched(live, patch, schema)).toEqual({ spec: { rules: [{ host: "a.old", http: {} }, { host: "b" }] } });
  });
});
