import { describe, expect, it } from "vitest";
import { apiVersionOf, type Json, type JsonObject, type KubernetesObject, type Subresource } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import { KINDS, ListSnapshot, TRIGGER } from "./language.fixture.ts";
import type { MutationPlace, ServedKinds } from "./rule.ts";

const VERBS = ["get", "patch", "update"];
const STATUS = { name: "status", verbs: VERBS };
const SCALE = { group: "autoscaling", version: "v1", kind: "Scale", name: "scale", verbs: VERBS };

/** As discovery and definitions tell it of some kinds; of the others nobody knows. */
const SUBRESOURCES: { readonly [kind: string]: readonly Subresource[] } = {
  ConfigMap: [],
  Deployment: [{ group: "apps", version: "v1", kind: "Deployment", ...STATUS }, SCALE],
  Widget: [
    { ...SCALE, scale: { replicas: ["spec", "size"], statusReplicas: ["status", "size"], selector: ["status", "of"] } },
  ],
  Pod: [{ group: "", version: "v1", kind: "Pod", name: "status", verbs: ["get"] }],
};

const SERVED: ServedKinds = {
  find: (apiVersion, kind) => {
    const found = KINDS.find((one) => one.kind === kind && apiVersionOf(one.group, one.version) === apiVersion);
    const subresources = SUBRESOURCES[kind];
    return found === undefined || subresources === undefined ? found : { ...found, subresources };
  },
  all: () => KINDS,
};

function compile(mutate: JsonObject) {
  const parsed = parsePolicy({
    apiVersion: "perennial.dev/v1",
    kind: "ClusterPolicy",
    metadata: { name: "p" },
    spec: { rules: [{ name: "r", match: { any: [{ resources: { kinds: ["Namespace"] } }] }, mutate }] },
  });
  return "issues" in parsed ? { ok: false as const, ...parsed } : compilePolicy(parsed.policy, SERVED);
}

function issuesOf(mutate: JsonObject): string[] {
  const found = compile({ patchStrategicMerge: { spec: { replicas: 1 } }, ...mutate });
  return found.ok ? [] : found.issues.map(({ code, path, message }) => `${code} ${path} ${message}`);
}

function target(apiVersion: string, kind: string): JsonObject {
  return { apiVersion, kind, namespace: "shop", name: "web" };
}

describe("a subresource as a target", () => {
  it.each<[string, JsonObject, RegExp]>([
    [
      "is none that is served",
      { targets: [target("v1", "Pod/resize")] },
      /^UnsupportedField .*kind .*status and scale/,
    ],
    [
      "is one that the kind has not",
      { targets: [target("v1", "ConfigMap/status")] },
      /^InvalidKind .*kind ConfigMap of v1 has no status/,
    ],
    ["cannot be patched", { targets: [target("v1", "Pod/status")] }, /^InvalidKind .*Pod of v1 has no status/],
    [
      "has no number that is known",
      { targets: [{ apiVersion: "v1", kind: "Node/scale" }] },
      /^InvalidKind .*where Node keeps its replicas/,
    ],
    [
      "means what another entry means in another way",
      { targets: [target("apps/v1", "Deployment"), target("apps/v1", "Deployment/scale")] },
      /^ExclusiveFields spec\.rules\[0\]\.mutate\.targets\[1\]\.kind .*targets\[0\]/,
    ],
    [
      "would have a number taken back",
      { targets: [target("apps/v1", "Deployment/scale")], revertOnDelete: true },
      /^UnsupportedField spec\.rules\[0\]\.mutate\.revertOnDelete/,
    ],
  ])("is refused where it %s", (_why, mutate, issue) =>
    expect(issuesOf(mutate)).toEqual([expect.stringMatching(issue)]),
  );

  it("takes the right to see the object, and to patch the part", () => {
    const found = compile({
      targets: [target("apps/v1", "Deployment/scale")],
      patchStrategicMerge: { spec: { replicas: 1 } },
    });
    const needs = found.ok ? found.needs.filter(({ path }) => path.endsWith("targets[0]")) : [];
    const place = { group: "apps", namespace: "shop", name: "web" };
    expect(needs).toMatchObject([
      { ...place, verbs: ["get", "list"], resource: "deployments" },
      { ...place, verbs: ["patch"], resource: "deployments/scale" },
    ]);
  });
});

function placeOf(apiVersion: string, kind: string, patch: JsonObject): MutationPlace {
  const found = compile({ targets: [target(apiVersion, kind)], ...patch });
  if (!found.ok) throw new Error(JSON.stringify(found.issues));
  const places = found.policy.rules[0]?.existing?.for(TRIGGER, new ListSnapshot([]));
  const [place] = places?.ok === true && "places" in places ? places.places : [];
  if (place === undefined) throw new Error(JSON.stringify(places));
  return place;
}

