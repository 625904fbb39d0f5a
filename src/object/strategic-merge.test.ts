/** Strategic merge patches: what a patch makes of what is there. */

import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "./json.ts";
import { builtInSchema, customSchema, type MergeSchema, PLAIN_SCHEMA } from "./merge-schema.ts";
import { strategicMerge } from "./strategic-merge.ts";

const POD = builtInSchema({ group: "", kind: "Pod" });
const DEPLOYMENT = builtInSchema({ group: "apps", kind: "Deployment" });

function merged(live: JsonObject, patch: JsonObject, schema: MergeSchema = PLAIN_SCHEMA): Json {
  const result = strategicMerge(live, patch, { schema });
  return result.ok ? result.value : `${result.path}: ${result.message}`;
}

/** In the containers of a Pod. */
function containers(live: Json, patch: Json): Json {
  const result = merged({ spec: { containers: live } }, { spec: { containers: patch } }, POD);
  return typeof result === "string" ? result : ((result as { spec: JsonObject }).spec.containers ?? null);
}

/** In a field of a Pod's spec. */
function specs(live: JsonObject, patch: JsonObject): Json {
  const result = merged({ spec: live }, { spec: patch }, POD);
  return typeof result === "string" ? result : ((result as JsonObject).spec ?? null);
}

describe("maps", () => {
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ["are merged", { a: 1, b: { c: 2 } }, { b: { d: 3 } }, { a: 1, b: { c: 2, d: 3 } }],
    ["lose what is null in the patch, and stay when empty", { a: { b: 1 } }, { a: { b: null } }, { a: {} }],
    ["take over no nulls", {}, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    ["keep empty maps and lists of the patch", {}, { a: {}, b: [] }, { a: {}, b: [] }],
    ["are replaced where the types differ", { a: [1], b: { c: 1 } }, { a: { d: 1 }, b: 2 }, { a: { d: 1 }, b: 2 }],
    ["are replaced by $patch: replace", { a: { b: 1 } }, { a: { $patch: "replace", c: 2 } }, { a: { c: 2 } }],
    ["are emptied by $patch: delete", { a: { b: 1 } }, { a: { $patch: "delete" } }, { a: {} }],
    ["are merged by $patch: merge", { a: { b: 1 } }, { a: { $patch: "merge", c: 2 } }, { a: { b: 1, c: 2 } }],
    [
      "keep what $retainKeys names",
      { a: { b: 1, c: 1 } },
      { a: { $retainKeys: ["b", "d"], d: 2 } },
      { a: { b: 1, d: 2 } },
    ],
    ["have fields with a dollar too", { $ref: "a" }, { $ref: "b" }, { $ref: "b" }],
  ])("%s", (_name, live, patch, expected) => expect(merged(live, patch)).toEqual(expected));

  it("take a key called __proto__ for a key", () => {
    const result = merged({}, JSON.parse('{"__proto__": {"a": 1}}') as JsonObject);
    expect(Object.keys(result as JsonObject)).toEqual(["__proto__"]);
  });

  it("are replaced where the schema says so", () => {
    const schema = builtInSchema({ group: "policy", kind: "PodDisruptionBudget" });
    const live = { spec: { selector: { matchLabels: { a: "1" } }, minAvailable: 1 } };
    const patch = { spec: { selector: { matchLabels: { b: "2" } } } };
    expect(merged(live, patch, schema)).toEqual({ spec: { selector: { matchLabels: { b: "2" } }, minAvailable: 1 } });
  });
});

