/** Policies that are wrong in a way the API server cannot see: each says what is wrong and where, and stops nobody else. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { customResourceDefinition } from "../src/policy/index.ts";
import {
  type Cluster,
  clusterPolicy,
  condition,
  configMap,
  installPolicyDefinitions,
  namespacedPolicy,
  namespacesLabelled,
  type OperatorProcess,
  policyStatus,
  startCluster,
  startOperator,
  type TestRule,
  TRIGGER_NAME,
  waitForCondition,
  waitUntil,
} from "./harness/index.ts";

const LABEL = "invalid-policies";

let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl("create", "namespace", "tenant");
  await cluster.apply(clusterPolicy("good", rule({ generate: configMap("good", { owner: TRIGGER_NAME }) })));
  operator = await startOperator(cluster);
  await waitForCondition(cluster, "good", { type: "Ready", status: "True" });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

function rule(changes: Partial<TestRule>): TestRule {
  return { name: "settings", match: namespacesLabelled(LABEL), generate: configMap("settings", {}), ...changes };
}

function generating(changes: object): TestRule {
  return rule({ generate: { ...configMap("settings", {}), ...changes } });
}

function matching(resources: object): TestRule {
  return rule({ match: { any: [{ resources }] } });
}

function namespace(name: string, labels: object = { [LABEL]: "yes" }): object {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** What another policy makes in a new namespace: that it is there shows that the operator goes on. */
async function expectOthersServed(name: string): Promise<void> {
  await cluster.apply(namespace(name));
  await waitUntil("the good policy is served", async () => (await configMapIn(name, "good")) !== undefined);
}

function configMapIn(namespace: string, name: string) {
  return cluster.get("configmap", namespace, name);
}

async function messageOfRefusal(name: string, namespace = ""): Promise<string> {
  const stalled = await waitForCondition(cluster, name, { type: "Stalled", status: "True", namespace });
  const ready = condition(stalled, "Ready");
  expect(ready?.status).toBe("False");
  return `${ready?.reason}: ${ready?.message}`;
}

