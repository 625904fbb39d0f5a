/** API paths and services that no watch answers: what is asked, and what comes of the answer. */

import { describe, expect, it } from "vitest";
import { isJsonObject, type Json, type JsonObject, KEY_FIELD, KEY_SECRET } from "../object/index.ts";
import { withoutInstallationKey } from "./installation-key.ts";
import { compiledRule, dataOf, issuesOf, ListSnapshot, making, TRIGGER } from "./language.fixture.ts";
import type { Call, CallResult } from "./lookup.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const PODS = { any: [{ resources: { kinds: ["Pod"] } }] };

const path = (urlPath: string, more: JsonObject = {}): JsonObject => ({ urlPath, ...more });
const service = (url: string, more: JsonObject = {}, call: JsonObject = {}): JsonObject => ({
  service: { url, ...more },
  ...call,
});
const value = (name: string, of: Json): JsonObject => ({ name, variable: { value: of } });

/** What is asked for the entry `x`, and what `{{ x }}` comes to. */
function ask(
  apiCall: JsonObject,
  { result, before = [], namespace }: { result?: CallResult; before?: JsonObject[]; namespace?: string } = {},
): { call: Call | undefined; x: Json } {
  const context = [...before, { name: "x", apiCall }];
  const rule = compiledRule(making({ x: "{{ x }}" }, { context, match: PODS }), namespace);
  const snapshot = new ListSnapshot([], () => result ?? { ok: true, value: "answer" });
  const data = dataOf(rule.desired(TRIGGER, snapshot));
  return { call: snapshot.called[0], x: isJsonObject(data) ? (data.x ?? null) : data };
}

describe("what is asked", () => {
  it.each<[urlPath: string, asked: string]>([
    ["/version", "/version"],
    ["/version/", "/version"],
    ["/apis/metrics.k8s.io/v1beta1/podmetricss", "/apis/metrics.k8s.io/v1beta1/podmetricss"],
    ["/api/v1/pods?limit=1&labelSelector=a%3Db", "/api/v1/pods?limit=1&labelSelector=a%3Db"],
    ["/api/v1/namespaces/a/pods/b/log?tailLines={{ n }}", "/api/v1/namespaces/a/pods/b/log?tailLines=7"],
    ["/api/v1/{{ odd }}", "/api/v1/a%20b%3Fc%23d%25e"],
    ["/healthz/{{ n }}?x={{ odd }}&y", "/healthz/7?x=a%20b%3Fc%23d%25e&y"],
    ["/api/v1/namespaces/a/services/https:web:8443/proxy", "/api/v1/namespaces/a/services/https:web:8443/proxy"],
  ])("of the API server, for %s", (urlPath, asked) => {
    const before = [value("odd", "a b?c#d%e"), value("n", 7)];
    const { call, x } = ask(path(urlPath), { before });
    expect(call).toMatchObject({ method: "GET", url: asked, body: undefined, service: undefined });
    expect(x).toBe("answer");
  });

  it.each<[url: string, asked: string]>([
    ["https://teams.example.com", "https://teams.example.com/"],
    ["https://teams.example.com/v1/{{ odd }}/", "https://teams.example.com/v1/a%2Fb%3Fc/"],
    ["http://{{ host }}:8080/v1?team={{ odd }}&all", "http://svc.example.com:8080/v1?team=a%2Fb%3Fc&all"],
    ["{{ base }}", "https://other.example.com/v2/?a=b"],
    ["{{ root }}/{{ host }}", "https://root.example.com/v3/svc.example.com"],
  ])("of a service, for %s", (url, asked) => {
    const before = [
      value("odd", "a/b?c"),
      value("host", "svc.example.com"),
      value("base", "https://other.example.com/v2/?a=b"),
      value("root", "https://root.example.com/v3/"),
    ];
    const { call } = ask(service(url, { caBundle: CERTIFICATE }), { before });
    expect(call).toMatchObject({ method: "GET", url: asked, service: { headers: {}, caBundle: CERTIFICATE } });
  });

  it("with data is one JSON object, and headers have lower-case names", () => {
    const headers = [{ key: "X-Team", value: "{{ request.object.metadata.labels.team }}" }];
    const data = [
      { key: "name", value: "{{ request.object.metadata.name }}" },
      { key: "list", value: [1, "{{ request.operation }}"] },
    ];
    const { call } = ask(service("https://a.example.com", { headers }, { method: "POST", data }));
    expect(call).toMatchObject({ method: "POST", body: '{"name":"shop","list":[1,"CREATE"]}' });
    expect(call?.service?.headers).toEqual({ "x-team": "checkout" });
  });

  it("of a review, which is stored nowhere, may be a POST", () => {
    const data = [{ key: "spec", value: { user: "{{ request.object.metadata.name }}" } }];
    const { call } = ask(path(REVIEWS, { method: "POST", data }));
    expect(call).toMatchObject({ method: "POST", url: REVIEWS, body: '{"spec":{"user":"shop"}}', service: undefined });
  });

  it("is one question exactly when all of it is the same", () => {
    const keyOf = (apiCall: JsonObject): string => ask(apiCall).call?.key ?? "";
    const header = (value: string): JsonObject => ({ headers: [{ key: "a", value }] });
    const calls = [
      path("/version"),
      path("/openapi/v2"),
      service("https://a.example.com/version"),
      service("https://a.example.com/version", header("1")),
      service("https://a.example.com/version", header("2")),
      service("https://a.example.com/version", { caBundle: CERTIFICATE }),
      service("https://a.example.com/version", {}, { method: "POST" }),
      service("https://a.example.com/version", {}, { method: "POST", data: [{ key: "a", value: 1 }] }),
    ];
    expect(new Set(calls.map(keyOf)).size).toBe(calls.length);
    expect(keyOf(path("/version", { jmesPath: "a" }))).toBe(keyOf(path("/version")));
  });
});

