/** Mutate rules about what is sent to subresources: what the API server is asked for, and which requests each of them means. */

import { describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject, Resource } from "../object/index.ts";
import { type AnyPolicy, parsePolicy } from "../policy/index.ts";
import { type CompiledPolicy, compilePolicy, isUrlNeed, type Snapshot } from "../rule/index.ts";
import { mutationConfiguration } from "./mutation-configuration.ts";
import { reviewMutation } from "./mutation-review.ts";

const VERBS = ["list", "watch"];
const PART = ["get", "patch", "update"];
const KINDS: Resource[] = [
  {
    ...{ group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true, verbs: VERBS },
    subresources: [
      { group: "autoscaling", version: "v1", kind: "Scale", name: "scale", verbs: PART },
      { group: "apps", version: "v1", kind: "Deployment", name: "status", verbs: PART },
    ],
  },
  {
    ...{ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs: VERBS },
    subresources: [
      { group: "policy", version: "v1", kind: "Eviction", name: "eviction", verbs: ["create"] },
      { group: "", version: "v1", kind: "PodExecOptions", name: "exec", verbs: ["create", "get"] },
    ],
  },
];

function compile(...filters: JsonObject[]) {
  const rules = filters.map((resources, i) => ({
    name: `r${i}`,
    match: { any: [{ resources }] },
    mutate: { patchStrategicMerge: { metadata: { labels: { [`r${i}`]: "yes" } } } },
  }));
  const parsed = parsePolicy({
    ...{ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "p" } },
    spec: { rules },
  });
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  return compilePolicy(parsed.policy as AnyPolicy, { find: () => KINDS[0], all: () => KINDS });
}

function policy(...filters: JsonObject[]): CompiledPolicy {
  const compiled = compile(...filters);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.policy;
}

describe("the configuration for mutation", () => {
  it("names the subresources that rules name, and no others", () => {
    const configuration = mutationConfiguration({
      ...{ installation: "i", reach: { url: "https://192.0.2.1" }, caBundle: "PEM", kyverno: false, owner: undefined },
      ...{ mustAnswer: () => true, leftAlone: [], namespace: "own", ownUser: "us", secret: "s", written: new Set() },
      policies: [
        policy({ kinds: ["Deployment/scale", "Deployment"] }, { kinds: ["Pod/eviction"], operations: ["CREATE"] }),
      ],
    });
    const [webhook] = (configuration?.object.webhooks ?? []) as JsonObject[];
    const both = { operations: ["CREATE", "UPDATE"], apiVersions: ["v1"], scope: "Namespaced" };
    expect(webhook?.rules).toEqual([
      { ...both, apiGroups: [""], operations: ["CREATE"], resources: ["pods/eviction"] },
      { ...both, apiGroups: ["apps"], resources: ["deployments", "deployments/scale"] },
    ]);
  });
});

describe("a request", () => {
  const SCALE: KubernetesObject = {
    ...{ apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "web", namespace: "shop" } },
    spec: { replicas: 1 },
  };
  const DEPLOYMENT: KubernetesObject = { apiVersion: "apps/v1", kind: "Deployment", metadata: SCALE.metadata };

  function labelsOf(object: KubernetesObject, subResource: string, ...filters: JsonObject[]): string[] {
    const resource = { group: "apps", version: "v1", resource: "deployments" };
    const fields = { resource, ...(subResource === "" ? {} : { subResource }), name: "web", namespace: "shop" };
    const snapshot = { unknown: undefined, open: [] } as unknown as Snapshot & { unknown: undefined; open: [] }; // not asked
    const answer = reviewMutation(
      { uid: "1", operation: "UPDATE", object, oldObject: object, fields },
      { policies: [policy(...filters)], namespaceLabels: () => undefined, snapshot: () => snapshot, elapsed: () => 0 },
    );
    const text = JSON.stringify("patch" in answer ? answer.patch : []);
    return [...new Set(text.match(/r\d/g) ?? [])];
  }

  const RULES = [{ kinds: ["Deployment"] }, { kinds: ["Deployment/scale"] }, { kinds: ["Deployment/*"] }];

  it.each<[what: string, object: KubernetesObject, subresource: string, rules: string[]]>([
    ["an object itself", DEPLOYMENT, "", ["r0"]],
    ["its scale", SCALE, "scale", ["r1", "r2"]],
    ["its status", DEPLOYMENT, "status", ["r2"]],
  ])("to %s is changed by the rules that name it", (_what, object, subresource, rules) => {
    expect(labelsOf(object, subresource, ...RULES)).toEqual(rules);
  });

  it("is matched by the name that it is sent to", () => {
    const nameless = { ...SCALE, metadata: {} } as KubernetesObject; // as some are sent
    expect(labelsOf(nameless, "scale", { kinds: ["Deployment/scale"], names: ["web"] })).toEqual(["r0"]);
    expect(labelsOf(nameless, "scale", { kinds: ["Deployment/scale"], names: ["other"] })).toEqual([]);
  });
});

describe("a mutate rule", () => {
  it("takes what its author needs to send the same", () => {
    const compiled = compile({ kinds: ["Deployment/scale"] });
    const needs = (compiled.ok ? compiled.needs : []).flatMap((need) =>
      isUrlNeed(need) ? [] : [`${need.verbs.join(",")} ${need.resource}`],
    );
    expect(needs).toEqual(["list deployments", "get,patch deployments/scale"]);
  });

  it("does not change what is sent to connect", () => {
    const compiled = compile({ kinds: ["Pod/exec"], operations: ["CONNECT"] });
    expect(compiled.ok ? [] : compiled.issues.map(({ code, value }) => [code, value])).toEqual([
      ["UnsupportedField", "CONNECT"],
    ]);
  });

  it("waits for a subresource that nobody serves", () => {
    expect(policy({ kinds: ["Pod/scale"] }).unknownKinds).toEqual(["Pod/scale (spec.rules[0].match)"]);
    expect(policy({ kinds: ["Pod/eviction"] }).unknownKinds).toEqual([]);
  });
});
