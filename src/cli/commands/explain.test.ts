import { describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../../object/index.ts";
import { InputError } from "../input-error.ts";
import { fileOf, infoRule, labelRule, namespaceOf, objectOf, policyOf } from "../plan.fixture.ts";
import { explainFiles } from "./explain.ts";

const OPTIONS = { installation: "perennial-system", now: new Date("2026-01-01T00:00:00Z") };

type Objects = (JsonObject | KubernetesObject)[];

function explain(resource: string, ...objects: Objects): { text: string; applies: boolean } {
  return explainFiles([fileOf(...objects)], { policy: "p", resource }, OPTIONS);
}

describe("perennial explain", () => {
  it("says of a rule that applies what holds, and what it makes", () => {
    const { text, applies } = explain("namespace/shop", policyOf("p", infoRule()), namespaceOf("shop"));
    expect(applies).toBe(true);
    expect(text).toBe(`ClusterPolicy p, Namespace shop

rule info applies
  match.any[0] holds
    yes  kinds
    yes  selector
  then
  + create ConfigMap shop/info
      rule info, for Namespace shop: it does not exist
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: info
        namespace: shop
      data:
        team: checkout
`);
  });

  it("says of a rule that does not match every part that does not hold, in every filter", () => {
    const filters = [
      { resources: { kinds: ["Pod"], names: ["a*"] } },
      { resources: { kinds: ["Namespace"], selector: { matchLabels: { team: "x" } } } },
    ];
    const { text, applies } = explain(
      "namespace/shop",
      policyOf("p", infoRule({ match: { any: filters } })),
      namespaceOf("shop"),
    );
    expect(applies).toBe(false);
    expect(text).toContain("rule info does not apply: Namespace shop is not selected: its kind is none of Pod; ");
    expect(text).toContain(`  match.any[0] does not hold
    no   kinds: its kind is none of Pod
    no   names: its name is none of a*
  match.any[1] does not hold
    yes  kinds
    no   selector: its labels do not satisfy team=x
`);
  });

  it("says which filter of exclude leaves an object out", () => {
    const exclude = { any: [{ resources: { names: ["x"] } }, { resources: { names: ["shop"] } }] };
    const { text } = explain("namespaces/shop", policyOf("p", infoRule({ exclude })), namespaceOf("shop"));
    expect(text).toContain("  exclude.any[0] does not hold\n    no   names: its name is none of x\n");
    expect(text).toContain("  exclude.any[1] holds: it is left out\n    yes  names\n");
  });

  it("shows what each precondition compares, those that no longer matter too", () => {
    const key = "{{ request.object.metadata.labels.team }}";
    const preconditions = {
      any: [{ key, operator: "AnyIn", value: ["a", "b"] }],
      all: [
        { key, operator: "Equals", value: "checkout" },
        { key: "{{ request.object.metadata.labels.none }}", operator: "Equals", value: 1 },
      ],
    };
    const { text } = explain("namespace/shop", policyOf("p", infoRule({ preconditions })), namespaceOf("shop"));
    expect(text).toContain("rule info does not apply: spec.rules[0].preconditions.any[0] (AnyIn) does not hold\n");
    expect(text).toContain(`    no   spec.rules[0].preconditions.any[0]: "checkout" AnyIn ["a","b"]\n`);
    expect(text).toContain(`    yes  spec.rules[0].preconditions.all[0]: "checkout" Equals "checkout"\n`);
    expect(text).toMatch(/ {4}no {3}spec.rules\[0\].preconditions.all\[1\]: .*none/);
  });

  it("agrees with the plan about what Perennial made, and about system namespaces", () => {
    const policy = policyOf("p", infoRule());
    const system = namespaceOf("kube-system");
    expect(explain("namespace/kube-system", policy, system).text).toContain(
      "rule info does not apply: Namespace kube-system is not selected: kube-system is a system namespace",
    );
  });

  it("says what is failing", () => {
    const rule = infoRule({ match: { any: [{ resources: { kinds: ["Namespace"] } }] } });
    const { text, applies } = explain("namespace/shop", policyOf("p", rule), namespaceOf("shop", {}));
    expect(applies).toBe(false);
    expect(text).toMatch(/rule info does not apply: spec.rules\[0\].generate.*team/);
    expect(text).toContain("  ! fail   rule info, for Namespace shop: ExpressionFailed: ");
  });

  it("tells that the labels of a namespace are not known, where a rule asks for them", () => {
    const filter = { kinds: ["Pod"], namespaceSelector: { matchLabels: { team: "x" } } };
    const policy = policyOf("p", infoRule({ match: { any: [{ resources: filter }] } }));
    const pod = objectOf("v1", "Pod", "web");
    const note = "note: Namespace shop is not in the files, so it has no labels here, which a rule asks for";
    expect(explain("pod/shop/web", policy, pod).text).toContain(note);
    expect(explain("pod/web", policy, pod, namespaceOf("shop")).text).not.toContain(note);
  });

  it("keeps the content of Secrets to itself", () => {
    const preconditions = [
      { key: "{{ request.object.data.key | base64_decode(@) }}", operator: "Equals", value: "other" },
      { key: "{{ length(request.object.data.key) }}", operator: "Equals", value: 16 },
    ];
    const rule = infoRule(
      { match: { any: [{ resources: { kinds: ["Secret"] } }] }, preconditions },
      { namespace: "shop", data: { data: {} } },
    );
    const secret = objectOf("v1", "Secret", "pull", { data: { key: "c2VjcmV0LXZhbHVl" } });
    const { text } = explain("secret/shop/pull", policyOf("p", rule), secret);
    expect(text).toContain("    no   spec.rules[0].preconditions[0]: (masked) Equals (masked)\n");
    expect(text).toContain("    yes  spec.rules[0].preconditions[1]: (masked) Equals (masked)\n");
    expect(text).not.toMatch(/c2VjcmV0|secret-value|16/);
  });

  it("shows what context gives, and hides what comes from a Secret or is made of it", () => {
    const context = [
      { name: "settings", configMap: { name: "settings", namespace: "shop" } },
      { name: "key", apiCall: { urlPath: "/api/v1/namespaces/shop/secrets/pull", jmesPath: "data.key" } },
      { name: "size", variable: { value: "{{ key }}", jmesPath: "length(@)" } },
      { name: "missing", configMap: { name: "missing", namespace: "shop" } },
    ];
    const preconditions = [{ key: "{{ size }}", operator: "GreaterThan", value: 1 }];
    const { text } = explain(
      "namespace/shop",
      policyOf("p", infoRule({ context, preconditions })),
      namespaceOf("shop"),
      objectOf("v1", "ConfigMap", "settings", { data: { a: "b" } }),
      objectOf("v1", "Secret", "pull", { data: { key: "c2VjcmV0LXZhbHVl" } }),
    );
    expect(text).toMatch(/^ {4}yes {2}settings = \{"data":\{"a":"b"\}/m);
    expect(text).toContain("    yes  key = (masked)\n    yes  size = (masked)\n");
    expect(text).toMatch(/^ {4}no {3}missing: .*ConfigMap shop\/missing does not exist/m);
    expect(text).toContain("    yes  spec.rules[0].preconditions[0]: (masked) GreaterThan (masked)\n");
    expect(text).not.toMatch(/c2VjcmV0|16/);
  });

  it.each<[string, string, RegExp]>([
    ["q", "namespace/shop", /^there is no policy q in the files; there is p$/],
    ["p", "namespace/bank", /^there is no namespace\/bank in the files: add it to the files, or correct the name$/],
    ["p", "thing/bank", /^no kind thing is known here: add it/],
    ["p", "shop", /^shop names no object: write kind\/name or kind\/namespace\/name/],
  ])("does not know %s %s, and says what it knows", (policy, resource, problem) => {
    const files = [fileOf(policyOf("p", infoRule()), namespaceOf("shop"))];
    try {
      explainFiles(files, { policy, resource }, OPTIONS);
      expect.fail("it was explained");
    } catch (error) {
      expect(error instanceof InputError ? error.problems : [String(error)]).toEqual([expect.stringMatching(problem)]);
    }
  });
});

describe("perennial explain of mutate rules", () => {
  it("says what holds, and what each changes", () => {
    const preconditions = [{ key: "{{ request.object.metadata.name }}", operator: "Equals", value: "s*" }];
    const rule = labelRule({ tier: "gold" }, { preconditions });
    const { text, applies } = explain("namespace/shop", policyOf("p", rule), namespaceOf("shop"));
    expect(applies).toBe(true);
    expect(text).toBe(`ClusterPolicy p, Namespace shop

rule label applies
  match.any[0] holds
    yes  kinds
    yes  selector
  preconditions
    yes  spec.rules[0].preconditions[0]: "shop" Equals "s*"
  then
      + /metadata/labels/tier: "gold"
`);
  });

  it("says why nothing changes", () => {
    const { text, applies } = explain(
      "namespace/shop",
      policyOf("p", labelRule({ team: "checkout" })),
      namespaceOf("shop"),
    );
    expect(applies).toBe(false);
    expect(text).toContain("rule label does not apply: it is already as the rule wants it");
  });

  it("tells of what is made for pod controllers where the object is one", () => {
    const match = { any: [{ resources: { kinds: ["Pod"] } }] };
    const rule = labelRule({}, { match, mutate: { patchStrategicMerge: { spec: { x: 1 } } } });
    const deployment = objectOf("apps/v1", "Deployment", "web", { spec: { template: { spec: {} } } });
    const { text } = explain("deployment/web", policyOf("p", rule), deployment);
    expect(text).toContain("rule label does not apply: its kind is none of Pod");
    expect(text).toContain("rule autogen-label applies");
    expect(text).not.toContain("autogen-cronjob-label");
  });

  it("shows nothing of a Secret that is read, beside rules that generate", () => {
    const context = [{ name: "s", apiCall: { urlPath: "/api/v1/namespaces/shop/secrets/s", jmesPath: "data.a" } }];
    const preconditions = [{ key: "{{ s }}", operator: "Equals", value: "x" }];
    const rules = [infoRule(), labelRule({ tier: "gold" }, { context, preconditions })];
    const secret = objectOf("v1", "Secret", "s", { data: { a: "abc" } });
    const { text } = explain("namespace/shop", policyOf("p", ...rules), namespaceOf("shop"), secret);
    expect(text).toContain("(masked) Equals (masked)");
    expect(text).not.toContain("abc");
  });
});
