import { describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../object/index.ts";
import { parseDocuments } from "./documents.ts";
import { fileOf, infoRule, namespaceOf, objectOf, policyOf } from "./plan.fixture.ts";
import { splitDocuments } from "./policies.ts";
import { type Outcome, runTest } from "./run-test.ts";
import { parseTestFile } from "./test-file.ts";
import { readTestUser } from "./test-user.ts";
import { readTestValues } from "./test-values.ts";

type Given = {
  /** Who makes the requests. */
  user?: JsonObject;
  objects: readonly (JsonObject | KubernetesObject)[];
  result: JsonObject;
  /** What the file `made.yaml` holds. */
  made?: readonly (JsonObject | KubernetesObject)[];
  more?: JsonObject;
};

function run({ objects, result, made = [], more = {}, user }: Given): Omit<Outcome, "expectation"> {
  const expected = { policy: "p", rule: "info", kind: "Namespace", resources: ["shop"], result: "pass", ...result };
  const parsed = parseTestFile({ metadata: { name: "t" }, results: [expected], ...more });
  if ("problems" in parsed) return expect.fail(parsed.problems.join("\n"));
  const [outcome] = runTest({
    file: parsed.test,
    ...splitDocuments(parseDocuments([fileOf(...objects)]).documents),
    values: readTestValues([parsed.test.values]),
    ...(user === undefined ? {} : { user: readTestUser(user) }),
    documentsOf: () => parseDocuments([fileOf(...made)]).documents,
    now: new Date("2026-01-01T00:00:00Z"),
  });
  if (outcome === undefined) return expect.fail("nothing was tested");
  const { expectation: _expectation, ...rest } = outcome;
  return rest;
}

const POLICY = policyOf("p", infoRule());
const MADE = objectOf("v1", "ConfigMap", "info", { data: { team: "checkout" } });
const EDGE = infoRule(
  { match: { any: [{ resources: { kinds: ["Namespace"], operations: ["UPDATE"] } }] } },
  { data: { data: { was: "{{ request.oldObject.metadata.labels.team }}", by: "{{ request.operation }}" } } },
);
const PATCHED = { patchedResources: "made.yaml" };

/** The replicas of all Deployments of a Namespace with a team; of each other kind what it says. */
function changing(mutate: JsonObject = {}): JsonObject {
  const targets = [
    { apiVersion: "apps/v1", kind: "Deployment/scale", namespace: "{{ request.object.metadata.name }}" },
  ];
  const { generate: _generate, ...rule } = infoRule();
  return policyOf("p", { ...rule, mutate: { targets, patchStrategicMerge: { spec: { replicas: 0 } }, ...mutate } });
}

function webWith(replicas: number): KubernetesObject {
  return objectOf("apps/v1", "Deployment", "web", { spec: { replicas } });
}

const NEVER = { preconditions: { all: [{ key: "a", operator: "Equals", value: "b" }] } };
const UPDATED = { mutateExistingOnPolicyUpdate: false };
const GENERATED = { generatedResource: "made.yaml" };

const ANN = {
  userInfo: { username: "ann", groups: ["devs"] },
  ...{ roles: ["shop:deployer"], clusterRoles: ["chief"] },
};

const ASKING = infoRule(
  {},
  { data: { data: { by: "{{ request.userInfo.username }} {{ join(',', request.roles) }}" } } },
);
const BY_ANN = objectOf("v1", "ConfigMap", "info", { data: { by: "ann shop:deployer" } });
const EXCLUDING = infoRule({ exclude: { any: [{ clusterRoles: ["chief"] }] } });

function labelling(more: JsonObject): JsonObject {
  const match = { any: [{ resources: { kinds: ["Namespace"] }, ...more }] };
  const labels = { by: "{{ request.userInfo.username }}", of: "{{ request.clusterRoles[0] }}" };
  return { name: "info", match, mutate: { patchStrategicMerge: { metadata: { labels } } } };
}

const CHANGED = namespaceOf("shop", { team: "checkout", by: "ann", of: "chief" });

describe("a test that says who makes the requests", () => {
  it.each<[string, Given, outcome: string]>([
    [
      "has rules know who created the trigger",
      { objects: [policyOf("p", ASKING), namespaceOf("shop")], result: GENERATED, made: [BY_ANN], user: ANN },
      "passed",
    ],
    [
      "else fails",
      { objects: [policyOf("p", ASKING), namespaceOf("shop")], result: GENERATED, made: [BY_ANN] },
      "failed",
    ],
    [
      "has him left out by his roles",
      { objects: [policyOf("p", EXCLUDING), namespaceOf("shop")], result: { result: "skip" }, user: ANN },
      "passed",
    ],
    [
      "has others not",
      {
        objects: [policyOf("p", EXCLUDING), namespaceOf("shop")],
        result: { result: "skip" },
        user: { userInfo: { username: "bob" } },
      },
      "failed",
    ],
    [
      "has mutate rules know him",
      {
        objects: [policyOf("p", labelling({ subjects: [{ kind: "Group", name: "devs" }] })), namespaceOf("shop")],
        result: { patchedResource: "made.yaml" },
        made: [CHANGED],
        user: ANN,
      },
      "passed",
    ],
    [
      "has mutate rules leave others alone",
      {
        objects: [policyOf("p", labelling({ roles: ["shop:other"] })), namespaceOf("shop")],
        result: { result: "skip" },
        user: ANN,
      },
      "passed",
    ],
  ])("%s", (_what, given, outcome) => {
    const came = run(given);
    expect(came.outcome, came.message).toBe(outcome);
  });
});

describe("an offline test passes when", () => {
  it.each<[string, Given]>([
    ["the rule applies", { objects: [POLICY, namespaceOf("shop")], result: {} }],
    ["it gives the object", { objects: [POLICY, namespaceOf("shop")], result: GENERATED, made: [MADE] }],
    [
      "it gives the object that Kyverno would have marked",
      {
        objects: [POLICY, namespaceOf("shop")],
        result: GENERATED,
        made: [{ ...MADE, metadata: { ...MADE.metadata, labels: { "app.kubernetes.io/managed-by": "kyverno" } } }],
      },
    ],
    [
      "an edge rule applies to the change, and gives its object",
      {
        objects: [policyOf("p", EDGE), namespaceOf("shop")],
        result: GENERATED,
        made: [objectOf("v1", "ConfigMap", "info", { data: { was: "search", by: "UPDATE" } })],
        more: {
          values: {
            globalValues: { "request.operation": "UPDATE", "request.oldObject.metadata.labels.team": "search" },
          },
        },
      },
    ],
    [
      "an edge rule does not listen to the operation, and should not apply",
      {
        objects: [policyOf("p", EDGE), namespaceOf("shop")],
        result: { result: "skip" },
        more: { values: { globalValues: { "request.operation": "DELETE" } } },
      },
    ],
    ["it does not match, and should not", { objects: [POLICY, namespaceOf("shop", {})], result: { result: "skip" } }],
    [
      "preconditions do not hold, and should not",
      {
        objects: [
          policyOf("p", infoRule({ preconditions: [{ key: "a", operator: "Equals", value: "b" }] })),
          namespaceOf("shop"),
        ],
        result: { result: "skip" },
      },
    ],
    [
      "it fails, and should",
      {
        objects: [
          policyOf("p", infoRule({ match: { any: [{ resources: { kinds: ["Namespace"] } }] } })),
          namespaceOf("shop", {}),
        ],
        result: { result: "fail" },
      },
    ],
    [
      "the object is another one, and should be",
      {
        objects: [POLICY, namespaceOf("shop")],
        result: { ...GENERATED, result: "fail" },
        made: [{ ...MADE, data: {} }],
      },
    ],
    ["the object is there already", { objects: [POLICY, namespaceOf("shop"), MADE], result: GENERATED, made: [MADE] }],
    [
      "it copies the source that the test names",
      {
        objects: [policyOf("p", copying()), namespaceOf("shop")],
        result: { cloneSourceResource: "made.yaml" },
        made: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "source", namespace: "base" }, data: {} }],
      },
    ],
    [
      "nobody defines the kinds, as they are guessed from what is there",
      {
        objects: [
          policyOf(
            "p",
            infoRule(
              { match: { any: [{ resources: { kinds: ["Widget"] } }] } },
              { kind: "Gadget", apiVersion: "x.io/v1", namespace: "shop", data: { spec: {} } },
            ),
          ),
          objectOf("t.example.com/v1", "Widget", "w"),
        ],
        result: { kind: "Widget", resources: ["shop/w"] },
      },
    ],
    [
      "the values stand in for context",
      {
        objects: [
          policyOf(
            "p",
            infoRule(
              { context: [{ name: "settings", configMap: { name: "x", namespace: "y" } }] },
              { data: { data: { team: "{{ settings.data.team }}" } } },
            ),
          ),
          namespaceOf("shop"),
        ],
        result: GENERATED,
        made: [MADE],
        more: {
          values: {
            policies: [{ name: "p", rules: [{ name: "info", values: { "settings.data.team": "checkout" } }] }],
          },
        },
      },
    ],
    [
      "the values give the namespace its labels",
      {
        objects: [
          policyOf(
            "p",
            infoRule(
              {
                match: { any: [{ resources: { kinds: ["Pod"], namespaceSelector: { matchLabels: { team: "x" } } } }] },
              },
              { namespace: "shop", data: { data: {} } },
            ),
          ),
          objectOf("v1", "Pod", "web"),
        ],
        result: { kind: "Pod", resources: ["shop/web"] },
        more: { values: { namespaceSelector: [{ name: "shop", labels: { team: "x" } }] } },
      },
    ],
    [
      "the policy is of kyverno.io",
      { objects: [{ ...POLICY, apiVersion: "kyverno.io/v1" }, namespaceOf("shop")], result: GENERATED, made: [MADE] },
    ],
    [
      "the policy has other rules that nobody serves",
      { objects: [policyOf("p", { name: "m", mutate: {} }, infoRule()), namespaceOf("shop")], result: {} },
    ],
    [
      "it changes what exists as it should",
      { objects: [changing(), namespaceOf("shop"), webWith(3)], result: PATCHED, made: [webWith(0)] },
    ],
    [
      "it changes what exists when its trigger changes",
      { objects: [changing(UPDATED), namespaceOf("shop"), webWith(3)], result: PATCHED, made: [webWith(0)] },
    ],
    [
      "what exists is as it should be",
      { objects: [changing(), namespaceOf("shop"), webWith(0)], result: { result: "skip" } },
    ],
    [
      "its preconditions do not hold for what exists",
      {
        objects: [
          changing({ targets: [{ apiVersion: "apps/v1", kind: "Deployment", ...NEVER }] }),
          namespaceOf("shop"),
          webWith(3),
        ],
        result: { result: "skip" },
      },
    ],
    [
      "a policy of kyverno.io changes what exists",
      {
        objects: [{ ...changing(), apiVersion: "kyverno.io/v1" }, namespaceOf("shop"), webWith(3)],
        result: PATCHED,
        made: [webWith(0)],
      },
    ],
    [
      "it is written as in older files",
      {
        objects: [POLICY, namespaceOf("shop")],
        result: { resources: [], resource: "shop", result: null, status: "pass" },
      },
    ],
  ])("%s", (_when, given) => {
    expect(run(given)).toEqual({ outcome: "passed" });
  });
});

