import { describe, expect, it } from "vitest";
import {
  hash,
  type Json,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  type Resource,
  refOf,
} from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import type { CompiledRule, Desired, ServedKinds, Snapshot } from "./rule.ts";

const VERBS = ["list", "watch"];
const KINDS: readonly Resource[] = [
  { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false, verbs: VERBS },
  { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs: VERBS },
  { group: "", version: "v1", kind: "Secret", plural: "secrets", namespaced: true, verbs: VERBS },
  { group: "", version: "v1", kind: "Binding", plural: "bindings", namespaced: true, verbs: ["create"] },
];
const SERVED: ServedKinds = {
  find: (apiVersion, kind) => (apiVersion === "v1" ? KINDS.find((resource) => resource.kind === kind) : undefined),
  all: () => KINDS,
};

const TRIGGER: KubernetesObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "shop", labels: { tier: "gold" } },
};

/** A field that is undefined is left out. */
type Changes = { [field: string]: Json | undefined };

/** A rule that copies a Secret for each Pod. */
function compile(more: Changes, kind = "ClusterPolicy") {
  const metadata = { name: "p", ...(kind === "Policy" ? { namespace: "shop" } : {}) };
  const rule = {
    name: "r",
    match: { any: [{ resources: { kinds: ["Pod"] } }] },
    generate: {
      apiVersion: "v1",
      kind: "Secret",
      name: "copy",
      namespace: "shop",
      clone: { name: "source", namespace: "origin" },
      ...more,
    },
  };
  const spec: Json = JSON.parse(JSON.stringify({ rules: [rule] }));
  const parsed = parsePolicy({ apiVersion: "perennial.dev/v1", kind, metadata, spec });
  if ("issues" in parsed) return { ok: false as const, issues: parsed.issues };
  return compilePolicy(parsed.policy, SERVED);
}

function compiledRule(more: Changes, kind?: string): CompiledRule {
  const compiled = compile(more, kind);
  const [rule] = compiled.ok ? compiled.policy.rules : [];
  if (rule === undefined) throw new Error(JSON.stringify(compiled));
  return rule;
}

const NOWHERE: Omit<Snapshot, "read"> = {
  environment: { now: () => new Date(0), hash },
  numbers: () => () => 0,
  creator: () => ({ unknown: "nobody asks" }),
  firstApplied: () => new Date(0),
  list: () => [],
  look: ({ answer }) => answer(undefined).value,
  call: ({ answer }) => answer({ ok: false, message: "nobody answers" }).value,
};

function desired(rule: CompiledRule, ...stored: KubernetesObject[]): Desired {
  const objects = new Map(stored.map((object) => [keyOf(refOf(object)), object]));
  return rule.desired(TRIGGER, { ...NOWHERE, read: (_resource, ref) => objects.get(keyOf(ref)) });
}

function secret(namespace: string, name: string, content: JsonObject = { data: { a: "Yg==" } }): KubernetesObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace, labels: { from: "source" } }, ...content };
}

describe("a rule with clone", () => {
  it("is refused without, or with a wrong, place of the source", () => {
    expect(compile({ clone: { name: "source" } })).toMatchObject({
      issues: [{ code: "NamespaceRequired", path: "spec.rules[0].generate.clone.namespace" }],
    });
    expect(
      compile({ kind: "Namespace", namespace: undefined, clone: { name: "source", namespace: "origin" } }),
    ).toMatchObject({ issues: [{ code: "NamespaceForbidden", path: "spec.rules[0].generate.clone.namespace" }] });
  });

  it.each<[string, JsonObject, string, string]>([
    ["its own target as source", { clone: { name: "copy", namespace: "shop" } }, "InvalidValue", "clone"],
    [
      "its own target as source, by the same expressions",
      {
        name: "{{ request.object.metadata.name }}",
        clone: { name: "{{ request.object.metadata.name }}", namespace: "shop" },
      },
      "InvalidValue",
      "clone",
    ],
    ["data beside it", { data: {} }, "ExclusiveFields", ""],
    ["a wrong expression", { clone: { name: "{{ request. }}", namespace: "a" } }, "InvalidExpression", "clone.name"],
    ["an unknown variable", { clone: { name: "a", namespace: "{{ element }}" } }, "UnknownVariable", "clone.namespace"],
    ["a kind that is not stored", { kind: "Binding" }, "InvalidKind", "clone"],
  ])("is refused for %s", (_name, more, code, field) => {
    const path = ["spec.rules[0].generate", ...(field === "" ? [] : [field])].join(".");
    expect(compile(more)).toMatchObject({ ok: false, issues: [{ code, path }] });
  });

  it("is refused in a Policy for a source outside its namespace", () => {
    expect(compile({}, "Policy")).toMatchObject({
      ok: false,
      issues: [{ code: "OutsideNamespace", path: "spec.rules[0].generate.clone.namespace" }],
    });
  });

  it("may copy within a namespace under another name, and under the same name into another namespace", () => {
    expect(compile({ clone: { name: "source", namespace: "shop" } }).ok).toBe(true);
    expect(compile({ clone: { name: "copy", namespace: "origin" } }).ok).toBe(true);
  });
});

