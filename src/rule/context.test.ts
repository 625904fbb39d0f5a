import { describe, expect, it } from "vitest";
import { type Json, type JsonObject, KEY_FIELD, KEY_SECRET, type KubernetesObject } from "../object/index.ts";
import { compiledRule, dataOf, desiredBy, issuesOf, ListSnapshot, making, TRIGGER } from "./language.fixture.ts";

function configMap(namespace: string, name: string, data: { [key: string]: string }): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: { of: name } }, data };
}

function pod(
  name: string,
  namespace: string,
  labels: { [key: string]: string } = {},
  nodeName = "n1",
): KubernetesObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels }, spec: { nodeName } };
}

const STORED = [
  TRIGGER,
  configMap("config", "teams", { checkout: "gold" }),
  configMap("shop", "own", { a: "b" }),
  configMap("default", "teams", { checkout: "silver" }),
  pod("db", "shop", { app: "db", tier: "back" }),
  pod("web", "shop", { app: "web", tier: "front" }, "n2"),
  pod("web", "bank", { app: "web" }),
];

const value = (name: string, variable: JsonObject): JsonObject => ({ name, variable });
const call = (urlPath: string, more: JsonObject = {}): JsonObject => ({ name: "x", apiCall: { urlPath, ...more } });

function outcome(context: Json, text: Json, namespace?: string): Json {
  const rule = compiledRule(making({ x: text }, { context }), namespace);
  const data = dataOf(desiredBy(rule, { objects: STORED }));
  return data !== null && typeof data === "object" && !Array.isArray(data) ? (data.x ?? null) : data;
}

const X = "{{ x }}";

describe("a variable", () => {
  it.each<[what: string, variable: JsonObject, result: Json | RegExp]>([
    ["a value", { value: "a" }, "a"],
    ["a value of any type", { value: { a: [1] } }, { a: [1] }],
    ["a value with variables", { value: "team {{ request.object.metadata.labels.team }}" }, "team checkout"],
    ["an expression over what is known", { jmesPath: "request.object.metadata.name" }, "shop"],
    ["an expression over its value", { value: { a: { b: 1 } }, jmesPath: "a.b" }, 1],
    [
      "variables in an expression over its value",
      { value: { shop: 1 }, jmesPath: '"{{ request.object.metadata.name }}"' },
      1,
    ],
    ["@ as its value", { value: ["b", "a"], jmesPath: "sort(@)" }, ["a", "b"]],
    ["its default for null", { jmesPath: "request.object.metadata.x.y || `null`", default: "d" }, "d"],
    ["its default for a null of its value", { value: { a: null }, jmesPath: "a", default: "d" }, "d"],
    ["its default for an error", { jmesPath: "request.object.spec.x", default: "{{ request.name }}" }, "shop"],
    ["its default for an error over its value", { value: {}, jmesPath: "a", default: 3 }, 3],
    [
      "no default for an error of its value",
      { value: "{{ request.object.spec }}", jmesPath: "a", default: 3 },
      /^ExpressionFailed: spec.rules\[0\].context\[0\].variable.value/,
    ],
    [
      "an error for null",
      { value: { a: null }, jmesPath: "a" },
      /^ExpressionFailed: spec.rules\[0\].context\[0\].variable gives null/,
    ],
    ["an error for a null value", { value: "{{ `null` }}" }, /^ExpressionFailed/],
    [
      "an error of its expression",
      { value: {}, jmesPath: "a" },
      /^ExpressionFailed: spec.rules\[0\].context\[0\].variable.jmesPath: .*not found/,
    ],
  ])("gives %s", (_what, variable, result) => {
    const given = outcome([value("x", variable)], X);
    if (result instanceof RegExp) expect(given).toMatch(result);
    else expect(given).toEqual(result);
  });
});

