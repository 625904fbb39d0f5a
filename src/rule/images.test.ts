import { describe, expect, it } from "vitest";
import type { Json, KubernetesObject } from "../object/index.ts";
import { dataOf, desiredBy, issuesOf, making, TRIGGER } from "./language.fixture.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const SPEC = {
  initContainers: [{ name: "init", image: "busybox" }],
  containers: [
    { name: "web", image: `registry.example.com:5000/shop/web:1.2@${DIGEST}` },
    { name: "pinned", image: `nginx@${DIGEST}` },
    { name: "odd", image: "No Image" },
  ],
};

function made(apiVersion: string, kind: string, spec: object): KubernetesObject {
  return { apiVersion, kind, metadata: { name: "a", namespace: "shop" }, spec: spec as Json };
}

function outcome(text: string, trigger: KubernetesObject): Json {
  const match = { any: [{ resources: { kinds: [trigger.kind] } }] };
  return dataOf(desiredBy(making({ x: text }, { match }), { trigger }));
}

const POD = made("v1", "Pod", SPEC);

describe("the images of a Pod", () => {
  it.each<[expression: string, value: Json]>([
    ["images.initContainers.init.[registry, path, name, tag]", ["docker.io", "busybox", "busybox", "latest"]],
    ["images.containers.web.[registry, path, name, tag]", ["registry.example.com:5000", "shop/web", "web", "1.2"]],
    ["images.containers.web.digest", DIGEST],
    ["images.containers.web.reference", `registry.example.com:5000/shop/web@${DIGEST}`],
    ["images.containers.web.referenceWithTag", "registry.example.com:5000/shop/web:1.2"],
    ["images.containers.pinned.jsonPointer", "/spec/containers/1/image"],
    ["images.containers.*.name", ["nginx", "web"]],
    ["images.[containers, initContainers, ephemeralContainers][].*.registry[] | length(@)", 3],
  ])("have %s", (expression, value) => {
    expect(outcome(`{{ ${expression} }}`, POD)).toEqual({ x: value });
  });

  it.each(["images.ephemeralContainers", "images.containers.pinned.tag", "images.containers.odd"])(
    "do not have %s, which is an error",
    (expression) => {
      expect(outcome(`{{ ${expression} }}`, POD)).toMatch(/^ExpressionFailed: /);
    },
  );
});

describe("the images of what makes Pods", () => {
  const template = { template: { spec: SPEC } };

  it.each<[apiVersion: string, kind: string, spec: object, pointer: string]>([
    ["apps/v1", "Deployment", template, "/spec/template/spec/containers/0/image"],
    ["apps/v1", "StatefulSet", template, "/spec/template/spec/containers/0/image"],
    ["batch/v1", "Job", template, "/spec/template/spec/containers/0/image"],
    [
      ...(["batch/v1", "CronJob", { jobTemplate: { spec: template } }] as const),
      "/spec/jobTemplate/spec/template/spec/containers/0/image",
    ],
    ["v1", "ReplicationController", template, "/spec/template/spec/containers/0/image"],
  ])("are those of %s %s", (apiVersion, kind, spec, pointer) => {
    expect(outcome("{{ images.containers.web.jsonPointer }}", made(apiVersion, kind, spec))).toEqual({ x: pointer });
  });
});

it("A trigger that has no images has no such root, which is no mistake of the policy", () => {
  const rule = making({ x: "{{ images.containers.web.tag || 'none' }}" });
  expect(issuesOf(rule)).toEqual([]);
  expect(dataOf(desiredBy(rule, { trigger: TRIGGER }))).toEqual({ x: "none" });
  expect(dataOf(desiredBy(making({ x: "{{ images.containers }}" }), { trigger: TRIGGER }))).toMatch(
    /^ExpressionFailed/,
  );
});