describe("values that would lead elsewhere", () => {
  it.each<[what: string, apiCall: JsonObject, of: Json, told: RegExp]>([
    ["more segments", path("/api/v1/{{ v }}"), "a/b", /^ExpressionFailed: .*urlPath: "a\/b" holds a slash/],
    ["the parent", path("/version/{{ v }}"), "..", /^ExpressionFailed: .*no segment of a path/],
    ["nothing", path("/version/{{ v }}"), "", /^ExpressionFailed: .*must be a text/],
    ["a list", path("/version/{{ v }}"), ["a"], /^ExpressionFailed: .*must be a text, not \["a"\]/],
    ["the parent of a service's path", service("https://a.example.com/b/{{ v }}"), "..", /no segment of a path/],
    ["a user", service("https://{{ v }}/b"), "u:p@evil.example.com", /^ExpressionFailed: .*service.url: .* is no host/],
    ["a path in a host", service("https://{{ v }}/b"), "evil.example.com/x", /is no host/],
    ["another scheme", service("{{ v }}"), "file:///etc/passwd", /write an http or https URL/],
    ["credentials", service("{{ v }}"), "https://u:p@a.example.com", /user name or a password/],
    [
      "another header",
      service("https://a.example.com", { headers: [{ key: "a", value: "{{ v }}" }] }),
      "x\r\nb: y",
      /^ExpressionFailed: .*headers: the value of a is not one line of ASCII text$/,
    ],
  ])("are refused: %s", (_what, apiCall, of, told) => {
    const { call, x } = ask(apiCall, { before: [value("v", of)] });
    expect(call).toBeUndefined();
    expect(x).toMatch(told);
  });
});

describe("an answer", () => {
  it("goes through jmesPath", () => {
    const result: CallResult = { ok: true, value: { team: "gold" } };
    expect(ask(path("/version", { jmesPath: "team" }), { result }).x).toBe("gold");
  });

  it("that jmesPath finds nothing in is an error, also with a default", () => {
    const result: CallResult = { ok: true, value: { team: "gold" } };
    expect(ask(path("/version", { jmesPath: "size", default: "x" }), { result }).x).toMatch(
      /^ExpressionFailed: .*jmesPath/,
    );
  });

  it("that does not come is what the claim waits for, and the message says who was asked", () => {
    const result: CallResult = { ok: false, message: "it answers 500" };
    expect(ask(path("/version?a=b"), { result }).x).toMatch(
      /^ContextMissing: .*apiCall: GET \/version: it answers 500$/,
    );
    const told = ask(service("https://a.example.com/secret/path?token=x"), { result }).x;
    expect(told).toMatch(/^ContextMissing: .*apiCall: GET https:\/\/a.example.com: it answers 500$/);
  });

  it("that does not come is the default", () => {
    const result: CallResult = { ok: false, message: "it answers 500" };
    expect(ask(path("/version", { jmesPath: "a", default: "{{ request.name }}" }), { result }).x).toBe("shop");
  });

  it("of the API server never has the installation key in it", () => {
    const key = { metadata: { name: KEY_SECRET }, data: { [KEY_FIELD]: "secret" } };
    const other = { metadata: { name: "other" }, data: { a: "b" } };
    expect(withoutInstallationKey({ kind: "SecretList", items: [key, other] })).toEqual({
      kind: "SecretList",
      items: [other],
    });
    expect(withoutInstallationKey({ type: "ADDED", object: { kind: "Secret", ...key } })).toEqual({
      type: "ADDED",
      object: null,
    });
  });
});