describe("lists", () => {
  it.each<[string, Json, Json, Json]>([
    [
      "are merged by key, the patch's elements first",
      [
        { name: "a", image: "1" },
        { name: "b", image: "2" },
      ],
      [{ name: "b", image: "3" }, { name: "c" }],
      [{ name: "b", image: "3" }, { name: "c" }, { name: "a", image: "1" }],
    ],
    [
      "lose elements by $patch: delete",
      [{ name: "a" }, { name: "b" }],
      [{ name: "a", $patch: "delete" }],
      [{ name: "b" }],
    ],
    [
      "are replaced by an element $patch: replace",
      [{ name: "a" }],
      [{ name: "c" }, { $patch: "replace" }],
      [{ name: "c" }],
    ],
    ["stay when the patch has none", [{ name: "a" }], [], [{ name: "a" }]],
    [
      "merge two elements of the patch with one key",
      [{ name: "a" }],
      [
        { name: "a", image: "1" },
        { name: "a", tty: true },
      ],
      [{ name: "a", image: "1", tty: true }],
    ],
    [
      "tell ports apart by number and protocol, which is TCP when absent",
      [{ name: "a", ports: [{ containerPort: 53 }, { containerPort: 53, protocol: "UDP" }] }],
      [{ name: "a", ports: [{ containerPort: 53, protocol: "TCP", name: "dns" }] }],
      [
        {
          name: "a",
          ports: [
            { containerPort: 53, protocol: "TCP", name: "dns" },
            { containerPort: 53, protocol: "UDP" },
          ],
        },
      ],
    ],
    [
      "without keys are replaced",
      [{ name: "a", args: ["x"] }],
      [{ name: "a", args: ["y"] }],
      [{ name: "a", args: ["y"] }],
    ],
    [
      "refuse an element without its key",
      [{ name: "a" }],
      [{ image: "x" }],
      "/spec/containers/0: an element of this list is told apart by its name: add it",
    ],
    [
      "refuse an unknown $patch",
      [],
      [{ name: "a", $patch: "drop" }],
      "/spec/containers/0/$patch: $patch has to be replace, delete or merge",
    ],
  ])("%s", (_name, live, patch, expected) => expect(containers(live, patch)).toEqual(expected));

  it.each<[string, JsonObject, JsonObject, Json]>([
    [
      "of finalizers are a set, new ones first",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { finalizers: ["c", "a"] } },
      { metadata: { finalizers: ["c", "a", "b"] } },
    ],
    [
      "lose values by $deleteFromPrimitiveList",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { "$deleteFromPrimitiveList/finalizers": ["a", "x"] } },
      { metadata: { finalizers: ["b"] } },
    ],
    [
      "of owners are merged by uid",
      { metadata: { ownerReferences: [{ uid: "1", name: "a" }] } },
      { metadata: { ownerReferences: [{ uid: "1", controller: true }] } },
      { metadata: { ownerReferences: [{ uid: "1", name: "a", controller: true }] } },
    ],
  ])("%s", (_name, live, patch, expected) => expect(merged(live, patch, POD)).toEqual(expected));

  it("of tolerations are replaced", () => {
    expect(specs({ tolerations: [{ key: "a" }] }, { tolerations: [{ key: "b" }] })).toEqual({
      tolerations: [{ key: "b" }],
    });
  });

  it("are in the order of $setElementOrder, the others where they stood", () => {
    const named = (...names: string[]): Json[] => names.map((name) => ({ name }));
    const live = { containers: named("a", "b", "c", "d") };
    const patch = { "$setElementOrder/containers": named("d", "new", "b"), containers: named("new") };
    expect(specs(live, patch)).toEqual({ containers: named("a", "c", "d", "new", "b") });
  });

  it("are found inside of templates", () => {
    const template = (list: Json): JsonObject => ({ spec: { template: { spec: { volumes: list } } } });
    const live = template([{ name: "v", emptyDir: {} }]);
    expect(merged(live, template([{ name: "w" }]), DEPLOYMENT)).toEqual(
      template([{ name: "w" }, { name: "v", emptyDir: {} }]),
    );
  });

  it("of custom resources are merged by their map keys, and by what those are by default", () => {
    const item = { properties: { port: {}, protocol: { default: "TCP" } } };
    const rules = { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"], items: item };
    const set = { "x-kubernetes-list-type": "set", items: {} };
    const spec = { properties: { rules, set, plain: { items: {} } } };
    const schema = customSchema({ properties: { spec } });
    const live = { spec: { rules: [{ port: 1, a: 1 }], set: ["a"], plain: [1] } };
    const patch = { spec: { rules: [{ port: 1, protocol: "TCP", b: 2 }], set: ["b"], plain: [2] } };
    const expected = { spec: { rules: [{ port: 1, protocol: "TCP", a: 1, b: 2 }], set: ["b", "a"], plain: [2] } };
    expect(merged(live, patch, schema)).toEqual(expected);
  });
});

it("changes neither of its arguments", () => {
  const live = { metadata: { finalizers: ["a"] }, spec: { containers: [{ name: "a", env: [{ name: "x" }] }] } };
  const patch = { metadata: { finalizers: ["b"] }, spec: { containers: [{ name: "a", env: [{ name: "y" }] }] } };
  const before = JSON.stringify([live, patch]);
  merged(live, patch, POD);
  expect(JSON.stringify([live, patch])).toBe(before);
});
