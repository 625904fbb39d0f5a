import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { type AnyPolicy, parsePolicy } from "../policy/index.ts";
import { type CompiledPolicy, compilePolicy, type ServedKinds } from "../rule/index.ts";
import { type MutationOptions, mutationConfiguration } from "./mutation-configuration.ts";
import { type MutationReviewOptions, reviewMutation } from "./mutation-review.ts";
import type { AdmissionAnswer } from "./review.ts";

const RESOURCES = [
  { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true, verbs: ["list", "watch"] },
  { group: "", version: "v1", kind: "Secret", plural: "secrets", namespaced: true, verbs: ["list", "watch"] },
  { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false, verbs: ["list", "watch"] },
];

const SERVED: ServedKinds = {
  find: (apiVersion, kind) => RESOURCES.find((served) => served.kind === kind && served.version === apiVersion),
  all: () => RESOURCES,
};

type Rule = { name: string; resources: JsonObject; mutate: JsonObject; preconditions?: Json; context?: Json };

function policy(name: string, rules: Rule[], spec: JsonObject = {}): CompiledPolicy {
  const written = rules.map(({ resources, ...rule }) => ({ ...rule, match: { any: [{ resources }] } }));
  const object = {
    apiVersion: "perennial.dev/v1",
    kind: "ClusterPolicy",
    metadata: { name },
    spec: { ...spec, rules: written },
  };
  const parsed = parsePolicy(object);
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy as AnyPolicy, SERVED);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.policy;
}

function labelling(labels: JsonObject, resources: JsonObject = { kinds: ["ConfigMap"] }, name = "add"): Rule {
  return { name, resources, mutate: { patchStrategicMerge: { metadata: { labels } } } };
}

const OPTIONS: MutationOptions = {
  installation: "perennial-system",
  reach: { url: "https://192.0.2.1" },
  caBundle: "PEM",
  kyverno: false,
  mustAnswer: () => true,
  owner: undefined,
  policies: [],
  leftAlone: ["perennial-system", "kube-system"],
  namespace: "perennial-system",
  ownUser: "system:serviceaccount:perennial-system:perennial",
  written: new Set(["/v1/configmaps"]),
  secret: "s3cret",
};

type Webhook = {
  name: string;
  clientConfig: { url: string };
  namespaceSelector: { matchExpressions: { values: string[] }[] };
  [field: string]: unknown;
};

function derived(...policies: CompiledPolicy[]): Webhook[] {
  const configuration = mutationConfiguration({ ...OPTIONS, policies });
  return (configuration?.object.webhooks ?? []) as unknown as Webhook[];
}

