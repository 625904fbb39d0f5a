import { describe, expect, it } from "vitest";
import type { ApiFailure } from "../cluster/index.ts";
import type { ApplyStep, MutateStep } from "../plan/index.ts";
import { explainFailure } from "./failure-reason.ts";

function step(kind = "ConfigMap"): ApplyStep {
  return {
    verb: "apply",
    target: { group: "", kind, namespace: "shop", name: "x" },
    resource: { group: "", version: "v1", kind, plural: `${kind.toLowerCase()}s`, namespaced: true, verbs: [] },
    object: { apiVersion: "v1", kind, metadata: { name: "x", namespace: "shop" } },
    precondition: { absent: true },
    because: "it does not exist",
  };
}

function failure(status: number, message = "", more: Partial<ApiFailure> = {}): ApiFailure {
  return { status, reason: "", message, causes: [], ...more };
}

const TERMINATING = {
  causes: [{ reason: "NamespaceTerminating", message: "namespace shop is being terminated", field: "" }],
};

describe("a refused write", () => {
  it.each<[string, ApiFailure, boolean | undefined, string, string]>([
    ["no answer", failure(0, "ECONNREFUSED"), undefined, "Unreachable", "retry"],
    ["too many requests", failure(429), undefined, "Unreachable", "retry"],
    ["a quota", failure(403, "exceeded quota: compute"), true, "Rejected", "quota"],
    ["an admission rule", failure(403, "denied by policy x"), true, "Rejected", "retry"],
    ["a 403 that nobody can explain", failure(403, "no"), undefined, "Rejected", "retry"],
    ["a permission", failure(403, "User x cannot create resource"), false, "PermissionMissing", "permission"],
    ["a namespace that is going", failure(403, "terminated", TERMINATING), undefined, "NamespaceTerminating", "event"],
    [
      "a namespace that is not there",
      failure(404, "not found", { kind: "namespaces" }),
      undefined,
      "NamespaceMissing",
      "retry",
    ],
    [
      "a kind that is not served",
      failure(404, "the server could not find the requested resource"),
      undefined,
      "KindUnknown",
      "retry",
    ],
    ["an immutable field", failure(422, "spec.x: field is immutable"), undefined, "ImmutableField", "retry"],
    ["a role that stays bound", failure(422, "roleRef: cannot change roleRef"), undefined, "ImmutableField", "retry"],
    ["an address", failure(422, "spec.clusterIPs[0]: may not change once set"), undefined, "ImmutableField", "retry"],
    [
      "most fields of a StatefulSet",
      failure(422, "updates to statefulset spec for fields other than 'replicas' are forbidden"),
      undefined,
      "ImmutableField",
      "retry",
    ],
    ["an invalid object", failure(422, "spec.x: Required value"), undefined, "InvalidTarget", "retry"],
    [
      "an unknown field, answered as a fault",
      failure(500, "failed to create typed patch object"),
      undefined,
      "InvalidTarget",
      "retry",
    ],
    ["a token", failure(401, "Unauthorized"), undefined, "Unreachable", "retry"],
    ["a server behind a load balancer", failure(502, "<html>"), undefined, "Unreachable", "retry"],
    ["a leader of etcd", failure(500, "etcdserver: no leader"), undefined, "Unreachable", "retry"],
    ["a fault", failure(500, "failed calling webhook"), undefined, "Rejected", "retry"],
  ])("for want of %s has a reason, and what heals it", (_name, refused, permitted, reason, heals) => {
    expect(explainFailure(step(), refused, permitted)).toMatchObject({ reason, heals });
  });

  it.each([
    ["create", "x cannot create resource y"],
    ["get", "x cannot get resource y"],
    ["patch", "no words"],
  ])("names verb (%s), resource and namespace of a missing permission", (verb, words) => {
    const { message } = explainFailure(step(), failure(403, words), false);
    expect(message).toContain(`may not ${verb} configmaps in namespace shop`);
  });

  it.each<[string, string]>([
    ["", "may not patch configmaps/status in namespace shop"],
    ['x cannot patch resource "configmaps/status" in API group', "may not patch configmaps/status in namespace shop"],
    ['x cannot get resource "configmaps" in API group', "may not get configmaps in namespace shop"],
  ])("names the subresource, unless it was another one: %s", (words, told) => {
    const { target, resource, object } = step();
    const precondition = { uid: "u", resourceVersion: "1" };
    const write = { applied: object };
    const rest = { manager: "m", write, seen: object, object, precondition, because: "" };
    const mutate: MutateStep = { verb: "mutate", target, resource, subresource: "status", ...rest };
    expect(explainFailure(mutate, failure(403, words), false).message).toContain(told);
  });

  it("never repeats a value of a Secret", () => {
    const words = 'data[p]: Invalid value: "hunter2"';
    const causes = [{ reason: "FieldValueInvalid", message: words, field: "data[p]" }];
    const { message } = explainFailure(step("Secret"), failure(422, words, { causes }), undefined);
    expect(message).not.toContain("hunter2");
    expect(message).toContain("data[p]");
  });

  it("keeps how long the server asked to wait", () => {
    expect(explainFailure(step(), failure(429, "", { retryAfter: 3_000 }), undefined).retryAfter).toBe(3_000);
  });
});