function copying(): JsonObject {
  const rule = infoRule({}, { clone: { name: "source", namespace: "base" } });
  const { data: _data, ...generate } = rule.generate as JsonObject; // an object, as the fixture has it
  return { ...rule, generate };
}

describe("an offline test fails, and says why, when", () => {
  it.each<[string, Given, RegExp]>([
    [
      "the object is another one",
      {
        objects: [POLICY, namespaceOf("shop")],
        result: GENERATED,
        made: [{ ...MADE, data: { team: "bank", size: "1" } }],
      },
      /^fail instead of pass: ConfigMap shop\/info: \/data\/team is "checkout", and should be "bank"; ConfigMap shop\/info: \/data\/size is missing, and should be "1"$/,
    ],
    [
      "the object has more than it should",
      { objects: [POLICY, namespaceOf("shop")], result: GENERATED, made: [{ ...MADE, data: {} }] },
      /\/data\/team is "checkout", and should not be there$/,
    ],
    [
      "the object has other labels",
      {
        objects: [POLICY, namespaceOf("shop")],
        result: GENERATED,
        made: [{ ...MADE, metadata: { ...MADE.metadata, labels: { a: "b" } } }],
      },
      /\/metadata\/labels\/a is missing/,
    ],
    [
      "another object should be made",
      { objects: [POLICY, namespaceOf("shop")], result: GENERATED, made: [objectOf("v1", "ConfigMap", "other")] },
      /ConfigMap shop\/other \(objects.yaml\) is not made, but ConfigMap shop\/info$/,
    ],
    [
      "the rule does not match",
      { objects: [POLICY, namespaceOf("shop", {})], result: {} },
      /^skip instead of pass: Namespace shop is not selected: its labels do not satisfy team=\?\*$/,
    ],
    [
      "the rule matches",
      { objects: [POLICY, namespaceOf("shop")], result: { result: "skip" } },
      /^pass instead of skip: it applies$/,
    ],
    [
      "something else comes of what exists",
      { objects: [changing(), namespaceOf("shop"), webWith(3)], result: PATCHED, made: [webWith(1)] },
      /Deployment shop\/web: \/spec\/replicas is 0, and should be 1$/,
    ],
    [
      "another object should change",
      { objects: [changing(), namespaceOf("shop"), webWith(3)], result: PATCHED, made: [MADE] },
      /ConfigMap shop\/info is not changed, but apps\/Deployment shop\/web$/,
    ],
    [
      "what it names is not there",
      {
        objects: [
          changing({ targets: [{ apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name: "none" }] }),
          namespaceOf("shop"),
        ],
        result: PATCHED,
      },
      /^fail instead of pass: ConfigMap shop\/none, which the rule is to change, is not there$/,
    ],
    [
      "a source is missing",
      { objects: [policyOf("p", copying()), namespaceOf("shop")], result: {} },
      /ConfigMap base\/source does not exist/,
    ],
    [
      "the policy is missing",
      { objects: [namespaceOf("shop")], result: {} },
      /^there is no policy p in the policies of the test$/,
    ],
    [
      "the rule is missing",
      { objects: [POLICY, namespaceOf("shop")], result: { rule: "x" } },
      /^policy p has no rule x/,
    ],
    [
      "the resource is missing",
      { objects: [POLICY, namespaceOf("bank")], result: {} },
      /there is no Namespace shop in the resources$/,
    ],
    [
      "the policy is wrong",
      { objects: [policyOf("p", infoRule({ generat: {} })), namespaceOf("shop")], result: {} },
      /spec.rules\[0\].generat: UnknownField/,
    ],
  ])("%s", (_when, given, message) => {
    const { outcome, message: told } = run(given);
    expect(outcome).toBe("failed");
    expect(told).toMatch(message);
  });
});