describe("a Policy", () => {
  it("may ask within its own namespace", () => {
    const own = "/apis/metrics.k8s.io/v1beta1/namespaces/{{ v }}/podmetricss";
    expect(ask(path(own), { namespace: "shop", before: [value("v", "shop")] }).x).toBe("answer");
    const outside = ask(path(own), { namespace: "shop", before: [value("v", "bank")] });
    expect(outside.call).toBeUndefined();
    expect(outside.x).toMatch(/^OutsideNamespace: .*its own namespace, shop/);
  });
});

const AT = "spec.rules[0].context[0].apiCall";

describe("a call that is wrong", () => {
  it.each<[mistake: string, apiCall: JsonObject, namespace: string | undefined, issue: string]>([
    [
      "a POST that would create something",
      path("/api/v1/namespaces/a/pods", { method: "POST" }),
      undefined,
      `InvalidValue ${AT}.urlPath`,
    ],
    [
      "a POST to a subresource",
      path("/api/v1/namespaces/a/serviceaccounts/b/token", { method: "POST" }),
      undefined,
      `InvalidValue ${AT}.urlPath`,
    ],
    ["a POST to another path", path("/version", { method: "POST" }), undefined, `InvalidValue ${AT}.urlPath`],
    [
      "data without POST",
      path("/version", { data: [{ key: "a", value: 1 }] }),
      undefined,
      `ExclusiveFields ${AT}.data`,
    ],
    [
      "data twice",
      path(REVIEWS, {
        method: "POST",
        data: [
          { key: "a", value: 1 },
          { key: "a", value: 2 },
        ],
      }),
      undefined,
      `DuplicateName ${AT}.data[1].key`,
    ],
    ["an answer that does not end", path("/api/v1/pods?limit=1&watch=true"), undefined, `InvalidValue ${AT}.urlPath`],
    ["the same, hidden", path("/api/v1/pods?limit=1&w%61tch=1"), undefined, `InvalidValue ${AT}.urlPath`],
    ["an encoded slash", path("/version/a%2Fb"), undefined, `InvalidValue ${AT}.urlPath`],
    ["the parent", path("/version/.."), undefined, `InvalidValue ${AT}.urlPath`],
    ["a fragment", path("/version#a"), undefined, `InvalidValue ${AT}.urlPath`],
    [
      "a variable as the name of a parameter",
      path("/version?{{ request.name }}=a"),
      undefined,
      `InvalidValue ${AT}.urlPath`,
    ],
    ["an unknown variable", path("/version/{{ nobody }}"), undefined, `UnknownVariable ${AT}.urlPath`],
    ["no URL", service("teams.example.com"), undefined, `InvalidValue ${AT}.service.url`],
    ["another scheme", service("ftp://teams.example.com"), undefined, `InvalidValue ${AT}.service.url`],
    ["no host", service("https://"), undefined, `InvalidValue ${AT}.service.url`],
    ["credentials in a URL", service("https://u:p@a.example.com"), undefined, `InvalidValue ${AT}.service.url`],
    [
      "an unknown variable in a URL",
      service("https://a.example.com/{{ nobody }}"),
      undefined,
      `UnknownVariable ${AT}.service.url`,
    ],
    [
      "no certificate",
      service("https://a.example.com", { caBundle: "a" }),
      undefined,
      `InvalidValue ${AT}.service.caBundle`,
    ],
    [
      "a header that says whom",
      service("https://a.example.com", { headers: [{ key: "Host", value: "b" }] }),
      undefined,
      `InvalidValue ${AT}.service.headers[0].key`,
    ],
    [
      "a header that is none",
      service("https://a.example.com", { headers: [{ key: "a b", value: "b" }] }),
      undefined,
      `InvalidValue ${AT}.service.headers[0].key`,
    ],
    [
      "a header twice",
      service("https://a.example.com", {
        headers: [
          { key: "a", value: "b" },
          { key: "A", value: "c" },
        ],
      }),
      undefined,
      `DuplicateName ${AT}.service.headers[1].key`,
    ],
    [
      "a path and a service",
      { urlPath: "/version", service: { url: "https://a.example.com" } },
      undefined,
      `ExclusiveFields ${AT}`,
    ],
    ["a service in a Policy", service("https://a.example.com"), "shop", `OutsideNamespace ${AT}.service`],
    ["a path outside in a Policy", path("/version"), "shop", `OutsideNamespace ${AT}.urlPath`],
    [
      "another namespace in a Policy",
      path("/api/v1/namespaces/bank/pods?limit=1"),
      "shop",
      `OutsideNamespace ${AT}.urlPath`,
    ],
    [
      "a group that is a variable in a Policy",
      path("/apis/{{ request.name }}/v1/namespaces/shop/pods"),
      "shop",
      `OutsideNamespace ${AT}.urlPath`,
    ],
  ])("is told: %s", (_mistake, apiCall, namespace, issue) => {
    expect(issuesOf(making({ x: "a" }, { context: [{ name: "x", apiCall }], match: PODS }), namespace)).toEqual([
      issue,
    ]);
  });
});
