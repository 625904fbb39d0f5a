import { describe, expect, it } from "vitest";
import { hash, type Json, type KubernetesObject, type Resource } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import type { CompiledRule, ServedKinds, Snapshot } from "./rule.ts";

const VERBS = ["list", "watch"];
const KINDS: readonly Resource[] = [
  { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false, verbs: VERBS },
  { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true, verbs: VERBS },
  { group: "", version: "v1", kind: "Event", plural: "events", namespaced: true, verbs: VERBS },
  { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true, verbs: VERBS },
  { group: "apps", version: "v1", kind: "ReplicaSet", plural: "replicasets", namespaced: true, verbs: VERBS },
  {
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    namespaced: true,
    verbs: VERBS,
  },
  {
    group: "autoscaling",
    version: "v1",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    namespaced: true,
    verbs: VERBS,
  },
];

const SERVED: ServedKinds = {
  find: (apiVersion, kind) =>
    KINDS.find(
      (resource) =>
        resource.kind === kind &&
        [resource.group, resource.version].filter((part) => part !== "").join("/") === apiVersion,
    ),
  all: () => KINDS,
};

const SNAPSHOT: Snapshot = {
  environment: { now: () => new Date(0), hash },
  numbers: () => () => 0,
  creator: () => ({ unknown: "nobody asks" }),
  firstApplied: () => new Date(0),
  read: () => undefined,
  list: () => [],
  look: ({ answer }) => answer(undefined).value,
  call: ({ answer }) => answer({ ok: false, message: "nobody answers" }).value,
};

function compile(rule: Json, kind = "ClusterPolicy") {
  const metadata = { name: "p", ...(kind === "Policy" ? { namespace: "shop" } : {}) };
  const parsed = parsePolicy({ apiVersion: "perennial.dev/v1", kind, metadata, spec: { rules: [rule] } });
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  return compilePolicy(parsed.policy, SERVED);
}

function compiledRule(match: Json, exclude?: Json, kind = "ClusterPolicy"): CompiledRule {
  const namespace = kind === "Policy" ? "shop" : "x";
  const compiled = compile(
    { name: "r", match, ...(exclude === undefined ? {} : { exclude }), generate: generate({ namespace }) },
    kind,
  );
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  const [rule] = compiled.policy.rules;
  if (rule === undefined) throw new Error("no rule");
  return rule;
}

function generate(more: { [field: string]: Json } = {}): Json {
  return { apiVersion: "v1", kind: "ConfigMap", name: "c", namespace: "x", data: { data: { a: "b" } }, ...more };
}

function object(kind: string, metadata: KubernetesObject["metadata"], apiVersion = "v1"): KubernetesObject {
  return { apiVersion, kind, metadata };
}

const SHOP = object("Namespace", { name: "shop", labels: { team: "web", tier: "gold" } });
const MAP = object("ConfigMap", {
  name: "app-settings",
  namespace: "shop",
  labels: { app: "web" },
  annotations: { owner: "jane" },
});
const surroundings = { namespaceLabels: (name: string) => (name === "shop" ? SHOP.metadata.labels : undefined) };

function any(...resources: Json[]): Json {
  return { any: resources.map((filter) => ({ resources: filter })) };
}