describe("the configuration for mutation", () => {
  it("is none without a rule", () => {
    expect(mutationConfiguration(OPTIONS)).toBeUndefined();
  });

  it("is none for rules about kinds that nobody serves", () => {
    expect(derived(policy("a", [labelling({ a: "1" }, { kinds: ["Widget"] })]))).toEqual([]);
  });

  it("has entries apart for what may fail and what may not, and one for the probe", () => {
    const webhooks = derived(
      policy("a", [labelling({ a: "1" })]),
      policy("b", [labelling({ b: "1" })], { failurePolicy: "Ignore" }),
      policy("c", [labelling({ c: "1" })], { webhookConfiguration: { timeoutSeconds: 3 } }),
      policy("d", [labelling({ d: "1" })]),
    );
    expect(webhooks.map(({ name, failurePolicy, timeoutSeconds }) => [name, failurePolicy, timeoutSeconds])).toEqual([
      ["mutate-0.perennial.dev", "Fail", 10],
      ["mutate-1.perennial.dev", "Ignore", 10],
      ["mutate-2.perennial.dev", "Fail", 3],
      ["probe.perennial.dev", "Ignore", 2],
    ]);
  });

  it("names the kinds and operations of the rules, and no others", () => {
    const [webhook] = derived(
      policy("a", [
        labelling({ a: "1" }),
        labelling({ b: "1" }, { kinds: ["Secret"], operations: ["CREATE"] }, "second"),
        labelling({ c: "1" }, { kinds: ["Namespace"] }, "third"),
      ]),
    );
    const version = { apiGroups: [""], apiVersions: ["v1"] };
    expect(webhook?.rules).toEqual([
      { ...version, resources: ["namespaces"], operations: ["CREATE", "UPDATE"], scope: "Cluster" },
      { ...version, resources: ["secrets"], operations: ["CREATE"], scope: "Namespaced" },
      { ...version, resources: ["configmaps"], operations: ["CREATE", "UPDATE"], scope: "Namespaced" },
    ]);
  });

  it.each<[string, JsonObject[], Json, Json]>([
    ["any", [{}], [], {}],
    ["two namespaces", [{ namespaces: ["b"] }, { namespaces: ["a"] }], [["a", "b"]], {}],
    ["a namespace and any", [{ namespaces: ["b"] }, {}], [], {}],
    ["a pattern", [{ namespaces: ["b*"] }], [], {}],
    ["one label", [{ selector: { matchLabels: { a: "b" } } }], [], { key: "a", operator: "In", values: ["b"] }],
    ["one label with any value", [{ selector: { matchLabels: { a: "*" } } }], [], { key: "a", operator: "Exists" }],
    ["two labels", [{ selector: { matchLabels: { a: "b" } } }, { selector: { matchLabels: { c: "d" } } }], [], {}],
  ])("is as narrow as all rules allow: %s", (_case, filters, namespaces, label) => {
    const rules = filters.map((filter, i) => labelling({ x: "1" }, { kinds: ["ConfigMap"], ...filter }, `r${i}`));
    const [webhook] = derived(policy("a", rules));
    const matchExpressions = webhook?.namespaceSelector.matchExpressions ?? [];
    expect(matchExpressions[0]).toEqual({
      key: "kubernetes.io/metadata.name",
      operator: "NotIn",
      values: ["kube-system", "perennial-system"],
    });
    expect(matchExpressions.slice(1).map(({ values }) => values)).toEqual(namespaces);
    const selector = label !== null && Object.keys(label as object).length > 0 ? { matchExpressions: [label] } : {};
    expect(webhook?.objectSelector).toEqual(selector);
  });

  it("asks for no kind in a namespace, and for nothing without a label, where only another policy does that", () => {
    const maps = policy("a", [labelling({ a: "1" })]);
    const secrets = (name: string, namespace: string) =>
      policy(name, [labelling({ b: "1" }, { kinds: ["Secret"], namespaces: [namespace] })]);
    const labelled = policy("d", [labelling({ d: "1" }, { kinds: ["Secret"], selector: { matchLabels: { x: "y" } } })]);
    const [first, second, third] = derived(maps, secrets("b", "red"), secrets("c", "blue"), labelled);
    expect(first?.rules).toMatchObject([{ resources: ["configmaps"] }]);
    expect(second?.rules).toMatchObject([{ resources: ["secrets"] }]);
    expect(second?.namespaceSelector.matchExpressions[1]?.values).toEqual(["blue", "red"]);
    expect(third?.objectSelector).toEqual({ matchExpressions: [{ key: "x", operator: "In", values: ["y"] }] });
  });

  it("asks about no namespace where none can have the name that a rule has", () => {
    const [webhook] = derived(policy("a", [labelling({ a: "1" }, { kinds: ["Secret"], namespaces: ["Not A Name!"] })]));
    expect(webhook?.namespaceSelector.matchExpressions[1]?.values).toEqual([""]);
  });

  it("leaves out what we write ourselves, and what the policy's own conditions leave out", () => {
    const matchConditions = [{ name: "mine", expression: "true" }];
    const [webhook] = derived(policy("a", [labelling({ a: "1" })], { webhookConfiguration: { matchConditions } }));
    expect(webhook?.matchConditions).toEqual([
      {
        name: "not-by-perennial.perennial.dev",
        expression: 'request.userInfo.username != "system:serviceaccount:perennial-system:perennial"',
      },
      ...matchConditions,
    ]);
  });

  it("asks for no condition where nobody wrote one and nothing of ours can come", () => {
    const [webhook] = derived(policy("a", [labelling({ a: "1" }, { kinds: ["Secret"] })]));
    expect(webhook).not.toHaveProperty("matchConditions");
  });

  it("tells that something may come of a request where a rule sends to a service, and of no dry run", () => {
    const apiCall = { method: "POST", service: { url: "https://192.0.2.1/x" } };
    const sending = { ...labelling({ a: "{{ x }}" }), context: [{ name: "x", apiCall }] };
    const asking = { ...sending, context: [{ name: "x", apiCall: { ...apiCall, method: "GET" } }] };
    expect(derived(policy("a", [sending]), policy("b", [asking])).map(({ sideEffects }) => sideEffects)).toEqual([
      "NoneOnDryRun",
      "None",
      "None",
    ]);
  });

  it("keeps its paths when other rules come, but for the probe's", () => {
    const urls = (webhooks: Webhook[]) => webhooks.map(({ clientConfig }) => clientConfig.url);
    const [one, oneProbe] = urls(derived(policy("a", [labelling({ a: "1" })])));
    const [two, twoProbe] = urls(derived(policy("a", [labelling({ a: "1" }, { kinds: ["Secret"] })])));
    expect(two).toBe(one);
    expect(one).toContain("/mutate/s3cret/");
    expect(twoProbe).not.toBe(oneProbe);
    expect(oneProbe).not.toContain("s3cret");
  });
});

const OBJECT: KubernetesObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "shop" } };

