import { describe, expect, it } from "vitest";
import { triggerBindings } from "./trigger-bindings.ts";

describe("request, of a trigger at rest", () => {
  it.each([
    [
      "an object in a namespace",
      { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "shop" } },
      "shop",
    ],
    ["an object in no namespace", { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } }, ""],
    [
      "a Namespace, as the API server says it",
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
      "shop",
    ],
    ["another kind of that name", { apiVersion: "x.io/v1", kind: "Namespace", metadata: { name: "shop" } }, ""],
  ])("has the namespace of %s", (_what, trigger, namespace) => {
    expect(triggerBindings(trigger)).toMatchObject({ request: { namespace, name: trigger.metadata.name } });
  });

  it("is a creation that nobody is known to have asked for", () => {
    const trigger = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "shop" } };
    expect(triggerBindings(trigger)).toEqual({
      request: {
        ...{ name: "web", namespace: "shop", operation: "CREATE", userInfo: {} },
        ...{ kind: { group: "apps", version: "v1", kind: "Deployment" }, object: trigger, oldObject: null },
      },
      ...{ serviceAccountName: "", serviceAccountNamespace: "" },
      images: expect.anything(),
    });
  });
});
