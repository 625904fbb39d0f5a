import { describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject } from "../object/index.ts";
import { convertPolicy } from "./kyverno.ts";

const MATCH = { any: [{ resources: { kinds: ["Namespace"] } }] };
const GENERATE = { apiVersion: "v1", kind: "ConfigMap", name: "x", namespace: "shop", data: { data: {} } };
const RULE = { name: "r", match: MATCH, generate: GENERATE };

function policyWith(spec: JsonObject, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: "kyverno.io/v1", kind: "ClusterPolicy", metadata: { name: "p", ...metadata }, spec };
}

function specOf(spec: JsonObject): JsonObject {
  const { policy } = convertPolicy(policyWith(spec));
  return isJsonObject(policy.spec) ? policy.spec : expect.fail("it has no spec");
}

/** The only rule's generate or mutate. */
function blockOf(block: "generate" | "mutate", written: JsonObject, spec: JsonObject = {}): unknown {
  const { rules } = specOf({ ...spec, rules: [{ name: "r", match: MATCH, [block]: written }] });
  const [rule] = Array.isArray(rules) ? rules : [];
  return isJsonObject(rule) ? rule[block] : undefined;
}

function notesOf(spec: JsonObject): readonly string[] {
  return convertPolicy(policyWith(spec)).notes;
}

const CLONE = {
  apiVersion: "v1",
  kind: "Secret",
  name: "x",
  namespace: "shop",
  clone: { name: "y", namespace: "base" },
};
const { data: _data, ...NOTHING } = GENERATE;

describe("a policy of kyverno.io in perennial.dev/v1", () => {
  it("has the same name, labels and annotations, and nothing that a cluster keeps about it", () => {
    const metadata = {
      labels: { a: "b" },
      annotations: { title: "t", "kubectl.kubernetes.io/last-applied-configuration": "{}" },
      ...{ uid: "u", resourceVersion: "1", managedFields: [], creationTimestamp: "2026-01-01T00:00:00Z" },
    };
    const { policy, notes } = convertPolicy({ ...policyWith({ rules: [RULE] }, metadata), status: {} });
    expect(policy).toEqual({
      apiVersion: "perennial.dev/v1",
      kind: "ClusterPolicy",
      metadata: { name: "p", labels: { a: "b" }, annotations: { title: "t" } },
      spec: {
        pruneLimit: -1,
        rules: [
          {
            ...RULE,
            generate: {
              ...GENERATE,
              ...{ synchronize: false, generateExisting: false, orphanDownstreamOnPolicyDelete: false },
            },
          },
        ],
      },
    });
    expect(notes).toEqual([]);
  });

  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      "what is given stays",
      { ...GENERATE, synchronize: true, generateExisting: true },
      {},
      { synchronize: true, generateExisting: true },
    ],
    ["the policy's generateExisting counts", GENERATE, { generateExisting: true }, { generateExisting: true }],
    ["so does its older name", GENERATE, { generateExistingOnPolicyUpdate: true }, { generateExisting: true }],
    [
      "the rule's wins",
      { ...GENERATE, generateExisting: false },
      { generateExisting: true },
      { generateExisting: false },
    ],
    ["copies stay when the policy goes", CLONE, {}, { orphanDownstreamOnPolicyDelete: true }],
    [
      "unless it says otherwise",
      { ...CLONE, orphanDownstreamOnPolicyDelete: false },
      {},
      { orphanDownstreamOnPolicyDelete: false },
    ],
  ])("generates as before: %s", (_what, generate, spec, expected) => {
    expect(blockOf("generate", generate, spec)).toMatchObject(expected);
    expect(specOf({ ...spec, rules: [RULE] })).not.toHaveProperty("generateExisting");
  });

  it("mutates existing objects as before", () => {
    const targets = [{ apiVersion: "v1", kind: "ConfigMap" }];
    expect(blockOf("mutate", { targets })).toEqual({ targets, mutateExistingOnPolicyUpdate: false });
    expect(blockOf("mutate", { targets }, { mutateExistingOnPolicyUpdate: true })).toEqual({
      targets,
      mutateExistingOnPolicyUpdate: true,
    });
    expect(blockOf("mutate", { patchStrategicMerge: {} })).toEqual({ patchStrategicMerge: {} });
  });

  it("has mode and paths to ignore where they belong, and no annotations for them", () => {
    const annotations = { a: "b", "perennial.dev/mode": "Report", "perennial.dev/ignore-paths": "/a, /b/c" };
    const { policy } = convertPolicy(policyWith({ rules: [RULE] }, { annotations }));
    expect(policy).toMatchObject({
      metadata: { name: "p", annotations: { a: "b" } },
      spec: { mode: "Report", drift: { ignorePaths: [{ path: "/a" }, { path: "/b/c" }] } },
    });
    expect(policy.metadata).not.toHaveProperty(["annotations", "perennial.dev/mode"]);
  });

  it("leaves out without a word what is meant anyway", () => {
    const spec = { background: true, admission: true, applyRules: "All", emitWarning: false, rules: [RULE] };
    expect(Object.keys(specOf(spec))).toEqual(["pruneLimit", "rules"]);
    expect(notesOf(spec)).toEqual([]);
  });

  it.each<[string, JsonObject, RegExp]>([
    [
      "validate rules",
      { rules: [{ name: "v", match: MATCH, validate: {} }] },
      /^spec.rules\[0\] is left out: .* no validate rules$/,
    ],
    ["verifyImages rules", { rules: [{ name: "v", match: MATCH, verifyImages: [] }] }, /no verifyImages rules$/],
    [
      "rules that make nothing",
      { rules: [{ name: "n", match: MATCH, generate: NOTHING }] },
      /^spec.rules\[0\] is left out: .* makes nothing$/,
    ],
    [
      "validationFailureAction",
      { validationFailureAction: "Audit", rules: [RULE] },
      /^spec.validationFailureAction is left out/,
    ],
    ["background: false of rules that generate", { background: false, rules: [RULE] }, /^spec.background is left out/],
    [
      "background: false of rules with targets",
      { background: false, rules: [{ name: "m", match: MATCH, mutate: { targets: [] } }] },
      /^spec.background is left out/,
    ],
    ["imageExtractors", { rules: [{ ...RULE, imageExtractors: {} }] }, /^spec.rules\[0\].imageExtractors is left out/],
  ])("leaves out and tells: %s", (_what, spec, note) => {
    expect(notesOf(spec)).toEqual([expect.stringMatching(note)]);
  });

  it("tells what means something else here", () => {
    expect(notesOf({ rules: [{ ...RULE, generate: CLONE }] })).toEqual([
      "spec.rules[0].generate copies: orphanDownstreamOnPolicyDelete is true, as kyverno.io keeps copies",
    ]);
    const match = { any: [{ resources: { kinds: ["Namespace"], namespaceSelector: { matchLabels: { a: "b" } } } }] };
    expect(notesOf({ rules: [{ ...RULE, match }] })).toEqual([
      expect.stringMatching(/^spec.rules\[0\].match has a namespaceSelector for Namespaces/),
    ]);
    expect(specOf({ background: false, rules: [{ name: "m", match: MATCH, mutate: {} }] })).toHaveProperty(
      "background",
      false,
    );
  });

  it("keeps what it does not know, so that it is refused by name and not lost", () => {
    expect(specOf({ unheardOf: 1, rules: [{ ...RULE, odd: 2 }] })).toMatchObject({ unheardOf: 1, rules: [{ odd: 2 }] });
  });
});
