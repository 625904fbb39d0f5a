/** Mutate rules: what becomes of an object, and when nothing does. */

import { describe, expect, it } from "vitest";
import {
  customSchema,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type MergeSchema,
} from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import { ListSnapshot, SERVED } from "./language.fixture.ts";
import type { CompiledMutation } from "./rule.ts";

const POD: KubernetesObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "shop", labels: { app: "web" }, annotations: { note: 'a"b\n- op: remove' } },
  spec: {
    containers: [
      { name: "a", image: "nginx" },
      { name: "b", image: "r.example.com/t/x:1" },
    ],
  },
};

const MATCH = { any: [{ resources: { kinds: ["Pod"] } }] };

const PARTS = { type: "array", items: {}, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] };
const WIDGETS = customSchema({ properties: { spec: { properties: { parts: PARTS } } } });

function schemaOf({ kind }: { kind: string }): MergeSchema | undefined {
  return kind === "Widget" ? WIDGETS : undefined;
}

/** Their issues, or the mutations of a policy of one rule. */
function compiled(
  mutate: JsonObject,
  more: JsonObject = {},
  { group = "perennial.dev" } = {},
): CompiledMutation[] | string[] {
  const rule = { name: "r", match: MATCH, ...more, mutate };
  const policy = {
    apiVersion: "perennial.dev/v1",
    kind: "ClusterPolicy",
    metadata: { name: "p" },
    spec: { rules: [rule] },
  };
  const parsed = parsePolicy(policy as Json as JsonObject, { offline: true });
  if ("issues" in parsed) return parsed.issues.map(({ code, path }) => `${code} ${path}`);
  const ref = { group, kind: "ClusterPolicy", namespace: "", name: "p" };
  const result = compilePolicy(parsed.policy, { ...SERVED, mergeSchemaOf: schemaOf }, ref);
  return result.ok ? [...result.policy.mutations] : result.issues.map(({ code, path }) => `${code} ${path}`);
}

function only(mutate: JsonObject, more?: JsonObject, of?: { group: string }): CompiledMutation {
  const [first] = compiled(mutate, more, of);
  if (first === undefined || typeof first === "string") throw new Error(`${first}`);
  return first;
}

function mutated(
  mutate: JsonObject,
  { more = {}, object = POD }: { more?: JsonObject; object?: KubernetesObject } = {},
): Json {
  const result = only(mutate, more).mutate(object, new ListSnapshot([]));
  if (!result.ok) return `${result.reason}: ${result.message}`;
  return "idle" in result ? `idle: ${result.idle}` : (result.object as Json); // an object is JSON
}

function labelled(value: Json): JsonObject {
  return { patchStrategicMerge: { metadata: { labels: { l: value } } } };
}

function labels(result: Json): Json {
  if (!isJsonObject(result) || !isJsonObject(result.metadata ?? null)) return result;
  return (result.metadata as JsonObject).labels ?? null; // as just seen
}

function containers(result: Json): Json {
  return isJsonObject(result) && isJsonObject(result.spec ?? null)
    ? ((result.spec as JsonObject).containers ?? null)
    : result;
}