/** As of an empty cluster. */
const SNAPSHOT = {
  environment: { now: () => new Date(0), hash: () => "" },
  numbers: () => () => 0,
  creator: () => ({ unknown: "nobody asks" }),
  firstApplied: () => new Date(0),
  read: () => undefined,
  list: () => [],
  look: () => ({ ok: false, reason: "ContextMissing", message: "nothing is there" }),
  call: () => ({ ok: false, reason: "ContextMissing", message: "nothing is there" }),
  unknown: undefined,
  open: [],
} satisfies ReturnType<MutationReviewOptions["snapshot"]>;

function review(
  policies: CompiledPolicy[],
  more: { object?: KubernetesObject; unknown?: string; elapsed?: () => number } = {},
): AdmissionAnswer {
  const { object = OBJECT, unknown, elapsed = () => 0 } = more;
  const answer = reviewMutation(
    {
      uid: "1",
      operation: "CREATE",
      object,
      oldObject: undefined,
      fields: { name: "m", userInfo: { username: "ann" } },
    },
    { policies, namespaceLabels: () => ({}), snapshot: () => ({ ...SNAPSHOT, unknown }), elapsed },
  );
  return "open" in answer ? expect.fail("something has to be asked") : answer;
}

const FAILING: Rule = labelling({ a: "{{ request.object.data.missing }}" }, { kinds: ["ConfigMap"] }, "copy");

describe("the review of an object", () => {
  it("gives the patch of all rules together, each seeing what those before it made", () => {
    const first = policy("a", [labelling({ step: "1", by: "{{ request.userInfo.username }}" })]);
    const second = policy("b", [labelling({ step: "{{ request.object.metadata.labels.step }}2" })]);
    expect(review([first, second])).toEqual({
      allowed: true,
      warnings: [],
      patch: [{ op: "add", path: "/metadata/labels", value: { step: "12", by: "ann" } }],
    });
  });

  it("lets a policy whose rules take long fail, and goes on with others as long as there is time", () => {
    const clock = (step: number) => {
      let now = 0;
      return () => (now += step);
    };
    const slow = policy(
      "a",
      Array.from({ length: 5 }, (_, i) => labelling({ [`a${i}`]: "1" }, { kinds: ["ConfigMap"] }, `r${i}`)),
      { failurePolicy: "Ignore" },
    );
    const other = policy("b", [labelling({ b: "1" })], { failurePolicy: "Ignore" });
    const answer = review([slow, other], { elapsed: clock(260) });
    expect(answer).toMatchObject({ patch: [{ path: "/metadata/labels", value: { b: "1" } }] });
    expect(answer.warnings).toEqual([
      expect.stringContaining("policy a, rule r3: ExpressionFailed: the rules before it took too long"),
    ]);
    expect(review([slow, other], { elapsed: clock(2_000) }).warnings).toHaveLength(2);
    expect(review([slow, other], { elapsed: clock(10) }).warnings).toEqual([]);
  });

  it("has no patch where nothing changes", () => {
    const object = { ...OBJECT, metadata: { ...OBJECT.metadata, labels: { a: "1" } } };
    expect(review([policy("a", [labelling({ a: "1" })])], { object })).toEqual({ allowed: true, warnings: [] });
  });

  it("leaves alone what is being deleted", () => {
    const metadata = { ...OBJECT.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect(review([policy("a", [labelling({ a: "1" })])], { object: { ...OBJECT, metadata } })).toEqual({
      allowed: true,
      warnings: [],
    });
  });

  it("refuses with policy, rule and path where a rule fails", () => {
    const answer = review([policy("a", [FAILING])]);
    expect(answer.allowed ? "" : answer.message).toMatch(
      /^policy a, rule copy: ContextMissing|^policy a, rule copy: \w+: spec\.rules\[0\]\.mutate/,
    );
  });

  it("drops all of a policy that may fail, and no more", () => {
    const lenient = policy("a", [labelling({ a: "1" }), FAILING], { failurePolicy: "Ignore" });
    const answer = review([lenient, policy("b", [labelling({ b: "1" })])]);
    expect(answer).toMatchObject({ allowed: true, patch: [{ value: { b: "1" } }] });
    expect(answer.warnings.join()).toMatch(/^not changed: policy a, rule copy: /);
  });

  it("does not guess while something that a rule reads is not known", () => {
    const answer = review([policy("a", [labelling({ a: "1" })])], { unknown: "whether ConfigMap x is there" });
    expect(answer.allowed ? "" : answer.message).toContain("whether ConfigMap x is there is not known yet");
  });

  it("stops after the first rule that changes something where the policy says so", () => {
    const rules = [labelling({ a: "1" }), labelling({ b: "1" }, { kinds: ["ConfigMap"] }, "second")];
    expect(review([policy("a", rules, { applyRules: "One" })])).toMatchObject({ patch: [{ value: { a: "1" } }] });
  });

  it("warns of what was changed where the policy says so", () => {
    const loud = policy("a", [labelling({ a: "1" })], { emitWarning: true });
    expect(review([loud]).warnings).toEqual(["policy a.add: mutated ConfigMap/m in namespace shop"]);
  });
});
