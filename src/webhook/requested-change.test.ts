import { describe, expect, it } from "vitest";
import type { JsonObject } from "../object/index.ts";
import { requestedChange } from "./requested-change.ts";
import { readReview } from "./review.ts";

const EXEC: JsonObject = {
  uid: "u-1",
  resource: { group: "", version: "v1", resource: "pods" },
  subResource: "exec",
  name: "web",
  namespace: "shop",
  operation: "CONNECT",
  userInfo: { username: "alice" },
  object: { apiVersion: "v1", kind: "PodExecOptions", command: ["ls"] },
  oldObject: null,
  dryRun: false,
};
const SCALE = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "web", namespace: "shop", uid: "s" } };

function changeOf(request: JsonObject) {
  const read = readReview({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
  if ("problem" in read) throw new Error(read.problem);
  return requestedChange(read.request);
}

describe("a request as a change", () => {
  it("has what it was sent to as its trigger, and what was sent as it came", () => {
    expect(changeOf(EXEC)).toEqual({
      operation: "CONNECT",
      oldObject: undefined,
      trigger: {
        ...{ apiVersion: "v1", kind: "PodExecOptions", command: ["ls"] },
        metadata: { name: "web", namespace: "shop" },
      },
      request: EXEC,
      asked: { group: "", version: "v1", plural: "pods", subresource: "exec" },
    });
  });

  it("keeps the metadata of what has some", () => {
    const resource = { group: "apps", version: "v1", resource: "deployments" };
    const request = { ...EXEC, resource, subResource: "scale", operation: "UPDATE", object: SCALE, oldObject: SCALE };
    expect(changeOf(request)).toMatchObject({ trigger: SCALE, oldObject: SCALE, request: { object: SCALE } });
  });

  it("has no managedFields, which are most of what would be kept, and say nothing to rules", () => {
    const object = { ...SCALE, metadata: { ...SCALE.metadata, managedFields: [{ manager: "kubectl" }] } };
    const request = { ...EXEC, operation: "UPDATE", object, oldObject: object };
    const change = changeOf(request);
    expect([change?.trigger, change?.oldObject, change?.request.object, change?.request.oldObject]).toEqual(
      Array.from({ length: 4 }, () => SCALE),
    );
  });

  it("has what is deleted as object and old object", () => {
    const request = { ...EXEC, operation: "DELETE", object: null, oldObject: SCALE };
    expect(changeOf(request)).toMatchObject({ trigger: SCALE, request: { object: SCALE, oldObject: SCALE } });
  });

  it("does not put a Namespace into itself, nor what lies in none into one", () => {
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
    const finalize = { ...EXEC, operation: "UPDATE", name: "shop", namespace: "shop", object };
    expect(changeOf(finalize)?.trigger.metadata).toEqual({ name: "shop" });
    const { namespace: _namespace, ...proxy } = EXEC;
    expect(changeOf({ ...proxy, name: "node-1" })?.trigger.metadata).toEqual({ name: "node-1" });
  });

  it.each<[what: string, request: JsonObject]>([
    ["a dry run", { ...EXEC, dryRun: true }],
    ["nothing that is sent", { ...EXEC, object: null }],
    ["a request that does not say to what", { ...EXEC, resource: null }],
  ])("is none for %s", (_what, request) => {
    expect(changeOf(request)).toBeUndefined();
  });
});