describe("patchStrategicMerge", () => {
  it("sets what expressions give", () => {
    expect(labels(mutated(labelled("{{ request.object.metadata.name }}")))).toEqual({ app: "web", l: "web" });
  });

  it("makes text of what labels cannot hold", () => {
    expect(labels(mutated(labelled("{{ length(request.object.spec.containers) }}")))).toEqual({ app: "web", l: "2" });
  });

  it("sees the value at its own place as {{@}}", () => {
    const patch = { patchStrategicMerge: { metadata: { labels: { app: "{{@}}-2" } } } };
    expect(labels(mutated(patch))).toEqual({ app: "web-2" });
  });

  it("is nothing where the object is so already", () => {
    expect(mutated({ patchStrategicMerge: { metadata: { labels: { app: "web" } } } })).toBe(
      "idle: it is already as the rule wants it",
    );
  });

  it("is nothing where an anchor does not fit, and says where", () => {
    const patch = { patchStrategicMerge: { metadata: { "<(name)": "db" }, spec: { x: 1 } } };
    expect(mutated(patch)).toBe(
      "idle: spec.rules[0].mutate.patchStrategicMerge: /metadata/name is not as <(name) says",
    );
  });

  it("fails with the place where it cannot be merged", () => {
    const patch = { patchStrategicMerge: { spec: { containers: [{ image: "x" }] } } };
    expect(mutated(patch)).toMatch(
      /^InvalidTarget: spec\.rules\[0\]\.mutate\.patchStrategicMerge\/spec\/containers\/0: /,
    );
  });

  it.each([
    ["perennial.dev", [{ name: "b" }, { name: "a" }]],
    ["kyverno.io", [{ name: "b" }]],
  ])("merges the lists of custom resources by the keys of their definition, or replaces them: %s", (group, parts) => {
    const mutation = only({ patchStrategicMerge: { spec: { parts: [{ name: "b" }] } } }, {}, { group });
    const widget = { apiVersion: "t.example.com/v1", kind: "Widget", metadata: { name: "w", namespace: "shop" } };
    const mutated = mutation.mutate({ ...widget, spec: { parts: [{ name: "a" }] } }, new ListSnapshot([]));
    expect(mutated).toMatchObject({ object: { spec: { parts } } });
  });

  it("never changes which object it is", () => {
    expect(mutated({ patchStrategicMerge: { metadata: { name: "x" } } })).toMatch(
      /^InvalidTarget: the patch changes apiVersion/,
    );
  });

  it("sees images taken apart", () => {
    const image =
      "{{ images.containers.a.registry }}|{{ images.containers.b.path }}|{{ images.containers.b.referenceWithTag }}|{{ images.containers.a.jsonPointer }}";
    expect(labels(mutated(labelled(image)))).toEqual({
      app: "web",
      l: "docker.io|t/x|r.example.com/t/x:1|/spec/containers/0/image",
    });
  });
});

describe("patchesJson6902", () => {
  const put = (value: string): JsonObject => ({
    patchesJson6902: `- {op: add, path: /metadata/labels/l, value: ${value}}`,
  });

  it("has the results of variables as values, whatever is in them", () => {
    expect(labels(mutated(put('"{{ request.object.metadata.annotations.note }}"')))).toEqual({
      app: "web",
      l: 'a"b\n- op: remove',
    });
    expect(labels(mutated(put("{{ request.object.metadata.annotations.note }}")))).toEqual({
      app: "web",
      l: 'a"b\n- op: remove',
    });
  });

  it("takes text that is a map for one where it stands without quotes", () => {
    const text = "{{ to_string(request.object.metadata.labels) }}";
    const at = (value: string): JsonObject => ({ patchesJson6902: `- {op: add, path: /spec/x, value: ${value}}` });
    expect(mutated(at(text))).toMatchObject({ spec: { x: { app: "web" } } });
    expect(mutated(at(`'${text}'`))).toMatchObject({ spec: { x: '{"app":"web"}' } });
  });

  it("may be a list that one variable gives", () => {
    const context = [{ name: "patches", variable: { value: [{ op: "add", path: "/metadata/labels/l", value: "x" }] } }];
    expect(labels(mutated({ patchesJson6902: "{{ patches }}" }, { more: { context } }))).toEqual({
      app: "web",
      l: "x",
    });
  });

  it("may be JSON", () => {
    const text = '[{"op": "remove", "path": "/metadata/labels/app"}]';
    expect(labels(mutated({ patchesJson6902: text }))).toEqual({});
  });

  it("fails as a whole, with the place", () => {
    const patch = {
      patchesJson6902: "- {op: add, path: /metadata/labels/l, value: x}\n- {op: replace, path: /nothing, value: x}",
    };
    expect(mutated(patch)).toBe(
      "InvalidTarget: spec.rules[0].mutate.patchesJson6902[1]: replace /nothing: there is nothing at this place",
    );
  });
});

