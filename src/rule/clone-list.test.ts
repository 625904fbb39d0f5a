import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { compiledRule, desiredBy, issuesOf, ruleWith, TRIGGER } from "./language.fixture.ts";

function stored(
  kind: string,
  namespace: string,
  name: string,
  labels: { [key: string]: string } = {},
): KubernetesObject {
  return { apiVersion: "v1", kind, metadata: { name, namespace, labels, uid: "u" }, data: { a: "Yg==" } };
}

const STORED = [
  stored("Secret", "origin", "pull", { copy: "yes" }),
  stored("Secret", "origin", "other"),
  stored("Secret", "elsewhere", "third", { copy: "yes" }),
  stored("ConfigMap", "origin", "settings", { copy: "yes" }),
];

const LIST: JsonObject = {
  namespace: "origin",
  kinds: ["v1/Secret", "v1/ConfigMap"],
  selector: { matchLabels: { copy: "yes" } },
};

function copying(
  cloneList: { [field: string]: Json | undefined },
  more: { [field: string]: Json | undefined } = {},
): JsonObject {
  const generate = { namespace: "{{ request.name }}", cloneList: { ...LIST, ...cloneList }, ...more };
  return ruleWith({ generate: JSON.parse(JSON.stringify(generate)) as Json });
}

function copies(rule: JsonObject, objects = STORED): string[] {
  const desired = desiredBy(rule, { objects });
  if (!desired.ok) return [`${desired.reason}: ${desired.message}`];
  const made = desired.targets.map(
    ({ ref, source }) => `${ref.kind} ${ref.namespace}/${ref.name} of ${source?.namespace}`,
  );
  return [...made, ...desired.unmet.map(({ reason }) => reason)];
}

const AT = "spec.rules[0].generate";

describe("cloneList", () => {
  it.each<[what: string, list: { [field: string]: Json | undefined }, copied: string[]]>([
    ["what the labels select", {}, ["Secret shop/pull of origin", "ConfigMap shop/settings of origin"]],
    [
      "all, without a selector",
      { selector: undefined, kinds: ["v1/Secret"] },
      ["Secret shop/pull of origin", "Secret shop/other of origin"],
    ],
    [
      "what expressions select",
      { selector: { matchExpressions: [{ key: "copy", operator: "DoesNotExist" }] } },
      ["Secret shop/other of origin"],
    ],
    [
      "what has a label that variables give",
      { selector: { matchLabels: { copy: "{{ to_lower('YES') }}" } }, kinds: ["v1/Secret"] },
      ["Secret shop/pull of origin"],
    ],
    [
      "what has one of the labels that variables give",
      {
        selector: {
          matchExpressions: [{ key: "copy", operator: "In", values: ["no", "{{ to_lower('YES') }}"] }],
        },
        kinds: ["v1/Secret"],
      },
      ["Secret shop/pull of origin"],
    ],
    [
      "nothing for a label that is none: what data gives is no pattern",
      { selector: { matchLabels: { copy: "{{ '*' }}" } }, kinds: ["v1/Secret"] },
      [`ExpressionFailed: ${AT}.cloneList.selector.matchLabels.copy must give the value of a label, not "*"`],
    ],
    ["from a namespace that a variable names", { namespace: "else{{ 'where' }}" }, ["Secret shop/third of elsewhere"]],
    ["nothing from an empty namespace", { namespace: "empty" }, []],
    ["nothing where the sources are", { namespace: "{{ request.name }}" }, []],
    ["nothing of a kind that is not served", { kinds: ["x.example.com/v1/Nothing"] }, []],
  ])("copies %s", (_what, list, copied) => {
    expect(copies(copying(list))).toEqual(copied);
  });

  it("copies content, labels and annotations as clone does", () => {
    const desired = desiredBy(copying({ kinds: ["v1/Secret"] }), { objects: STORED });
    expect(desired.ok ? desired.targets[0]?.object : undefined).toEqual({
      ...{ apiVersion: "v1", kind: "Secret", data: { a: "Yg==" } },
      metadata: { name: "pull", namespace: "shop", labels: { copy: "yes" }, annotations: {} },
    });
  });

  it("does not copy tokens of ServiceAccounts, and says so", () => {
    const token = {
      ...stored("Secret", "origin", "token", { copy: "yes" }),
      type: "kubernetes.io/service-account-token",
    };
    expect(copies(copying({ kinds: ["v1/Secret"] }), [token])).toEqual(["SourceRefused"]);
  });

  it("watches the kinds as narrowly as their namespace is written out", () => {
    const reads = (namespace: string): Json =>
      compiledRule(copying({ namespace })).reads.map(
        ({ resource, ...place }) => `${resource.plural} ${place.namespace ?? "*"}`,
      );
    expect(reads("origin")).toEqual(["secrets origin", "configmaps origin"]);
    expect(reads("{{ request.name }}")).toEqual(["secrets *", "configmaps *"]);
  });

  it.each<
    [
      mistake: string,
      list: { [field: string]: Json | undefined },
      more: { [field: string]: Json | undefined },
      ...issues: string[],
    ]
  >([
    ["no kinds", { kinds: [] }, {}, `OutOfBounds ${AT}.cloneList.kinds`],
    ["a kind without a version", { kinds: ["Secret"] }, {}, `InvalidKind ${AT}.cloneList.kinds[0]`],
    ["a kind with a wildcard", { kinds: ["v1/*"] }, {}, `InvalidKind ${AT}.cloneList.kinds[0]`],
    ["cluster-scoped kinds", { kinds: ["v1/Secret", "v1/Node"] }, {}, `InvalidKind ${AT}.cloneList.kinds`],
    ["no namespace of the sources", { namespace: undefined }, {}, `NamespaceRequired ${AT}.cloneList.namespace`],
    ["no namespace of the copies", {}, { namespace: undefined }, `NamespaceRequired ${AT}.namespace`],
    [
      "a wildcard in its selector",
      { selector: { matchLabels: { "a*": "b" } } },
      {},
      `InvalidSelector ${AT}.cloneList.selector.matchLabels["a*"]`,
    ],
    [
      "an expression in its selector that is none",
      { selector: { matchLabels: { copy: "{{ nothing( }}" } } },
      {},
      `InvalidExpression ${AT}.cloneList.selector.matchLabels.copy`,
    ],
    [
      "a variable in a key of its selector",
      { selector: { matchLabels: { "{{ request.name }}": "b" } } },
      {},
      `InvalidSelector ${AT}.cloneList.selector.matchLabels["{{ request.name }}"]`,
    ],
    ["an empty selector", { selector: {} }, {}, `InvalidSelector ${AT}.cloneList.selector`],
    ["a name", {}, { name: "a" }, `ExclusiveFields ${AT}.cloneList`],
    ["data beside it", {}, { data: {} }, `ExclusiveFields ${AT}`],
  ])("is refused for %s", (_mistake, list, more, ...issues) => {
    expect(issuesOf(copying(list, more))).toEqual(issues);
  });

  it("is confined in a Policy", () => {
    const match = { any: [{ resources: { kinds: ["Pod"] } }] };
    const rule = (list: JsonObject): JsonObject => ({ ...copying(list, { namespace: "shop" }), match });
    expect(issuesOf(rule({ namespace: "origin" }), "shop")).toEqual([`OutsideNamespace ${AT}.cloneList.namespace`]);
    const compiled = compiledRule(rule({ namespace: "{{ 'origin' }}" }), "shop");
    expect(desiredBy(compiled as never, { trigger: TRIGGER, objects: STORED })).toMatchObject({
      reason: "OutsideNamespace",
    });
  });
});