/** What is wrong, the rule that has it, and what the status says: reason, path, value, why. */
const CLUSTER_POLICIES: [mistake: string, rule: TestRule, says: string[]][] = [
  [
    "an expression that cannot be parsed",
    generating({ name: "{{ request.object.metadata. }}" }),
    ["InvalidPolicy", "spec.rules[0].generate.name", "request.object.metadata."],
  ],
  [
    "an unknown function",
    generating({ data: { data: { owner: "{{ shout(request.object.metadata.name) }}" } } }),
    ["InvalidPolicy", "spec.rules[0].generate.data.data.owner", "shout"],
  ],
  [
    "a variable that nobody defines",
    generating({ namespace: "{{ trigger.metadata.name }}" }),
    ["InvalidPolicy", "spec.rules[0].generate.namespace", "UnknownVariable", "trigger.metadata.name"],
  ],
  [
    "no namespace for a kind that lives in one",
    generating({ namespace: undefined }),
    ["InvalidPolicy", "spec.rules[0].generate.namespace", "NamespaceRequired", "ConfigMap lives in a namespace"],
  ],
  [
    "a namespace for a cluster-scoped kind",
    generating({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", data: { rules: [] } }),
    ["InvalidPolicy", "spec.rules[0].generate.namespace", TRIGGER_NAME, "NamespaceForbidden"],
  ],
  [
    "a variable in match",
    matching({ kinds: ["Namespace"], names: ["{{ request.object.metadata.name }}"] }),
    ["InvalidPolicy", "spec.rules[0].match.any[0].resources.names[0]", "VariableNotAllowed"],
  ],
  [
    "a kind selector that the schema lets through",
    matching({ kinds: ["apps/Deployment"] }),
    ["InvalidPolicy", "spec.rules[0].match.any[0].resources.kinds[0]", "apps/Deployment", "apps/*/Deployment"],
  ],
  [
    "an object together with what is sent to it",
    matching({ kinds: ["Pod", "Pod/exec"] }),
    ["UnsupportedField", "spec.rules[0].match.any", "make two rules of it"],
  ],
  [
    "a label key that no object can have",
    matching({ kinds: ["Namespace"], selector: { matchLabels: { "a b": "c" } } }),
    ["InvalidPolicy", "spec.rules[0].match.any[0].resources.selector.matchLabels", "a b", "InvalidSelector"],
  ],
  [
    "an exclude that leaves nothing",
    rule({ exclude: namespacesLabelled(LABEL) }),
    ["InvalidPolicy", "spec.rules[0].exclude", "NothingSelected"],
  ],
];

const NAMESPACED_POLICIES: typeof CLUSTER_POLICIES = [
  [
    "a target in another namespace",
    { ...generating({ namespace: "default" }), match: { any: [{ resources: { kinds: ["Secret"] } }] } },
    ["InvalidPolicy", "spec.rules[0].generate.namespace", "default", "OutsideNamespace"],
  ],
  [
    "a target of a cluster-scoped kind",
    {
      ...generating({ kind: "Namespace", namespace: undefined, data: { metadata: {} } }),
      match: { any: [{ resources: { kinds: ["Secret"] } }] },
    },
    ["InvalidPolicy", "spec.rules[0].generate.kind", "Namespace", "OutsideNamespace"],
  ],
  [
    "a cluster-scoped kind in match",
    { ...generating({ namespace: "tenant" }), match: { any: [{ resources: { kinds: ["Namespace"] } }] } },
    ["InvalidPolicy", "spec.rules[0].match.any[0].resources.kinds[0]", "Namespace", "OutsideNamespace"],
  ],
];

describe("a ClusterPolicy that the API server takes", () => {
  it.each(CLUSTER_POLICIES)("is refused with path and value for %s", async (_mistake, bad, says) => {
    await cluster.apply(clusterPolicy("bad", bad));
    const message = await messageOfRefusal("bad");
    for (const part of says) expect(message).toContain(part);
    await cluster.kubectl("delete", "clusterpolicy", "bad");
  });

  it("is told every mistake at once", async () => {
    await cluster.apply(
      clusterPolicy(
        "bad",
        generating({ name: "{{ a( }}", data: { data: { owner: "{{ shout('a') }}" } } }),
        rule({ name: "second", generate: configMap("second", { owner: "{{ nobody }}" }) }),
      ),
    );
    const message = await messageOfRefusal("bad");
    for (const path of ["rules[0].generate.name", "rules[0].generate.data.data.owner", "rules[1].generate.data.data"])
      expect(message).toContain(path);
    await cluster.kubectl("delete", "clusterpolicy", "bad");
  });

  it("is served as soon as it is corrected, and stops nobody meanwhile", async () => {
    await cluster.apply(clusterPolicy("bad", generating({ data: { data: { owner: "{{ shout('a') }}" } } })));
    await messageOfRefusal("bad");
    await expectOthersServed("meanwhile");
    await cluster.apply(clusterPolicy("bad", rule({ generate: configMap("settings", { owner: TRIGGER_NAME }) })));
    const status = await waitForCondition(cluster, "bad", { type: "Ready", status: "True" });
    expect(condition(status, "Stalled")?.status).toBe("False");
    await waitUntil("it is served", async () => (await configMapIn("meanwhile", "settings")) !== undefined);
  });

  it("keeps what it made when it becomes invalid, and takes it up again when it is corrected", async () => {
    await cluster.apply(namespace("kept"), clusterPolicy("turning", generating({ name: "turning" })));
    await waitUntil("it is served", async () => (await configMapIn("kept", "turning")) !== undefined);
    const uid = (await configMapIn("kept", "turning"))?.metadata.uid;
    await cluster.apply(clusterPolicy("turning", generating({ name: "{{ turning( }}" })));
    await messageOfRefusal("turning");
    await expectOthersServed("while-invalid");
    expect((await configMapIn("kept", "turning"))?.metadata.uid).toBe(uid);
    await cluster.apply(clusterPolicy("turning", generating({ name: "turning", data: { data: { turn: "second" } } })));
    await waitUntil("it has the new content", async () =>
      JSON.stringify((await configMapIn("kept", "turning"))?.data ?? {}).includes("second"),
    );
    expect((await configMapIn("kept", "turning"))?.metadata.uid).toBe(uid);
  });
});

describe("a Policy that the API server takes", () => {
  it.each(NAMESPACED_POLICIES)("is refused with path and value for %s", async (_mistake, bad, says) => {
    await cluster.apply(namespacedPolicy("tenant", "bad", bad));
    const message = await messageOfRefusal("bad", "tenant");
    for (const part of says) expect(message).toContain(part);
    await cluster.kubectl("delete", "policies.perennial.dev", "bad", "-n", "tenant");
  });

  it("is confined to its namespace also where the trigger names another one", async () => {
    const reaching = generating({ namespace: '{{ request.object.metadata.labels."reach" }}', name: "reaching" });
    const match = { any: [{ resources: { kinds: ["Secret"], selector: { matchLabels: { reach: "*" } } } }] };
    const secret = (reach: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `reach-${reach}`, namespace: "tenant", labels: { reach } },
    });
    await cluster.apply(
      secret("default"),
      secret("tenant"),
      namespacedPolicy("tenant", "reaching", { ...reaching, match }),
    );
    await waitUntil("its own is served", async () => (await configMapIn("tenant", "reaching")) !== undefined);
    const status = await waitForCondition(cluster, "reaching", {
      type: "InSync",
      status: "False",
      reason: "OutsideNamespace",
      namespace: "tenant",
    });
    expect(status.failures).toHaveLength(1);
    expect(status.failures?.[0]).toMatchObject({
      rule: "settings",
      trigger: { kind: "Secret", name: "reach-default" },
    });
    expect(await configMapIn("default", "reaching")).toBeUndefined();
  });
});