function merging(patchStrategicMerge: JsonObject): JsonObject {
  return { patchStrategicMerge };
}

const WEB: KubernetesObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { namespace: "shop", name: "web", labels: { a: "b" }, uid: "u", resourceVersion: "7" },
  spec: {
    replicas: 3,
    selector: {
      matchLabels: { b: "2", a: "1" },
      matchExpressions: [{ key: "aa", operator: "In", values: ["y", "x"] }],
    },
  },
  status: { replicas: 2 },
};

describe("the status of a target", () => {
  it("is changed with the object at hand", () => {
    const place = placeOf(
      "apps/v1",
      "Deployment/status",
      merging({ status: { note: "{{ target.metadata.labels.a }}" } }),
    );
    expect(place.part?.subresource).toBe("status");
    expect(place.mutate(WEB)).toMatchObject({ ok: true, object: { ...WEB, status: { replicas: 2, note: "b" } } });
  });

  it("is all that may change", () => {
    const place = placeOf("apps/v1", "Deployment/status", merging({ status: { a: 1 }, spec: { replicas: 1 } }));
    expect(place.mutate(WEB)).toMatchObject({
      ok: false,
      reason: "InvalidTarget",
      message: expect.stringMatching(/targets\[0\].*\/spec\/replicas.*\/status alone/),
    });
  });
});

describe("the scale of a target", () => {
  it.each<[string, JsonObject, KubernetesObject, Json]>([
    ["a number", merging({ spec: { replicas: 5 } }), WEB, 5],
    ["none at all", merging({ spec: { replicas: 0 } }), WEB, 0],
    [
      "what it sees of the Scale",
      {
        patchesJson6902:
          "- {op: replace, path: /spec/replicas, value: '{{ add(target.spec.replicas, target.status.replicas) }}'}",
      },
      WEB,
      5,
    ],
    [
      "a number where there was none",
      merging({ spec: { replicas: "{{ add(target.spec.replicas, `1`) }}" } }),
      { ...WEB, spec: {} },
      2,
    ],
  ])("is set to %s", (_what, patch, object, replicas) => {
    const place = placeOf("apps/v1", "Deployment/scale", patch);
    const result = place.mutate(object);
    expect(result).toMatchObject({ ok: true, object: { ...object, spec: { ...(object.spec as object), replicas } } });
    const next = result.ok && "object" in result ? result.object : object;
    expect(place.part?.patchTo?.(next)).toEqual([{ op: "add", path: "/spec", value: { replicas } }]);
  });

  it.each<[string, JsonObject, string]>([
    ["a label", { metadata: { labels: { a: "b" } }, spec: { replicas: 1 } }, "/metadata/labels"],
    ["another field", { spec: { paused: true } }, "/spec/paused"],
    ["what is not a number", { spec: { replicas: "two" } }, '"two"'],
    ["less than nothing", { spec: { replicas: -1 } }, "-1"],
    ["no number any more", { spec: { replicas: null } }, "nothing"],
  ])("is no place for %s", (_what, patch, told) => {
    expect(placeOf("apps/v1", "Deployment/scale", merging(patch)).mutate(WEB)).toMatchObject({
      ok: false,
      reason: "InvalidTarget",
      message: expect.stringContaining(told),
    });
  });

  it("of a custom resource is where its definition says, and its selector too", () => {
    const widget = {
      apiVersion: "t.example.com/v1",
      kind: "Widget",
      metadata: { namespace: "shop", name: "web" },
      status: { of: "a=1" },
    };
    const preconditions = { all: [{ key: "{{ target.status.selector }}", operator: "Equals", value: "a=1" }] };
    const targets = [{ ...target("t.example.com/v1", "Widget/scale"), preconditions }];
    const place = placeOf("t.example.com/v1", "Widget/scale", { ...merging({ spec: { replicas: 2 } }), targets });
    expect(place.mutate(widget)).toMatchObject({ ok: true, object: { ...widget, spec: { size: 2 } } });
  });

  it("is left alone where it is as it should be, and where its selector is another", () => {
    const place = placeOf("apps/v1", "Deployment/scale", merging({ spec: { replicas: 3 } }));
    expect(place.mutate(WEB)).toMatchObject({ ok: true, idle: expect.anything() });
    const only = (value: string): JsonObject => ({
      ...merging({ spec: { replicas: 1 } }),
      targets: [
        {
          ...target("apps/v1", "Deployment/scale"),
          preconditions: { all: [{ key: "{{ target.status.selector }}", operator: "Equals", value }] },
        },
      ],
    });
    expect(placeOf("apps/v1", "Deployment/scale", only("a=1,aa in (x,y),b=2")).mutate(WEB)).toHaveProperty("object");
    expect(placeOf("apps/v1", "Deployment/scale", only("a=1")).mutate(WEB)).toHaveProperty("idle");
  });
});
