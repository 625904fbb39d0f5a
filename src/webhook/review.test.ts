import { describe, expect, it } from "vitest";
import type { Json } from "../object/index.ts";
import { printReview, readReview } from "./review.ts";

const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" } };
const REQUEST = { uid: "u-1", operation: "CREATE", object: OBJECT, oldObject: null };

function review(request: Json, more: { [field: string]: Json } = {}): Json {
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request, ...more };
}

describe("reading an AdmissionReview", () => {
  it("gives the request", () => {
    expect(readReview(review(REQUEST))).toEqual({
      request: {
        uid: "u-1",
        operation: "CREATE",
        object: OBJECT,
        oldObject: undefined,
        fields: { uid: "u-1", operation: "CREATE" },
      },
    });
  });

  it.each<[string, Json, string]>([
    ["a text", "hello", "no AdmissionReview"],
    ["another kind", { ...OBJECT }, "no AdmissionReview"],
    ["another version", review(REQUEST, { apiVersion: "admission.k8s.io/v1beta1" }), "admission.k8s.io/v1"],
    ["none", review(null), "no request"],
    ["no uid", review({ ...REQUEST, uid: "" }), "no uid"],
    ["an operation that does not exist", review({ ...REQUEST, operation: "READ" }), "CREATE, UPDATE, DELETE, CONNECT"],
    ["an object that is a text", review({ ...REQUEST, object: "x" }), "request.object"],
    ["an object without metadata", review({ ...REQUEST, object: { apiVersion: "v1", kind: "X" } }), "request.object"],
    ["an old object that is a list", review({ ...REQUEST, oldObject: [] }), "request.oldObject"],
  ])("says why where there is %s", (_case, body, problem) => {
    const read = readReview(body);
    expect("problem" in read ? read.problem : "").toContain(problem);
  });
});

describe("printing an answer", () => {
  it("allows with no more than that", () => {
    expect(printReview("u-1", { allowed: true, warnings: [] })).toEqual({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: "u-1", allowed: true },
    });
  });

  it("refuses with a status and warnings", () => {
    expect(printReview("u-1", { allowed: false, message: "no", warnings: ["careful"] })).toMatchObject({
      response: { uid: "u-1", allowed: false, status: { code: 422, message: "no" }, warnings: ["careful"] },
    });
  });

  it("keeps warnings as short as the API server hands them on", () => {
    const warnings = Array.from({ length: 50 }, () => "w".repeat(1_000));
    const { response } = printReview("u-1", { allowed: true, warnings });
    const kept = (response as { warnings: string[] }).warnings;
    expect(kept.every((warning) => warning.length === 250 && warning.endsWith("..."))).toBe(true);
    expect(kept).toHaveLength(16);
  });
});
