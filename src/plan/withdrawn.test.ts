import { describe, expect, it } from "vitest";
import {
  asJson,
  builtInSchema,
  type Json,
  type JsonObject,
  type KubernetesObject,
  strategicMerge,
} from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { Application } from "./mutation-sharing.ts";
import { ownedWithout, withdrawnFields } from "./withdrawn.ts";

const POD = builtInSchema({ group: "", kind: "Pod" });

function pod(spec: JsonObject): KubernetesObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec };
}

function making(change: (object: KubernetesObject) => KubernetesObject): Application {
  return { key: "k" as ClaimKey, part: undefined, mutate: (object) => ({ ok: true, object: change(object) }) }; // of one claim
}

function merging(patch: JsonObject): Application {
  return making((object) => {
    const merged = strategicMerge(asJson(object), patch, { schema: POD });
    if (!merged.ok) throw new Error(merged.message);
    return merged.value as KubernetesObject; // still one
  });
}

/** As the anchor `(name): "*"` does: whatever containers there are. */
const PULLING = making((object) => {
  const { containers } = object.spec as { containers: JsonObject[] };
  return pod({ containers: containers.map((container) => ({ ...container, imagePullPolicy: "Always" })) });
});

const SIDECAR = { name: "s", image: "side" };
const C = 'k:{"name":"c"}';
const S = 'k:{"name":"s"}';

function containers(elements: JsonObject): JsonObject {
  return { "f:spec": { "f:containers": elements } };
}

const PULLED = containers({ [C]: { ".": {}, "f:name": {}, "f:imagePullPolicy": {} } });
const BESIDE = containers({ [S]: { ".": {}, "f:name": {}, "f:image": {} } });
const both = (...list: Json[]): KubernetesObject => pod({ containers: list });
const SECRETS = { "f:spec": { "f:imagePullSecrets": { 'k:{"name":"registry"}': { ".": {}, "f:name": {} } } } };
const FINALIZERS = { "f:metadata": { "f:finalizers": { 'v:"a"': {} } } };

describe("what a rule set and does not set any more", () => {
  it.each<[string, KubernetesObject, JsonObject, Application, string[]]>([
    [
      "nothing of an element that it finds and changes",
      both({ name: "c", image: "i", imagePullPolicy: "Always" }),
      PULLED,
      PULLING,
      [],
    ],
    [
      "a field of an element that is there without it, and its hold on the element",
      both({ name: "c", image: "i", imagePullPolicy: "Always" }),
      PULLED,
      merging({}),
      [`f:spec f:containers ${C} f:imagePullPolicy`, `f:spec f:containers ${C}`],
    ],
    [
      "nothing of an element that it adds",
      both({ name: "c" }, SIDECAR),
      BESIDE,
      merging({ spec: { containers: [SIDECAR] } }),
      [],
    ],
    [
      "an element that it added, with the defaults that it got",
      both({ name: "c" }, { ...SIDECAR, imagePullPolicy: "Always" }),
      BESIDE,
      merging({}),
      [`f:spec f:containers ${S} f:image`, `f:spec f:containers ${S}`],
    ],
    [
      "one field of an element that it adds",
      both({ name: "c" }, { ...SIDECAR, tty: true }),
      containers({ [S]: { ".": {}, "f:name": {}, "f:image": {}, "f:tty": {} } }),
      merging({ spec: { containers: [SIDECAR] } }),
      [`f:spec f:containers ${S} f:tty`],
    ],
    [
      "nothing of an element that is but its name",
      pod({ imagePullSecrets: [{ name: "registry" }] }),
      SECRETS,
      merging({ spec: { imagePullSecrets: [{ name: "registry" }] } }),
      [],
    ],
    [
      "an element that is but its name",
      pod({ imagePullSecrets: [{ name: "registry" }] }),
      SECRETS,
      merging({}),
      ['f:spec f:imagePullSecrets k:{"name":"registry"}'],
    ],
    [
      "a value of a set",
      { ...pod({}), metadata: { name: "p", finalizers: ["a", "b"] } },
      FINALIZERS,
      merging({ metadata: { finalizers: ["b"] } }),
      ['f:metadata f:finalizers v:"a"'],
    ],
    [
      "nothing where it sets now one, now another",
      pod({ hostname: "a" }),
      { "f:spec": { "f:hostname": {} } },
      making((object) => ((object.spec as JsonObject).hostname === undefined ? pod({ hostname: "a" }) : object)),
      [],
    ],
  ])("is %s", (_what, object, owned, application, left) => {
    const found = withdrawnFields(object, owned, [application]);
    expect(found.map((path) => path.join(" "))).toEqual(left);
  });

  it("is nothing where the rule cannot be asked", () => {
    const failing: Application = { ...PULLING, mutate: () => ({ ok: false, reason: "ExpressionFailed", message: "" }) };
    expect(withdrawnFields(both({ name: "c", imagePullPolicy: "Always" }), PULLED, [failing])).toEqual([]);
  });

  it("is left out of what is owned", () => {
    const owned = { "f:metadata": { "f:labels": { "f:a": {}, "f:b": {} } }, ...SECRETS };
    expect(ownedWithout(owned, [["f:metadata", "f:labels", "f:a"]])).toEqual({
      "f:metadata": { "f:labels": { "f:b": {} } },
      ...SECRETS,
    });
    expect(ownedWithout(SECRETS, [["f:spec", "f:imagePullSecrets", 'k:{"name":"registry"}']])).toEqual({});
  });
});