describe("entries", () => {
  const A = value("a", { value: "1" });

  it.each<[what: string, context: Json, text: Json, result: Json | RegExp]>([
    ["see earlier ones", [A, value("b", { value: "{{ a }}2" })], "{{ b }}", "12"],
    ["see earlier ones in expressions", [A, value("b", { jmesPath: "a" })], "{{ b }}", "1"],
    [
      "may replace an earlier one, and use it",
      [A, value("b", { value: "{{ a }}!" }), value("a", { value: "{{ a }}2" })],
      "{{ a }} {{ b }}",
      "12 1!",
    ],
    ["mean the last one outside", [value("a", { value: "old" }), value("a", { value: "new" })], "{{ a }}", "new"],
    ["that nothing names are not loaded", [A, value("bad", { value: "{{ request.object.spec }}" })], "{{ a }}", "1"],
    [
      "that nothing names are not missed",
      [A, { name: "cm", configMap: { name: "no", namespace: "no" } }],
      "{{ a }}",
      "1",
    ],
    [
      "that are named are loaded, also where their value would not count",
      [A, value("bad", { value: "{{ request.object.spec }}" })],
      "{{ a || bad }}",
      /^ExpressionFailed/,
    ],
  ])("%s", (_what, context, text, result) => {
    const given = outcome(context, text);
    if (result instanceof RegExp) expect(given).toMatch(result);
    else expect(given).toEqual(result);
  });

  it("are known to preconditions, and loaded only as far as those decide", () => {
    const missing = { name: "cm", configMap: { name: "no", namespace: "no" } };
    const rule = making(
      { x: "{{ cm.data.x }}" },
      { context: [A, missing], preconditions: [{ key: "{{ a }}", operator: "Equals", value: "2" }] },
    );
    const snapshot = new ListSnapshot(STORED);
    expect(compiledRule(rule).desired(TRIGGER, snapshot)).toMatchObject({ ok: true, targets: [] });
    expect(snapshot.looked).toEqual([]);
  });

  it("are loaded once for one plan", () => {
    const teams = { name: "cm", configMap: { name: "teams", namespace: "config" } };
    const rule = making(
      { x: "{{ cm.data.checkout }}" },
      { context: [teams], preconditions: [{ key: "{{ cm.data.checkout }}", operator: "Equals", value: "gold" }] },
    );
    const snapshot = new ListSnapshot(STORED);
    expect(dataOf(compiledRule(rule).desired(TRIGGER, snapshot))).toEqual({ x: "gold" });
    expect(snapshot.looked).toEqual(["ConfigMap config/teams"]);
  });
});

describe("a ConfigMap", () => {
  const cm = (configMap: JsonObject): Json => [{ name: "x", configMap }];

  it.each<[what: string, configMap: JsonObject, text: string, namespace: string | undefined, result: Json | RegExp]>([
    ["data", { name: "teams", namespace: "config" }, "{{ x.data.checkout }}", undefined, "gold"],
    ["metadata", { name: "teams", namespace: "config" }, "{{ x.metadata.labels.of }}", undefined, "teams"],
    [
      "what variables name",
      { name: "{{ 'teams' }}", namespace: "{{ 'config' }}" },
      "{{ x.data.checkout }}",
      undefined,
      "gold",
    ],
    ["the namespace default", { name: "teams" }, "{{ x.data.checkout }}", undefined, "silver"],
    ["a Policy's own namespace", { name: "own" }, "{{ x.data.a }}", "shop", "b"],
    [
      "a reason when it is missing",
      { name: "no", namespace: "config" },
      X,
      undefined,
      "ContextMissing: spec.rules[0].context[0].configMap: ConfigMap config/no does not exist; create it, or correct its name and namespace",
    ],
    [
      "an error for a name that is none",
      { name: "{{ `1` }}", namespace: "config" },
      X,
      undefined,
      /^ExpressionFailed: .*configMap.name must give a name, not 1/,
    ],
    [
      "no way out of a Policy's namespace",
      { name: "teams", namespace: "{{ 'config' }}" },
      X,
      "shop",
      /^OutsideNamespace/,
    ],
  ])("gives %s", (_what, configMap, text, namespace, result) => {
    const rule = compiledRule(making({ x: text }, { context: cm(configMap), match: MATCHED }), namespace);
    const data = dataOf(desiredBy(rule, { objects: STORED }));
    const given = typeof data === "string" ? data : ((data as JsonObject).x ?? null); // an object of texts otherwise
    if (result instanceof RegExp) expect(given).toMatch(result);
    else expect(given).toEqual(result);
  });

  const MATCHED = { any: [{ resources: { kinds: ["Pod"] } }] };
});

