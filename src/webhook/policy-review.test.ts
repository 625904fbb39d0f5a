import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../object/index.ts";
import { createCatalogue } from "../state/index.ts";
import { judgePolicy, type PolicyJudgementOptions } from "./policy-review.ts";
import type { AdmissionAnswer } from "./review.ts";

const OPTIONS: PolicyJudgementOptions = { served: createCatalogue(), whySuspended: () => undefined };

type Rule = { [field: string]: unknown };

const GOOD: Rule = {
  name: "settings",
  match: { any: [{ resources: { kinds: ["Namespace"] } }] },
  generate: {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: "settings",
    namespace: "{{ request.object.metadata.name }}",
    data: { data: { a: "1" } },
  },
};

function policy(rule: Rule, metadata = {}, apiVersion = "perennial.dev/v1"): KubernetesObject {
  // as the API server sends one
  return {
    apiVersion,
    kind: "ClusterPolicy",
    metadata: { name: "p", ...metadata },
    spec: { rules: [rule] },
  } as unknown as KubernetesObject;
}

function review(object: KubernetesObject, oldObject?: KubernetesObject, options = OPTIONS): AdmissionAnswer {
  const operation = oldObject === undefined ? "CREATE" : "UPDATE";
  return judgePolicy({ uid: "1", operation, object, oldObject, fields: {} }, options).answer;
}

const BAD: Rule = { ...GOOD, preconditions: [{ key: "{{ nothing }}", operator: "Equals", value: "{{ f( }}" }] };

describe("the review of a policy", () => {
  it("refuses with every issue at once", () => {
    const answer = review(policy(BAD));
    expect(answer.allowed ? "" : answer.message).toMatch(
      /spec\.rules\[0\]\.preconditions\[0\]\.key.*\nspec\.rules\[0\]\.preconditions\[0\]\.value/,
    );
  });

  it.each<[string, AdmissionAnswer]>([
    ["whose spec stays as it was stored", review(policy(BAD, { labels: { a: "b" } }), policy(BAD))],
    ["that is being deleted", review(policy(BAD, { deletionTimestamp: "2026-01-01T00:00:00Z" }), policy(GOOD))],
    [
      "of kyverno.io while Kyverno is alive",
      review(policy(BAD, {}, "kyverno.io/v1"), undefined, { ...OPTIONS, whySuspended: () => "Kyverno is alive" }),
    ],
  ])("lets pass a bad one %s", (_case, answer) => {
    expect(answer).toEqual({ allowed: true, warnings: [] });
  });

  it("refuses an edit that makes it bad", () => {
    expect(review(policy(BAD), policy(GOOD)).allowed).toBe(false);
  });

  it("warns of kinds that are not served", () => {
    expect(review(policy(GOOD)).warnings.join()).toContain("does not serve the kind Namespace (spec.rules[0].match)");
  });

  it.each<[string, Rule, string]>([
    [
      "In",
      { preconditions: { all: [{ key: "{{ request.name }}", operator: "In", value: ["a"] }] } },
      "spec.rules[0].preconditions.all[0].operator: In means one thing for a list and another for a single value: write AnyIn or AllIn",
    ],
    [
      "a clone whose name is an expression",
      {
        generate: {
          apiVersion: "v1",
          kind: "Secret",
          name: "s",
          namespace: "x",
          clone: { namespace: "y", name: "{{ request.name }}" },
        },
      },
      "spec.rules[0].generate.clone.name: it is known only when there is a trigger",
    ],
  ])("warns of %s", (_case, more, warning) => {
    expect(review(policy({ ...GOOD, ...more })).warnings.join("\n")).toContain(warning);
  });

  it("says nothing of label selectors, and of content that looks like a condition", () => {
    const selector = { matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] };
    const match = { any: [{ resources: { kinds: ["Namespace"], selector } }] };
    const data = { data: { key: "a", operator: "In" } };
    const said = review(policy({ ...GOOD, match, generate: { ...(GOOD.generate as object), data } })).warnings;
    expect(said.filter((warning) => warning.includes("means one thing"))).toEqual([]);
  });
});