describe("foreach", () => {
  const each = (entry: JsonObject, ...more: JsonObject[]): JsonObject => ({
    foreach: [{ list: "request.object.spec.containers", ...entry }, ...more],
  });
  const named = {
    patchStrategicMerge: { spec: { containers: [{ name: "{{ element.name }}", n: "{{ elementIndex }}" }] } },
  };

  it("patches for each element, and keeps their order", () => {
    expect(containers(mutated(each(named)))).toMatchObject([
      { name: "a", n: 0 },
      { name: "b", n: 1 },
    ]);
  });

  it("begins with the last element for strategic merges, with the first for JSON patches, or as is asked", () => {
    const add = { patchesJson6902: "- {op: add, path: /order/-, value: '{{ element.name }}'}" };
    expect(mutated(each(add))).toMatchObject({ order: ["a", "b"] });
    expect(mutated(each({ ...add, order: "Descending" }))).toMatchObject({ order: ["b", "a"] });
    expect(containers(mutated(each({ ...named, order: "Ascending" })))).toMatchObject([{ name: "b" }, { name: "a" }]);
  });

  it("passes over elements that are null, or whose preconditions do not hold", () => {
    const preconditions = [{ key: "{{ element.name }}", operator: "Equals", value: "b" }];
    expect(containers(mutated(each({ ...named, preconditions })))).toMatchObject([{ name: "b", n: 1 }, { name: "a" }]);
    expect(mutated(each({ ...named, list: "[`null`]" }))).toBe("idle: it is already as the rule wants it");
  });

  it("takes what is no list for one element", () => {
    const patch = { patchesJson6902: "- {op: add, path: /metadata/labels/l, value: '{{ element.name }}'}" };
    expect(labels(mutated(each({ list: "request.object.metadata", ...patch })))).toEqual({ app: "web", l: "web" });
  });

  it("has a context of its own, for each element", () => {
    const context = [{ name: "twice", variable: { value: "{{ element.name }}{{ element.name }}" } }];
    const patch = { patchesJson6902: "- {op: add, path: /order/-, value: '{{ twice }}'}" };
    expect(mutated(each({ ...patch, context }))).toMatchObject({ order: ["aa", "bb"] });
  });

  it("sees the object as it was before the entry, and the context as it was before the rule", () => {
    const context = [{ name: "before", variable: { jmesPath: "length(request.object.spec.containers)" } }];
    const remove = { patchesJson6902: "- {op: remove, path: /spec/containers/0}" };
    const count = {
      list: "[`1`]",
      patchesJson6902: "- {op: add, path: /seen, value: '{{ before }} {{ length(request.object.spec.containers) }}'}",
    };
    const looking = {
      list: "[`1`]",
      preconditions: [{ key: "{{ before }}", operator: "Equals", value: 2 }],
      patchesJson6902: "- {op: add, path: /y, value: 1}",
    };
    expect(mutated({ foreach: [looking, { list: "[`1`]", ...remove }, count] }, { more: { context } })).toMatchObject({
      seen: "2 1",
    });
  });

  it("goes into lists of lists, three deep", () => {
    const object = { ...POD, spec: { l: [{ m: [{ n: ["x", "y"] }] }] } };
    const innermost = {
      list: "element.n",
      patchesJson6902:
        "- {op: add, path: '/order/-', value: '{{ elementIndex0 }}{{ elementIndex1 }}{{ elementIndex2 }}{{ element }}{{ length(element0.m) }}'}",
    };
    const foreach = [{ list: "request.object.spec.l", foreach: [{ list: "element.m", foreach: [innermost] }] }];
    expect(mutated({ foreach }, { object })).toMatchObject({ order: ["000x1", "001y1"] });
  });

  it("ends where lists within lists would go on for too long", () => {
    const object = { ...POD, spec: { l: Array.from({ length: 1000 }, (_, i) => i) } };
    const nested = { list: "request.object.spec.l", patchesJson6902: "- {op: add, path: /x, value: 1}" };
    const foreach = [
      { list: "request.object.spec.l", foreach: [{ list: "request.object.spec.l", foreach: [nested] }] },
    ];
    expect(mutated({ foreach }, { object })).toMatch(
      /^ExpressionFailed: .*the lists have more than 10000 elements in all$/,
    );
  });

  it("fails with the element", () => {
    const patch = { patchesJson6902: "- {op: replace, path: /spec/{{ element.name }}, value: 1}" };
    expect(mutated(each(patch))).toBe(
      "InvalidTarget: element 0: spec.rules[0].mutate.foreach[0].patchesJson6902[0]: replace /spec/a: there is nothing at this place",
    );
  });
});