describe("selection", () => {
  it.each<[string, Json, Json | undefined, KubernetesObject, boolean]>([
    ["a kind", any({ kinds: ["ConfigMap"] }), undefined, MAP, true],
    ["another kind", any({ kinds: ["Namespace"] }), undefined, MAP, false],
    ["a version and kind", any({ kinds: ["v1/ConfigMap"] }), undefined, MAP, true],
    ["a kind with a wildcard", any({ kinds: ["Config*"] }), undefined, MAP, true],
    ["a name", any({ kinds: ["ConfigMap"], name: "app-settings" }), undefined, MAP, true],
    ["a name pattern", any({ kinds: ["ConfigMap"], names: ["x", "app-*"] }), undefined, MAP, true],
    ["other names", any({ kinds: ["ConfigMap"], names: ["x"] }), undefined, MAP, false],
    ["a namespace", any({ kinds: ["ConfigMap"], namespaces: ["sh?p"] }), undefined, MAP, true],
    ["another namespace", any({ kinds: ["ConfigMap"], namespaces: ["prod"] }), undefined, MAP, false],
    [
      "the name of a Namespace as its namespace",
      any({ kinds: ["Namespace"], namespaces: ["shop"] }),
      undefined,
      SHOP,
      true,
    ],
    ["labels", any({ kinds: ["ConfigMap"], selector: { matchLabels: { app: "web" } } }), undefined, MAP, true],
    [
      "labels with a pattern",
      any({ kinds: ["ConfigMap"], selector: { matchLabels: { "a*": "w?b" } } }),
      undefined,
      MAP,
      true,
    ],
    ["other labels", any({ kinds: ["ConfigMap"], selector: { matchLabels: { app: "db" } } }), undefined, MAP, false],
    [
      "an expression",
      any({
        kinds: ["ConfigMap"],
        selector: { matchExpressions: [{ key: "app", operator: "In", values: ["web", "db"] }] },
      }),
      undefined,
      MAP,
      true,
    ],
    [
      "an expression that excludes",
      any({ kinds: ["ConfigMap"], selector: { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] } }),
      undefined,
      MAP,
      false,
    ],
    ["annotations", any({ kinds: ["ConfigMap"], annotations: { owner: "ja*" } }), undefined, MAP, true],
    [
      "labels of the namespace",
      any({ kinds: ["ConfigMap"], namespaceSelector: { matchLabels: { team: "web" } } }),
      undefined,
      MAP,
      true,
    ],
    [
      "other labels of the namespace",
      any({ kinds: ["ConfigMap"], namespaceSelector: { matchLabels: { team: "db" } } }),
      undefined,
      MAP,
      false,
    ],
    [
      "a Namespace's own labels",
      any({ kinds: ["Namespace"], namespaceSelector: { matchLabels: { team: "web" } } }),
      undefined,
      SHOP,
      true,
    ],
    ["one of several", any({ kinds: ["Namespace"] }, { kinds: ["ConfigMap"] }), undefined, MAP, true],
    [
      "all of several",
      { all: [{ resources: { kinds: ["ConfigMap"] } }, { resources: { kinds: ["ConfigMap"], names: ["x"] } }] },
      undefined,
      MAP,
      false,
    ],
    ["a flat filter", { resources: { kinds: ["Namespace"] } }, undefined, SHOP, true],
    ["what is excluded", any({ kinds: ["ConfigMap"] }), any({ names: ["app-*"] }), MAP, false],
    ["what is not excluded", any({ kinds: ["ConfigMap"] }), any({ names: ["db-*"] }), MAP, true],
    ["an exclude that is empty", any({ kinds: ["ConfigMap"] }), {}, MAP, true],
  ])("selects by %s", (_name, match, exclude, trigger, selected) => {
    const reason = compiledRule(match, exclude).whyNotSelected(trigger, surroundings);
    expect(reason === undefined).toBe(selected);
  });

  it("confines a Policy to its namespace, whatever it matches", () => {
    const rule = compiledRule(any({ kinds: ["ConfigMap"] }), undefined, "Policy");
    expect(rule.whyNotSelected(MAP, surroundings)).toBeUndefined();
    const elsewhere = object("ConfigMap", { name: "app-settings", namespace: "prod" });
    expect(rule.whyNotSelected(elsewhere, surroundings)).toContain("not in shop");
  });
});

describe("the kinds of a rule", () => {
  it.each([
    ["the preferred version of a kind", ["HorizontalPodAutoscaler"], ["horizontalpodautoscalers v2"]],
    ["the version that is named", ["autoscaling/v1/HorizontalPodAutoscaler"], ["horizontalpodautoscalers v1"]],
    [
      "no bookkeeping of the control plane by a wildcard",
      ["*e*"],
      ["namespaces v1", "deployments v1", "horizontalpodautoscalers v2"],
    ],
    ["bookkeeping that is named", ["Event"], ["events v1"]],
  ])("are %s", (_name, kinds, expected) => {
    const { triggers } = compiledRule(any({ kinds }));
    expect(triggers.map(({ plural, version }) => `${plural} ${version}`)).toEqual(expected);
  });

  it("are reported when the server does not serve them", () => {
    const compiled = compile({
      name: "r",
      match: any({ kinds: ["Rollout"] }),
      generate: generate({ kind: "Widget", apiVersion: "t.example.com/v1" }),
    });
    expect(compiled).toMatchObject({
      ok: true,
      policy: { unknownKinds: [expect.stringContaining("Widget"), expect.stringContaining("Rollout")] },
    });
  });
});

describe("a Policy", () => {
  const matched = { name: "r", match: any({ kinds: ["ConfigMap"] }) };

  it.each<[string, Json, string]>([
    [
      "a cluster-scoped kind in match",
      {
        ...matched,
        match: any({ kinds: ["ConfigMap"] }, { kinds: ["Event", "Name*"] }),
        generate: generate({ namespace: "shop" }),
      },
      "spec.rules[0].match.any[1].resources.kinds[1]",
    ],
    [
      "a cluster-scoped kind in a flat match",
      { ...matched, match: { resources: { kinds: ["Namespace"] } }, generate: generate({ namespace: "shop" }) },
      "spec.rules[0].match.resources.kinds[0]",
    ],
    [
      "a cluster-scoped target",
      { ...matched, generate: { apiVersion: "v1", kind: "Namespace", name: "x", data: {} } },
      "spec.rules[0].generate.kind",
    ],
  ])("is refused for %s", (_name, rule, path) => {
    expect(compile(rule, "Policy")).toMatchObject({ ok: false, issues: [{ code: "OutsideNamespace", path }] });
  });

  it("may match by a wildcard that finds cluster-scoped kinds too: they are passed over", () => {
    const { triggers } = compiledRule(any({ kinds: ["*e*"] }), undefined, "Policy");
    expect(triggers.map(({ plural }) => plural)).toEqual(["deployments", "horizontalpodautoscalers"]);
  });
});

