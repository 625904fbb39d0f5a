import { describe, expect, it } from "vitest";
import type { JsonObject } from "../object/index.ts";
import { type ForeignPolicy, parseForeignPolicy } from "./kyverno-in-place.ts";

const MATCH = { any: [{ resources: { kinds: ["Namespace"] } }] };
const GENERATE = { apiVersion: "v1", kind: "ConfigMap", name: "x", namespace: "shop", data: { data: {} } };
const RULE = { name: "r", match: MATCH, generate: { ...GENERATE, generateExisting: true } };

const MUTATION = { name: "m", match: MATCH, mutate: { patchStrategicMerge: { metadata: { labels: { a: "b" } } } } };

function parse(spec: JsonObject, metadata: JsonObject = {}): ForeignPolicy {
  const object = { apiVersion: "kyverno.io/v1", kind: "ClusterPolicy", metadata: { name: "p", ...metadata }, spec };
  return parseForeignPolicy(object);
}

/** The policy that it stands for; fails where there is none. */
function meant({ parsed }: ForeignPolicy) {
  if (parsed === undefined || "issues" in parsed) return expect.fail(JSON.stringify(parsed));
  return parsed.policy;
}

function ruleWith(field: "match" | "exclude", resources: JsonObject): JsonObject {
  return { ...RULE, [field]: { any: [{ resources }] } };
}

describe("a policy of kyverno.io that is served in place", () => {
  it("means what that group means by absent fields, and has no prune limit", () => {
    const { metadata, spec } = meant(parse({ rules: [RULE] }, { creationTimestamp: "2026-01-01T00:00:00Z" }));
    expect(spec).toEqual({
      pruneLimit: -1,
      rules: [{ ...RULE, generate: { ...RULE.generate, synchronize: false, orphanDownstreamOnPolicyDelete: false } }],
    });
    expect(metadata.creationTimestamp).toBe("2026-01-01T00:00:00Z");
  });

  it("keeps what it copies when it is deleted, also in foreach", () => {
    const clone = { namespace: "a", name: "b" };
    const { data: _data, ...target } = GENERATE;
    const entry = { list: "request.object.spec", ...target, clone };
    const rules = [{ ...RULE, generate: { generateExisting: true, foreach: [entry] } }];
    expect(meant(parse({ rules })).spec.rules[0]?.generate?.orphanDownstreamOnPolicyDelete).toBe(true);
  });

  it("that only generates has what is about requests, and what clusters write out, left away", () => {
    const rules = [{ ...RULE, skipBackgroundRequests: true }];
    const written = { failurePolicy: "Fail", admission: true, background: false, validationFailureAction: "Audit" };
    const { spec } = meant(parse({ ...written, webhookConfiguration: {}, rules }));
    expect(new Set(Object.keys(spec))).toEqual(new Set(["pruneLimit", "rules"]));
  });

  it("that mutates says itself how requests are asked about", () => {
    const settings = {
      ...{ failurePolicy: "Ignore", emitWarning: true, applyRules: "One" },
      webhookConfiguration: { timeoutSeconds: 3, matchConditions: [{ name: "a", expression: "true" }] },
    };
    const { spec } = meant(parse({ ...settings, background: false, admission: true, rules: [MUTATION] }));
    expect(spec).toEqual({ ...settings, pruneLimit: -1, rules: [MUTATION] });
    expect(parse({ admission: false, rules: [MUTATION] }).parsed).toMatchObject({
      issues: [{ path: "spec.admission" }],
    });
  });

  it("counts its rules, and says which are not served", () => {
    const { counts, notes, isServed } = parse({
      rules: [{ name: "v", match: MATCH, validate: {} }, MUTATION, { name: "i", match: MATCH, verifyImages: [] }],
    });
    expect([counts, isServed]).toEqual([{ validate: 1, generate: 0, mutate: 1, verifyimages: 1 }, true]);
    expect(notes).toEqual([
      expect.stringMatching(/^spec.rules\[0\] is left out: .*validate/),
      expect.stringMatching(/^spec.rules\[2\] is left out: .*verifyImages/),
    ]);
    const { parsed, ...checks } = parse({ rules: [{ name: "v", match: MATCH, validate: {} }] });
    expect([parsed, checks.isServed]).toEqual([undefined, false]);
  });

  it("takes mode and paths to ignore from its annotations; what is not served is refused", () => {
    expect(meant(parse({ rules: [RULE] }, { annotations: { "perennial.dev/mode": "Correct" } })).spec.mode).toBe(
      "Correct",
    );
    const { parsed } = parse({ rules: [RULE] }, { annotations: { "perennial.dev/mode": "Sometimes" } });
    expect(parsed).toMatchObject({ issues: [{ path: "spec.mode" }] });
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["none of several kinds", { kinds: ["Namespace", "Pod"] }, { kinds: ["Pod"] }],
    ["no filter by itself", { kinds: ["v1/Namespace"] }, { kinds: ["v1/Namespace"], names: ["-"] }],
  ])("has a namespaceSelector that never holds for a Namespace: %s", (_what, resources, expected) => {
    const namespaceSelector = { matchLabels: { a: "b" } };
    const isNarrowed = JSON.stringify(expected).includes("names");
    const [rule] = meant(parse({ rules: [ruleWith("match", { ...resources, namespaceSelector })] })).spec.rules;
    const wanted = isNarrowed ? expected : { ...expected, namespaceSelector };
    expect(rule?.match).toEqual({ any: [{ resources: wanted }] });
  });
});