describe("an API call", () => {
  it.each<[what: string, entry: JsonObject, result: Json | RegExp]>([
    ["one object", call("/api/v1/namespaces/config/configmaps/teams", { jmesPath: "data.checkout" }), "gold"],
    [
      "a cluster-scoped object",
      call("/api/v1/namespaces/{{ request.object.metadata.name }}", { jmesPath: "metadata.labels.team" }),
      "checkout",
    ],
    [
      "a collection in a namespace",
      call("/api/v1/namespaces/{{ request.name }}/pods", { jmesPath: "items[].metadata.name" }),
      ["db", "web"],
    ],
    ["a collection of all namespaces", call("/api/v1/pods/", { jmesPath: "length(items)" }), 3],
    ["a list as the server gives it", call("/api/v1/pods", { jmesPath: "[kind, apiVersion]" }), ["PodList", "v1"]],
    ["an empty collection", call("/apis/t.example.com/v1/widgets", { jmesPath: "items" }), []],
    [
      "what labels select",
      call("/api/v1/pods?labelSelector=app=web,tier", { jmesPath: "items[].metadata.namespace" }),
      ["shop"],
    ],
    [
      "what labels of a variable select",
      call("/api/v1/pods?labelSelector=app={{ 'd' }}b", { jmesPath: "items[].metadata.name" }),
      ["db"],
    ],
    [
      "what an encoded selector selects",
      call("/api/v1/pods?labelSelector=app%20in%20(db)", { jmesPath: "items[].metadata.name" }),
      ["db"],
    ],
    [
      "what a field selects",
      call("/api/v1/pods?fieldSelector=spec.nodeName={{ 'n2' }}", { jmesPath: "items[].metadata.name" }),
      ["web"],
    ],
    [
      "an expression with variables",
      call("/api/v1/namespaces/config/configmaps/teams", {
        jmesPath: "data.{{ request.object.metadata.labels.team }}",
      }),
      "gold",
    ],
    ["null of its expression", call("/api/v1/pods", { jmesPath: "items[9]" }), null],
    [
      "its default when the object is missing",
      call("/api/v1/namespaces/config/configmaps/no", { jmesPath: "data.a", default: { a: 1 } }),
      { a: 1 },
    ],
    [
      "no default for an expression that fails",
      call("/api/v1/namespaces/config/configmaps/teams", { jmesPath: "data.no", default: 1 }),
      /^ExpressionFailed: spec.rules\[0\].context\[0\].apiCall.jmesPath/,
    ],
    [
      "a reason when the object is missing",
      call("/api/v1/namespaces/config/configmaps/no"),
      /^ContextMissing: .*apiCall: ConfigMap config\/no does not exist/,
    ],
    [
      "no other path for a value with slashes",
      call("/api/v1/namespaces/{{ 'config/configmaps' }}/pods", { jmesPath: "items" }),
      [],
    ],
    [
      "an error for a segment that is empty",
      call("/api/v1/namespaces/{{ request.object.metadata.annotations.none || '' }}/pods"),
      /^ExpressionFailed: .*its namespace must be a text, not ""/,
    ],
    [
      "an error for a segment that is a list",
      call("/api/v1/namespaces/{{ request.object.metadata.labels }}/pods"),
      /^ExpressionFailed/,
    ],
  ])("gives %s", (_what, entry, result) => {
    const given = outcome([entry], X);
    if (result instanceof RegExp) expect(given).toMatch(result);
    else expect(given).toEqual(result);
  });

  it("gives its default for a resource that is not served, and else says so", () => {
    const path = "/apis/config.openshift.io/v1/infrastructures/cluster";
    expect(outcome([call(path, { default: "none" })], X)).toBe("none");
    expect(outcome([call(path)], X)).toMatch(/^KindUnknown/);
  });
});

describe("the installation key", () => {
  const key: KubernetesObject = {
    ...{ apiVersion: "v1", kind: "Secret", data: { [KEY_FIELD]: "aGVsbG8=" } },
    metadata: { name: KEY_SECRET, namespace: "perennial" },
  };
  const secret: KubernetesObject = { ...key, metadata: { name: "other", namespace: "perennial" } };

  it.each<[urlPath: string, jmesPath: string, result: Json]>([
    [`/api/v1/namespaces/perennial/secrets/${KEY_SECRET}`, "data", "none"],
    ["/api/v1/secrets", "items[].metadata.name", ["other"]],
  ])("is shown by no call: %s", (urlPath, jmesPath, result) => {
    const rule = making({ x: X }, { context: [call(urlPath, { jmesPath, default: "none" })] });
    expect(dataOf(desiredBy(rule, { objects: [key, secret] }))).toEqual({ x: result });
  });
});

describe("what is watched for context", () => {
  const read = (entry: JsonObject, namespace?: string): Json =>
    compiledRule(
      making({ x: X }, { context: [entry], match: { any: [{ resources: { kinds: ["Pod"] } }] } }),
      namespace,
    ).reads.map(({ resource, ...place }) => [resource.plural, place.namespace ?? "*", place.name ?? "*"].join(" "));

  it.each<[entry: JsonObject, namespace: string | undefined, reads: string]>([
    [{ name: "x", configMap: { name: "a", namespace: "b" } }, undefined, "configmaps b a"],
    [{ name: "x", configMap: { name: "a" } }, undefined, "configmaps default a"],
    [{ name: "x", configMap: { name: "{{ request.name }}", namespace: "b" } }, undefined, "configmaps b *"],
    [{ name: "x", configMap: { name: "a", namespace: "{{ request.namespace }}" } }, undefined, "configmaps * *"],
    [{ name: "x", configMap: { name: "a" } }, "shop", "configmaps shop a"],
    [
      { name: "x", configMap: { name: "{{ request.name }}", namespace: "{{ request.namespace }}" } },
      "shop",
      "configmaps shop *",
    ],
    [call("/api/v1/namespaces/b/pods/a"), undefined, "pods b a"],
    [call("/api/v1/namespaces/b/pods/a/status"), undefined, "pods b a"],
    [call("/api/v1/namespaces/b/pods?labelSelector=a=b"), undefined, "pods b *"],
    [call("/api/v1/namespaces/{{ request.namespace }}/pods"), undefined, "pods * *"],
    [call("/api/v1/namespaces/{{ request.namespace }}"), undefined, "namespaces * *"],
    [call("/api/v1/namespaces/b"), undefined, "namespaces * b"],
    [call("/apis/apps/v1/deployments"), undefined, "deployments * *"],
    [call("/api/v1/namespaces/{{ request.namespace }}/pods"), "shop", "pods shop *"],
  ])("is of %j in %s: %s", (entry, namespace, reads) => {
    expect(read(entry, namespace)).toEqual([reads]);
  });
});