describe("an offline test is skipped, and says so, when", () => {
  it.each<[string, Given, RegExp]>([
    [
      "it sets what a single request says",
      {
        objects: [POLICY, namespaceOf("shop")],
        result: {},
        more: { values: { globalValues: { "request.operation": "UPDATE" } } },
      },
      /^request.operation is set/,
    ],
    [
      "its rule acts on requests",
      {
        objects: [
          policyOf("p", infoRule({ match: { any: [{ resources: { kinds: ["Namespace/finalize", "Pod/exec"] } }] } })),
          namespaceOf("shop"),
        ],
        result: {},
      },
      /^it acts on requests/,
    ],
    [
      "it has exceptions",
      { objects: [POLICY, namespaceOf("shop")], result: {}, more: { exceptions: ["x.yaml"] } },
      /exceptions/,
    ],
  ])("%s", (_when, given, message) => {
    const { outcome, message: told } = run(given);
    expect(outcome).toBe("skipped");
    expect(told).toMatch(message);
  });
});

describe("a test file is refused when", () => {
  it.each<[string, JsonObject, RegExp]>([
    ["it has no results", {}, /says no results/],
    [
      "a result is none",
      { results: [{ policy: "p", resources: ["x"], result: "ok" }] },
      /^results\[0\].result is "ok", and has to be one of pass, skip, fail$/,
    ],
    ["a result has no policy", { results: [{ resources: ["x"], result: "pass" }] }, /^results\[0\].policy is missing/],
    ["a result has no resources", { results: [{ policy: "p", result: "pass" }] }, /^results\[0\].resources is missing/],
  ])("%s", (_when, document, problem) => {
    const parsed = parseTestFile(document);
    expect("problems" in parsed && parsed.problems).toEqual([expect.stringMatching(problem)]);
  });
});