describe("the namespaces that a rule names", () => {
  it.each<[string, Json, string[]]>([
    [
      "are those of its triggers",
      any({ kinds: ["ConfigMap"], namespaces: ["kube-system", "shop-*"] }),
      ["kube-system"],
    ],
    ["are Namespaces among its triggers", any({ kinds: ["v1/Namespace"], names: ["a", "b?"] }), ["a"]],
    ["are no names of other kinds", any({ kinds: ["ConfigMap"], names: ["a"] }), []],
    ["are found in a flat match", { resources: { kinds: ["Namespace"], name: "a" } }, ["a"]],
    [
      "are told once",
      {
        all: [
          { resources: { kinds: ["Namespace"], namespaces: ["a"] } },
          { resources: { kinds: ["Namespace"], names: ["a"] } },
        ],
      },
      ["a"],
    ],
  ])("%s", (_name, match, expected) => {
    expect(compiledRule(match).namespaces).toEqual(expected);
  });
});

describe("generate", () => {
  it.each([
    [
      "a namespaced kind without a namespace",
      { namespace: undefined },
      "NamespaceRequired",
      "spec.rules[0].generate.namespace",
    ],
    ["a cluster-scoped kind with one", { kind: "Namespace" }, "NamespaceForbidden", "spec.rules[0].generate.namespace"],
    [
      "a wrong expression",
      { data: { data: { a: "{{ request.object. }}" } } },
      "InvalidExpression",
      "spec.rules[0].generate.data.data.a",
    ],
    ["an unknown function", { name: "{{ nope('x') }}" }, "InvalidExpression", "spec.rules[0].generate.name"],
    ...[
      "regex_match('(?=a)', request.name)",
      "regex_replace_all('(', request.name, 'b')",
      "regex_replace_all_literal('a{2000}', request.name, 'b')",
      "random('[a-')",
      "semver_compare(request.name, '^1.0.0')",
      "time_add(request.name, '1d')",
      "time_truncate(request.name, 'an hour')",
      "to_upper(`1`)",
      "join(request.name)",
      "sort_by(request.object.spec, 'name')",
    ].map((call): [string, object, string, string] => [
      call,
      { name: `{{ ${call} }}` },
      "InvalidExpression",
      "spec.rules[0].generate.name",
    ]),
    ["an unknown variable", { name: "{{ element.name }}" }, "UnknownVariable", "spec.rules[0].generate.name"],
  ])("refuses %s with its path", (_name, more, code, path) => {
    const generated = JSON.parse(JSON.stringify({ ...(generate() as object), ...more }));
    const compiled = compile({ name: "r", match: any({ kinds: ["Namespace"] }), generate: generated });
    expect(compiled).toMatchObject({ ok: false, issues: [{ code, path }] });
  });

  it("fills variables, and keeps type, name and namespace to what the rule says", () => {
    const data = {
      kind: "Other",
      metadata: { name: "other", labels: { team: "{{ request.object.metadata.labels.team }}" } },
      data: { n: "{{ request.object.metadata.name }}-x" },
    };
    const compiled = compile({
      name: "r",
      match: any({ kinds: ["Namespace"] }),
      generate: generate({ data, namespace: "{{ request.object.metadata.name }}" }),
    });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
    expect(compiled.policy.rules[0]?.desired(SHOP, SNAPSHOT)).toMatchObject({
      ok: true,
      targets: [
        {
          ref: { kind: "ConfigMap", namespace: "shop", name: "c" },
          object: {
            kind: "ConfigMap",
            metadata: { name: "c", namespace: "shop", labels: { team: "web" } },
            data: { n: "shop-x" },
          },
        },
      ],
    });
  });

  it("says which expression found nothing, and where it stands", () => {
    const compiled = compile({
      name: "r",
      match: any({ kinds: ["Namespace"] }),
      generate: generate({ name: "{{ request.object.metadata.labels.nope }}" }),
    });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
    const desired = compiled.policy.rules[0]?.desired(SHOP, SNAPSHOT);
    expect(desired).toMatchObject({
      ok: false,
      reason: "ExpressionFailed",
      message: expect.stringContaining("spec.rules[0].generate.name"),
    });
  });

  it("does not let a Policy write outside its namespace by a variable", () => {
    const rule = {
      name: "r",
      match: any({ kinds: ["ConfigMap"] }),
      generate: generate({ namespace: "{{ request.object.metadata.labels.app }}" }),
    };
    const compiled = compile(rule, "Policy");
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
    expect(compiled.policy.rules[0]?.desired(MAP, SNAPSHOT)).toMatchObject({
      ok: false,
      reason: "OutsideNamespace",
    });
  });
});
