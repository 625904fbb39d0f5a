import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../object/index.ts";
import type { AdmissionRequest } from "./review.ts";
import { changeIn, userEntries } from "./user-entry.ts";

const VERBS = ["list", "watch"];
const MAPS = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true, verbs: VERBS };
const OPTIONS = {
  ...{ installation: "i", reach: { url: "https://192.0.2.1" }, caBundle: "", kyverno: false, mustAnswer: () => true },
  ...{ owner: undefined, namespace: "own", leftAlone: ["own", "kube-system"], ownUser: "us", secret: "s" },
};
const OBJECT: KubernetesObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "shop" } };

describe("the entry for users", () => {
  it("asks about marked objects of what is generated, but for what we write, and is never waited for", () => {
    expect(userEntries([MAPS], OPTIONS)).toMatchObject([
      {
        clientConfig: { url: "https://192.0.2.1/users/s" },
        ...{ failurePolicy: "Ignore", sideEffects: "None", timeoutSeconds: 1 },
        rules: [{ resources: ["configmaps"], operations: ["DELETE", "UPDATE"] }],
        namespaceSelector: { matchExpressions: [{ operator: "NotIn", values: ["kube-system", "own"] }] },
        objectSelector: { matchExpressions: [{ key: "perennial.dev/target", operator: "Exists" }] },
        matchConditions: [{ expression: 'request.userInfo.username != "us"' }],
      },
    ]);
  });

  it("is none where nothing is generated", () => expect(userEntries([], OPTIONS)).toEqual([]));
});

describe("a change", () => {
  const request: AdmissionRequest = {
    ...{ uid: "1", operation: "UPDATE", object: OBJECT, oldObject: OBJECT },
    fields: { userInfo: { username: "eve" } },
  };

  it.each<[what: string, request: AdmissionRequest, user: string | undefined]>([
    ["of an object", request, "eve"],
    ["that deletes it", { ...request, operation: "DELETE", object: undefined }, "eve"],
    ["that is only tried", { ...request, fields: { ...request.fields, dryRun: true } }, undefined],
    ["of which nobody says whose it is", { ...request, fields: {} }, undefined],
  ])("%s", (_what, found, user) => expect(changeIn(found)?.user).toBe(user));
});