describe("context that is wrong", () => {
  const AT = "spec.rules[0].context[0]";
  const CM: JsonObject = { name: "x", configMap: { name: "a", namespace: "shop" } };

  it.each<[mistake: string, entry: JsonObject, namespace: string | undefined, ...issues: string[]]>([
    ["no name", { variable: { value: 1 } }, undefined, `MissingField ${AT}.name`],
    ["the name of a root", { ...CM, name: "request" }, undefined, `InvalidName ${AT}.name`],
    ["the name of an element", { ...CM, name: "element1" }, undefined, `InvalidName ${AT}.name`],
    ["no source", { name: "x" }, undefined, `ExclusiveFields ${AT}`],
    ["two sources", { ...CM, variable: { value: 1 } }, undefined, `ExclusiveFields ${AT}`],
    ["a variable of nothing", { name: "x", variable: { default: 1 } }, undefined, `MissingField ${AT}.variable.value`],
    [
      "an expression that does not parse",
      value("x", { jmesPath: "a.[" }),
      undefined,
      `InvalidExpression ${AT}.variable.jmesPath`,
    ],
    ["a later entry", value("x", { value: "{{ later }}" }), undefined, `UnknownVariable ${AT}.variable.value`],
    ["itself", value("x", { value: "{{ x }}" }), undefined, `UnknownVariable ${AT}.variable.value`],
    ["another method", call("/api/v1/pods", { method: "PUT" }), undefined, `InvalidValue ${AT}.apiCall.method`],
    ["neither path nor service", { name: "x", apiCall: {} }, undefined, `ExclusiveFields ${AT}.apiCall`],
    ["a path without a slash", call("api/v1/pods"), undefined, `InvalidValue ${AT}.apiCall.urlPath`],
    ["an empty segment", call("/api/v1//pods"), undefined, `InvalidValue ${AT}.apiCall.urlPath`],
    ["a malformed segment", call("/api/v1/%zz"), undefined, `InvalidValue ${AT}.apiCall.urlPath`],
    ["a path that is a variable", call("{{ request.name }}"), undefined, `InvalidValue ${AT}.apiCall.urlPath`],
    [
      "a namespace of a cluster-scoped kind",
      call("/api/v1/namespaces/a/nodes"),
      undefined,
      `InvalidValue ${AT}.apiCall.urlPath`,
    ],
    ["no namespace of a namespaced object", call("/api/v1/pods/a"), undefined, `InvalidValue ${AT}.apiCall.urlPath`],
    ["an image", { name: "x", imageRegistry: { reference: "a" } }, undefined, `UnsupportedField ${AT}.imageRegistry`],
    [
      "a global entry",
      { name: "x", globalReference: { name: "a" } },
      undefined,
      `UnsupportedField ${AT}.globalReference`,
    ],
    [
      "another namespace in a Policy",
      { ...CM, configMap: { name: "a", namespace: "bank" } },
      "shop",
      `OutsideNamespace ${AT}.configMap.namespace`,
    ],
    ["all namespaces in a Policy", call("/api/v1/pods"), "shop", `OutsideNamespace ${AT}.apiCall.urlPath`],
    [
      "another namespace's objects in a Policy",
      call("/api/v1/namespaces/bank/pods"),
      "shop",
      `OutsideNamespace ${AT}.apiCall.urlPath`,
    ],
    ["a Node in a Policy", call("/api/v1/nodes/n1"), "shop", `OutsideNamespace ${AT}.apiCall.urlPath`],
  ])("is told: %s", (_mistake, entry, namespace, ...issues) => {
    const match = { any: [{ resources: { kinds: ["Pod"] } }] };
    expect(issuesOf(making({ x: "a" }, { context: [entry], match }), namespace)).toEqual(issues);
  });

  it("is no mistake in a Policy that reads its own Namespace", () => {
    const match = { any: [{ resources: { kinds: ["Pod"] } }] };
    expect(issuesOf(making({ x: "a" }, { context: [call("/api/v1/namespaces/shop")], match }), "shop")).toEqual([]);
  });
});
