import { describe, expect, it } from "vitest";
import type { JsonObject } from "../object/index.ts";
import { objectAt, readTestValues, whyNotServed, withValues } from "./test-values.ts";

const VALUES: JsonObject = {
  globalValues: { size: 1, "a.b": "global" },
  policies: [
    {
      name: "p",
      rules: [{ name: "r", values: { "a.b": "rule" } }],
      resources: [{ name: "web", values: { "a.c": true } }],
    },
  ],
};

const AT_REST = { isEdge: false, namespace: "shop" };

describe("the values of a test", () => {
  it("are those of all, of the rule and of the resource, the narrower ones winning", () => {
    const { valuesFor } = readTestValues([undefined, VALUES]);
    expect(valuesFor("p", "r", "web")).toEqual({ size: 1, "a.b": "rule", "a.c": true });
    expect(valuesFor("p", "other", "db")).toEqual({ size: 1, "a.b": "global" });
    expect(valuesFor("q", "r", "web")).toEqual({ size: 1, "a.b": "global" });
  });

  it("replace the context entries that they name, and no others", () => {
    const other = { name: "other", configMap: { name: "x" } };
    const rule = { name: "r", context: [{ name: "a", configMap: { name: "settings" } }, other] };
    expect(withValues(rule, { "a.data.size": "1", 'a.data."x.y"': [2], b: 3 })).toEqual({
      name: "r",
      context: [{ name: "a", variable: { value: { data: { size: "1", "x.y": [2] } } } }, other],
    });
    expect(withValues({ name: "r" }, { a: 1 })).toEqual({ name: "r" });
  });

  it("may not say what a single request says, but that it creates", () => {
    expect(whyNotServed({ "request.operation": "CREATE", "a.b": 1 }, AT_REST)).toBeUndefined();
    expect(whyNotServed({ "request.namespace": "shop" }, AT_REST)).toBeUndefined();
    expect(whyNotServed({ "request.namespace": "bank" }, AT_REST)).toMatch(/^request.namespace is set/);
    expect(whyNotServed({ "request.operation": "DELETE" }, AT_REST)).toMatch(/^request.operation is set/);
    expect(whyNotServed({ "request.userInfo.username": "x" }, AT_REST)).toMatch(/^request.userInfo.username is set/);
  });

  it("may say of a change what it is, and what was before, but not whose", () => {
    expect(
      whyNotServed(
        { "request.operation": "DELETE", "request.oldObject.data.a": "b" },
        { isEdge: true, namespace: "shop" },
      ),
    ).toBeUndefined();
    expect(whyNotServed({ "request.userInfo.username": "x" }, { isEdge: true, namespace: "shop" })).toMatch(
      /^request.userInfo.username is set/,
    );
  });

  it("are put over what is there anyway", () => {
    const values = { "request.oldObject.data.a": "1", 'request.oldObject.metadata.labels."b.c"': "2", other: 3 };
    expect(objectAt(values, ["request", "oldObject"], { data: { a: "0", d: "e" } })).toEqual({
      data: { a: "1", d: "e" },
      metadata: { labels: { "b.c": "2" } },
    });
    expect(objectAt({ other: 3 }, ["request", "oldObject"], undefined)).toBeUndefined();
  });
});