describe("a rule that fails for some of its triggers", () => {
  it("says for which trigger an expression fails, and serves the others", async () => {
    const owner = "{{ request.object.metadata.labels.team }}";
    await cluster.apply(
      namespace("with-team", { "has-team": "yes", team: "green" }),
      namespace("without-team", { "has-team": "no" }),
      clusterPolicy("teams", {
        name: "team",
        match: namespacesLabelled("has-team"),
        generate: configMap("team", { owner }),
      }),
    );
    await waitUntil("the other is served", async () => (await configMapIn("with-team", "team")) !== undefined);
    await waitForCondition(cluster, "teams", { type: "InSync", status: "False", reason: "ExpressionFailed" });
    const status = await waitForCondition(cluster, "teams", { type: "Ready", status: "True" });
    expect(condition(status, "InSync")).toMatchObject({ status: "False", reason: "ExpressionFailed" });
    expect(condition(status, "Stalled")?.status).toBe("False");
    expect(status.failures).toHaveLength(1);
    const [failure] = status.failures ?? [];
    expect(failure).toMatchObject({
      rule: "team",
      trigger: { apiVersion: "v1", kind: "Namespace", name: "without-team" },
    });
    expect(failure?.message).toContain("spec.rules[0].generate.data.data.owner");
    expect(failure?.message).toContain("team");
    await cluster.kubectl("label", "namespace", "without-team", "team=red");
    await waitUntil("it heals", async () => (await configMapIn("without-team", "team")) !== undefined);
    await waitForCondition(cluster, "teams", { type: "InSync", status: "True" });
  });

  it.each([
    ["a value of the wrong type", configMap("wrong", { size: 3 }), ["ConfigMap", "wrong"]],
    ["an unknown field", configMap("wrong", {}, { data: { dta: { a: "b" } } }), ["dta"]],
    [
      "a name that no object can have",
      configMap("Wrong_{{ request.object.metadata.name }}", { a: "b" }),
      ["Wrong_wrong-target", "lowercase"],
    ],
    [
      "a name that is a number",
      configMap("{{ length(request.object.metadata.name) }}", { a: "b" }),
      ["spec.rules[0].generate.name", "12"],
    ],
    ["an empty name", configMap("{{ '' }}", { a: "b" }), ["spec.rules[0].generate.name"]],
  ])("says InvalidTarget with the server's words for %s", async (_mistake, generate, says) => {
    await cluster.apply(
      namespace("wrong-target", { "wrong-target": "yes" }),
      clusterPolicy("wrong", { name: "wrong", match: namespacesLabelled("wrong-target"), generate }),
    );
    const status = await waitForCondition(cluster, "wrong", {
      type: "InSync",
      status: "False",
      reason: "InvalidTarget",
    });
    expect(condition(status, "Ready")?.status).toBe("True");
    const [failure] = status.failures ?? [];
    expect(failure).toMatchObject({ rule: "wrong", trigger: { kind: "Namespace", name: "wrong-target" } });
    for (const part of says) expect(failure?.message).toContain(part);
    await cluster.kubectl("delete", "clusterpolicy", "wrong");
  });
});

describe("a policy that an older, looser definition let in", () => {
  it("is refused with UnsupportedField, and stops nobody", async () => {
    await cluster.apply(customResourceDefinition("ClusterPolicy", { serveAll: true }));
    const stored = {
      ...clusterPolicy("stored", { ...rule({}), name: "first" }),
      spec: {
        drift: { foreignFields: "Keep" },
        rules: [{ ...rule({}), celPreconditions: [{ name: "a", expression: "true" }] }],
      },
    };
    await waitUntil("the looser definition lets it in", async () => {
      await cluster.apply(stored);
      return true;
    });
    const message = await messageOfRefusal("stored");
    expect(message).toMatch(/^UnsupportedField: /);
    for (const field of ["spec.drift.foreignFields", "spec.rules[0].celPreconditions", "not served by this version"])
      expect(message).toContain(field);
    await installPolicyDefinitions(cluster);
    await expectOthersServed("after-looser");
    expect(condition(await policyStatus(cluster, "stored"), "Stalled")?.status).toBe("True");
  });
});
