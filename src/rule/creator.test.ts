/** Rules about what is stored that ask who created it. */

import { describe, expect, it } from "vitest";
import {
  CREATED_BY,
  type Creator,
  type Json,
  type JsonObject,
  type KubernetesObject,
  signCreator,
} from "../object/index.ts";
import { compiledRule, dataOf, desiredBy, KEY, making, ruleWith, TRIGGER } from "./language.fixture.ts";

const ANN: Creator = { username: "ann", uid: "u7", groups: ["devs"] };
const ROBOT: Creator = { username: "system:serviceaccount:shop:robot", uid: "", groups: [] };

function createdBy(creator: Creator, trigger = TRIGGER): KubernetesObject {
  const annotations = { ...trigger.metadata.annotations, [CREATED_BY]: signCreator(KEY, trigger, creator) ?? "" };
  return { ...trigger, metadata: { ...trigger.metadata, annotations } };
}

const NAMESPACE = { resources: { kinds: ["Namespace"] } };
const MINE: JsonObject = { any: [{ ...NAMESPACE, subjects: [{ kind: "User", name: "ann" }] }] };
const DEVS: JsonObject = { any: [{ ...NAMESPACE, subjects: [{ kind: "Group", name: "devs" }] }] };
const CHIEFS: JsonObject = { any: [{ clusterRoles: ["chief"] }] };
const BOUND: KubernetesObject = {
  ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", metadata: { name: "chief" } },
  ...{ roleRef: { kind: "ClusterRole", name: "chief" }, subjects: [{ kind: "Group", name: "devs" }] },
};

describe("a rule that asks who created its trigger", () => {
  it.each<[what: string, rule: JsonObject, creator: Creator, outcome: Json]>([
    [
      "reads the user",
      making({ by: "{{ request.userInfo.username }} {{ request.userInfo.uid }}" }),
      ANN,
      { by: "ann u7" },
    ],
    ["reads his groups", making({ by: "{{ join(',', request.userInfo.groups) }}" }), ANN, { by: "devs" }],
    [
      "reads the service account",
      making({ by: "{{ serviceAccountNamespace }}/{{ serviceAccountName }}" }),
      ROBOT,
      { by: "shop/robot" },
    ],
    ["reads roles as bindings are now", making({ by: "{{ join(',', request.clusterRoles) }}" }), ANN, { by: "chief" }],
    ["is about whom match names", making({ a: "b" }, { match: MINE }), ANN, { a: "b" }],
    [
      "is about nobody else",
      making({ a: "b" }, { match: MINE }),
      ROBOT,
      "idle: system:serviceaccount:shop:robot is none of User ann",
    ],
    ["leaves out whom exclude names", making({ a: "b" }, { exclude: CHIEFS }), ANN, "idle: exclude names it"],
    ["leaves out nobody else", making({ a: "b" }, { exclude: CHIEFS }), ROBOT, { a: "b" }],
    [
      "compares in preconditions",
      making(
        { a: "b" },
        { preconditions: [{ key: "{{ request.userInfo.username }}", operator: "Equals", value: "bob" }] },
      ),
      ANN,
      "idle: spec.rules[0].preconditions[0] (Equals) does not hold",
    ],
  ])("%s", (_what, rule, creator, outcome) => {
    expect(dataOf(desiredBy(rule, { trigger: createdBy(creator), objects: [BOUND] }))).toEqual(outcome);
  });

  it.each<[what: string, trigger: KubernetesObject, message: RegExp]>([
    ["does not say", TRIGGER, /^Namespace shop does not say who created it: the rule asks for that/],
    [
      "was written by somebody else",
      createdBy(ANN, { ...TRIGGER, metadata: { ...TRIGGER.metadata, name: "x" } }),
      /somebody else/,
    ],
  ])("says why nobody knows: what the trigger %s", (what, trigger, message) => {
    const found = { ...trigger, metadata: { ...trigger.metadata, name: "shop" } };
    const desired = desiredBy(making({ a: "b" }, { match: MINE }), { trigger: found });
    expect(desired, what).toMatchObject({
      ok: false,
      reason: "ContextMissing",
      message: expect.stringMatching(message),
    });
  });

  it.each<[what: string, rule: JsonObject, isMissed: boolean]>([
    ["a rule about a group", making({ a: "b" }, { match: DEVS }), true],
    ["a rule about roles", making({ a: "b" }, { exclude: CHIEFS }), true],
    ["one that reads them", making({ a: "{{ request.userInfo.groups[0] }}" }), true],
    ["one that reads all that is known", making({ a: "{{ to_string(request.userInfo) }}" }), true],
    ["one that reads roles", making({ a: "{{ join('', request.roles) }}" }), true],
    ["but not by one about a user", making({ a: "b" }, { match: MINE }), false],
    ["nor by one that reads his name", making({ a: "{{ request.userInfo.username }}" }), false],
  ])("groups that were left out are missed by %s", (_what, rule, isMissed) => {
    const desired = desiredBy(rule, { trigger: createdBy({ ...ANN, groups: undefined }) });
    expect(desired.ok).toBe(!isMissed);
    expect(compiledRule(rule).asksCreator).toBe(isMissed ? "groups" : "user");
  });

  it.each([
    ["shop", { a: "b" }],
    ["other", "idle: "],
  ])("looks at the labels of the namespace as well: %s", (namespace, outcome) => {
    const resources = { kinds: ["Secret"], namespaceSelector: { matchLabels: { team: "checkout" } } };
    const rule = making({ a: "b" }, { match: { any: [{ resources, subjects: [{ kind: "User", name: "ann" }] }] } });
    const secret: KubernetesObject = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace } };
    const data = dataOf(desiredBy(rule, { trigger: createdBy(ANN, secret), objects: [TRIGGER] }));
    expect(typeof data === "string" ? data.slice(0, 6) : data).toEqual(outcome);
  });

  it("is selected before that is asked, so that a failure deletes nothing", () => {
    const rule = compiledRule(
      making({ a: "b" }, { match: MINE, exclude: { any: [{ subjects: [{ kind: "User", name: "*" }] }] } }),
    );
    expect(rule.whyNotSelected(TRIGGER, { namespaceLabels: () => undefined })).toBeUndefined();
  });

  it("asks nobody where it need not know", () => {
    expect(compiledRule(making({ a: "{{ request.object.metadata.name }}" })).asksCreator).toBeUndefined();
  });
});

describe("a rule about changes", () => {
  it.each<[what: string, rule: JsonObject]>([
    [
      "in match",
      ruleWith({
        match: {
          ...NAMESPACE,
          resources: { kinds: ["Namespace"], operations: ["UPDATE"] },
          subjects: [{ kind: "User", name: "x" }],
        },
      }),
    ],
    [
      "in an expression, with targets",
      {
        ...{ name: "r", match: { any: [NAMESPACE] } },
        mutate: {
          mutateExistingOnPolicyUpdate: false,
          targets: [{ apiVersion: "v1", kind: "ConfigMap", name: "m", namespace: "shop" }],
          patchStrategicMerge: { data: { by: "{{ request.userInfo.username }}" } },
        },
      },
    ],
  ])("is told who made them with each request: %s", (_what, rule) => {
    const { asks, triggers, asksCreator } = compiledRule(rule);
    expect(asks?.map(({ resource, subresource }) => `${resource.kind}/${subresource}`)).toEqual(["Namespace/"]);
    expect(triggers).toEqual([]);
    expect(asksCreator).toBeUndefined();
  });
});
