/** Offline tests of mutate rules. */

import { describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../object/index.ts";
import { parseDocuments } from "./documents.ts";
import { fileOf, labelRule, namespaceOf, objectOf, policyOf } from "./plan.fixture.ts";
import { splitDocuments } from "./policies.ts";
import { runTest } from "./run-test.ts";
import { parseTestFile } from "./test-file.ts";
import { readTestValues } from "./test-values.ts";

type Given = { objects: readonly (JsonObject | KubernetesObject)[]; result?: JsonObject; patched?: KubernetesObject };

function run({ objects, result = {}, patched }: Given): string {
  const file = patched === undefined ? {} : { patchedResources: "patched.yaml" };
  const expected = {
    policy: "p",
    rule: "label",
    kind: "Namespace",
    resources: ["shop"],
    result: "pass",
    ...file,
    ...result,
  };
  const parsed = parseTestFile({ metadata: { name: "t" }, results: [expected] });
  if ("problems" in parsed) return expect.fail(parsed.problems.join("\n"));
  const [outcome] = runTest({
    file: parsed.test,
    ...splitDocuments(parseDocuments([fileOf(...objects)]).documents),
    values: readTestValues([]),
    documentsOf: () => parseDocuments([fileOf(...(patched === undefined ? [] : [patched]))]).documents,
    now: new Date("2026-01-01T00:00:00Z"),
  });
  return [outcome?.outcome, ...(outcome?.message === undefined ? [] : [outcome.message])].join(": ");
}

const SHOP = namespaceOf("shop");
const POLICY = policyOf("p", labelRule({ tier: "gold" }));
const GOLD = namespaceOf("shop", { team: "checkout", tier: "gold" });
const SECOND = labelRule({ "second-{{ request.object.metadata.labels.tier }}": "yes" }, { name: "second" });
const PODS = { any: [{ resources: { kinds: ["Pod"] } }] };

describe("a test of a mutate rule", () => {
  it.each<[string, Given, string]>([
    ["passes when it changes the resource", { objects: [POLICY, SHOP] }, "passed"],
    ["passes when what comes of it is as it should be", { objects: [POLICY, SHOP], patched: GOLD }, "passed"],
    [
      "fails when something else comes of it",
      { objects: [POLICY, SHOP], patched: namespaceOf("shop", { team: "checkout", tier: "silver" }) },
      'failed: fail instead of pass: /metadata/labels/tier is "gold", and should be "silver"',
    ],
    [
      "passes when nothing should change, and nothing does",
      { objects: [POLICY, GOLD], result: { result: "skip" } },
      "passed",
    ],
    [
      "fails when nothing changes",
      { objects: [POLICY, GOLD] },
      "failed: skip instead of pass: it is already as the rule wants it",
    ],
    [
      "fails when the rule does not match",
      { objects: [POLICY, namespaceOf("shop", {})] },
      "failed: skip instead of pass: its labels do not satisfy team=?*",
    ],
    [
      "passes when the rule should fail, and does",
      {
        objects: [policyOf("p", labelRule({ a: "{{ request.object.spec.missing.x }}" })), SHOP],
        result: { result: "fail" },
      },
      "passed",
    ],
    [
      "is about all that comes of the policy, each rule seeing what those before it made",
      {
        objects: [policyOf("p", labelRule({ tier: "gold" }), SECOND), SHOP],
        patched: namespaceOf("shop", { team: "checkout", tier: "gold", "second-gold": "yes" }),
      },
      "passed",
    ],
    [
      "fails when the expected resource is another one",
      { objects: [POLICY, SHOP], patched: namespaceOf("bank") },
      "failed: fail instead of pass: Namespace shop is not among what should come of it",
    ],
  ])("%s", (_name, given, expected) => expect(run(given)).toBe(expected));

  it("stops after the first rule that changes something, where only one applies", () => {
    const rules = [labelRule({ team: "checkout" }, { name: "idle" }), labelRule({ tier: "gold" }), SECOND];
    const policy = { ...policyOf("p"), spec: { applyRules: "One", rules } };
    expect(run({ objects: [policy, SHOP], patched: GOLD })).toBe("passed");
    expect(run({ objects: [policy, SHOP], result: { rule: "second", result: "skip" } })).toBe("passed");
  });

  it("knows what a rule about Pods means for what makes Pods", () => {
    const mutate = { patchStrategicMerge: { spec: { "+(priority)": 1 } } };
    const policy = policyOf("p", labelRule({}, { match: PODS, mutate }));
    const deployment = objectOf("apps/v1", "Deployment", "web", { spec: { template: { spec: { containers: [] } } } });
    const patched = objectOf("apps/v1", "Deployment", "web", {
      spec: { template: { spec: { priority: 1, containers: [] } } },
    });
    for (const rule of ["label", "autogen-label"])
      expect(
        run({ objects: [policy, deployment], result: { kind: "Deployment", resources: ["web"], rule }, patched }),
      ).toBe("passed");
  });

  describe("about a custom resource whose definition is among the files", () => {
    const items = { type: "object", properties: { name: { type: "string" }, size: { type: "integer" } } };
    const parts = { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], items };
    const spec = { type: "object", properties: { parts } };
    const schema = { openAPIV3Schema: { type: "object", properties: { spec } } };
    const definition = objectOf("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com", {
      spec: {
        group: "example.com",
        names: { kind: "Widget", plural: "widgets" },
        scope: "Namespaced",
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    });
    const widget = (...parts: JsonObject[]) => objectOf("example.com/v1", "Widget", "w", { spec: { parts } });
    const rule = labelRule(
      {},
      {
        match: { any: [{ resources: { kinds: ["Widget"] } }] },
        mutate: { patchStrategicMerge: { spec: { parts: [{ name: "a", size: 3 }] } } },
      },
    );
    const stored = widget({ name: "a", size: 1 }, { name: "b", size: 2 });
    const result = { kind: "Widget", resources: ["w"] };

    it("merges its lists by their keys", () => {
      const patched = widget({ name: "a", size: 3 }, { name: "b", size: 2 });
      expect(run({ objects: [definition, policyOf("p", rule), stored], result, patched })).toBe("passed");
    });
  });

  it("takes a policy of kyverno.io, whenever its webhook would be called", () => {
    const spec = { background: false, failurePolicy: "Ignore", rules: [labelRule({ tier: "gold" })] };
    const policy = { ...policyOf("p"), apiVersion: "kyverno.io/v1", spec };
    expect(run({ objects: [policy, SHOP], patched: GOLD })).toBe("passed");
  });
});