describe("what a rule with clone reads", () => {
  const VARIABLE = "{{ request.object.metadata.labels.tier }}";

  it.each<[string, Changes, string, JsonObject]>([
    ["one object that is written out", {}, "ClusterPolicy", { namespace: "origin", name: "source" }],
    ["a namespace", { clone: { name: VARIABLE, namespace: "origin" } }, "ClusterPolicy", { namespace: "origin" }],
    ["the whole kind", { clone: { name: "source", namespace: VARIABLE } }, "ClusterPolicy", {}],
    ["the whole kind", { clone: { name: "$(./../../name)", namespace: "$(./../../namespace)" } }, "ClusterPolicy", {}],
    ["its own namespace", { clone: { name: VARIABLE, namespace: VARIABLE } }, "Policy", { namespace: "shop" }],
    [
      "one cluster-scoped object",
      { kind: "Namespace", namespace: undefined, clone: { name: "source" } },
      "ClusterPolicy",
      { name: "source" },
    ],
  ])("is %s", (_name, more, kind, expected) => {
    const [{ resource: _resource, ...place } = {}, ...others] = compiledRule(more, kind).reads;
    expect(place).toEqual(expected);
    expect(others).toEqual([]);
  });

  it("is nothing for data", () => {
    expect(compiledRule({ clone: undefined, data: { data: {} } }).reads).toEqual([]);
  });
});

describe("what a rule with clone desires", () => {
  it("is the content of the source under its own name", () => {
    expect(
      desired(compiledRule({}), secret("origin", "source", { type: "Opaque", data: { a: "Yg==" } })),
    ).toMatchObject({
      ok: true,
      unmet: [],
      targets: [
        {
          ref: { kind: "Secret", namespace: "shop", name: "copy" },
          source: { kind: "Secret", namespace: "origin", name: "source" },
          object: {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "copy", namespace: "shop", labels: { from: "source" } },
            type: "Opaque",
            data: { a: "Yg==" },
          },
        },
      ],
    });
  });

  it("is found by expressions", () => {
    const clone = { namespace: "origin", name: "pull-{{ request.object.metadata.labels.tier }}" };
    const found = desired(compiledRule({ clone }), secret("origin", "pull-gold"));
    expect(found).toMatchObject({ ok: true, targets: [{ source: { name: "pull-gold" } }] });
  });

  it("is nothing, and told, while the source is missing", () => {
    expect(desired(compiledRule({}))).toEqual({
      ok: true,
      targets: [],
      unmet: [
        {
          reason: "SourceMissing",
          message:
            "spec.rules[0].generate.clone: Secret origin/source does not exist; create it, or correct its name and namespace",
          target: { group: "", kind: "Secret", namespace: "shop", name: "copy" },
        },
      ],
    });
  });

  it("is nothing, and told, for the token of a service account", () => {
    const token = secret("origin", "source", {
      type: "kubernetes.io/service-account-token",
      data: { token: "c2VjcmV0" },
    });
    const found = desired(compiledRule({}), token);
    expect(found).toMatchObject({ ok: true, targets: [], unmet: [{ reason: "SourceRefused" }] });
    expect(JSON.stringify(found)).not.toContain("c2VjcmV0");
  });

  it("is nothing where the source itself is", () => {
    const name = "{{ request.object.metadata.labels.tier }}";
    const rule = compiledRule({ name, clone: { name: "gold", namespace: "shop" } });
    expect(desired(rule, secret("shop", "gold"))).toEqual({ ok: true, targets: [], unmet: [] });
  });

  it.each<[string, JsonObject, string, string]>([
    ["no name", { clone: { name: "{{ `null` }}", namespace: "a" } }, "ClusterPolicy", "InvalidTarget"],
    ["no namespace", { clone: { name: "a", namespace: "{{ `null` }}" } }, "ClusterPolicy", "InvalidTarget"],
    ["nothing", { clone: { name: "{{ request.object.nope }}", namespace: "a" } }, "ClusterPolicy", "ExpressionFailed"],
    [
      "a namespace outside of the Policy's",
      { clone: { name: "a", namespace: "{{ request.object.metadata.labels.tier }}" } },
      "Policy",
      "OutsideNamespace",
    ],
  ])("is not known when an expression gives %s", (_name, more, kind, reason) => {
    const found = desired(compiledRule(more, kind));
    expect(found).toMatchObject({
      ok: false,
      reason,
      message: expect.stringContaining("spec.rules[0].generate.clone."),
    });
  });
});