describe("a mutate rule", () => {
  it("does nothing where its preconditions do not hold", () => {
    const preconditions = { all: [{ key: "{{ request.object.metadata.name }}", operator: "Equals", value: "db" }] };
    expect(mutated(labelled("x"), { more: { preconditions } })).toBe(
      "idle: spec.rules[0].preconditions.all[0] (Equals) does not hold",
    );
  });

  it("may ask for the old object, which is null where there is none", () => {
    const preconditions = {
      all: [{ key: "{{ request.oldObject.metadata.name || 'none' }}", operator: "Equals", value: "none" }],
    };
    expect(labels(mutated(labelled("x"), { more: { preconditions } }))).toEqual({ app: "web", l: "x" });
  });

  it("fails where an expression does", () => {
    expect(mutated(labelled("{{ request.object.spec.missing }}"))).toMatch(
      /^ExpressionFailed: spec\.rules\[0\]\.mutate\.patchStrategicMerge\.metadata\.labels\.l: /,
    );
  });

  it.each<[string, JsonObject, string]>([
    ["two forms at once", { ...labelled("x"), patchesJson6902: "[]" }, "ExclusiveFields spec.rules[0].mutate"],
    ["no form", {}, "ExclusiveFields spec.rules[0].mutate"],
    [
      "a variable in the path of its own JSON patch",
      { patchesJson6902: "- {op: remove, path: '/{{ request.namespace }}'}" },
      "VariableNotAllowed spec.rules[0].mutate.patchesJson6902[0].path",
    ],
    [
      "a JSON patch that is no list",
      { patchesJson6902: "op: remove" },
      "InvalidValue spec.rules[0].mutate.patchesJson6902[0]",
    ],
    [
      "a JSON patch that cannot be read",
      { patchesJson6902: "- [" },
      "InvalidValue spec.rules[0].mutate.patchesJson6902",
    ],
    [
      "an unknown operation",
      { patchesJson6902: "- {op: merge, path: /a}" },
      "InvalidValue spec.rules[0].mutate.patchesJson6902[0]",
    ],
    [
      "an anchor that only compares",
      { patchStrategicMerge: { "X(a)": 1 } },
      'InvalidValue spec.rules[0].mutate.patchStrategicMerge["X(a)"]',
    ],
    [
      "an anchor that writes inside of a condition",
      { patchStrategicMerge: { "(a)": { "+(b)": 1 } } },
      'InvalidValue spec.rules[0].mutate.patchStrategicMerge["(a)"]["+(b)"]',
    ],
    [
      "an element outside of foreach",
      labelled("{{ element }}"),
      "UnknownVariable spec.rules[0].mutate.patchStrategicMerge.metadata.labels.l",
    ],
    [
      "an element of a deeper list",
      { foreach: [{ list: "[`1`]", ...labelled("{{ element1 }}") }] },
      "UnknownVariable spec.rules[0].mutate.foreach[0].patchStrategicMerge.metadata.labels.l",
    ],
    [
      "preconditions beside a nested foreach",
      { foreach: [{ list: "[`1`]", preconditions: [], foreach: [{ list: "[`1`]", ...labelled("x") }] }] },
      "ExclusiveFields spec.rules[0].mutate.foreach[0].preconditions",
    ],
  ])("is refused for %s", (_name, mutate, issue) => expect(compiled(mutate)).toEqual([issue]));

  it("says where it does not come to rest", () => {
    const appending = only({ patchesJson6902: "- {op: add, path: /spec/containers/-, value: {name: c}}" });
    const resting = only(labelled("x"));
    const snapshot = new ListSnapshot([]);
    const result = appending.mutate(POD, snapshot);
    const object = result.ok && "object" in result ? result.object : POD;
    expect(appending.whyNotConvergent(object, snapshot)).toMatchObject({
      reason: "NotConvergent",
      message: expect.stringMatching(/^\/spec\/containers changes/),
    });
    expect(resting.whyNotConvergent(POD, snapshot)).toMatchObject({ reason: "NotConvergent" });
    const rested = resting.mutate(POD, snapshot);
    expect(resting.whyNotConvergent(rested.ok && "object" in rested ? rested.object : POD, snapshot)).toBeUndefined();
  });

  it("gives an object the same of chance at each write, by its name; before it has one, by the request", () => {
    const random = only({ patchStrategicMerge: { metadata: { labels: { l: "{{ random('[a-z]{20}') }}" } } } });
    const written = (metadata: KubernetesObject["metadata"], uid: string) => {
      const admitted = { operation: "CREATE" as const, oldObject: undefined, request: { uid } };
      const mutated = random.mutate({ ...POD, metadata }, new ListSnapshot([]), admitted);
      return mutated.ok && "object" in mutated
        ? mutated.object.metadata.labels?.l
        : expect.fail(JSON.stringify(mutated));
    };
    const web = written({ name: "web", namespace: "shop" }, "1");
    expect(written({ name: "web", namespace: "shop", uid: "u", resourceVersion: "7" }, "2")).toBe(web);
    expect(written({ name: "web", namespace: "other" }, "1")).not.toBe(web);
    const unnamed = { name: "", namespace: "shop", generateName: "web-" };
    expect(written(unnamed, "1")).toBe(written(unnamed, "1"));
    expect(new Set([web, written(unnamed, "1"), written(unnamed, "2")]).size).toBe(3);
  });
});
