import { describe, expect, it } from "vitest";
import type { KubernetesObject, Resource } from "../object/index.ts";
import type { NamedLabel } from "../rule/index.ts";
import type { PolicyState } from "../state/index.ts";
import { policyOf, resourceOf, ruleOf } from "./policies.fixture.ts";
import { TriggerIndex } from "./trigger-index.ts";

const PODS = resourceOf("Pod", "pods", true);
const NAMESPACES = resourceOf("Namespace", "namespaces", false);

type Narrowed = { within?: string[]; labels?: NamedLabel[] };

function narrowedPolicy(name: string, narrowed: string[] | Narrowed | undefined, triggers = [PODS]): PolicyState {
  const { within, labels } = Array.isArray(narrowed) ? { within: narrowed } : (narrowed ?? {});
  return policyOf(
    name,
    ruleOf({
      triggers,
      within: within === undefined ? undefined : new Set(within),
      ...(labels === undefined ? {} : { labels }),
    }),
  );
}

function namesFor(policies: PolicyState[], of: Resource, metadata: KubernetesObject["metadata"]): string[] {
  const object = { apiVersion: "v1", kind: of.kind, metadata };
  return new TriggerIndex(policies).rulesFor(of, object).map(({ policy }) => policy.name);
}

describe("the rules that a change may concern", () => {
  const policies = [
    narrowedPolicy("shop", ["shop"]),
    narrowedPolicy("both", ["shop", "bank"]),
    narrowedPolicy("anywhere", undefined),
    narrowedPolicy("namespaces", ["shop"], [NAMESPACES]),
  ];

  it.each<[what: string, of: Resource, metadata: KubernetesObject["metadata"], names: string[]]>([
    [
      "that name its namespace, and all that name none",
      PODS,
      { name: "a", namespace: "shop" },
      ["anywhere", "shop", "both"],
    ],
    ["of another namespace", PODS, { name: "a", namespace: "bank" }, ["anywhere", "both"]],
    ["that name no namespace", PODS, { name: "a", namespace: "elsewhere" }, ["anywhere"]],
    ["that name a Namespace itself", NAMESPACES, { name: "shop" }, ["namespaces"]],
    ["of no other kind", NAMESPACES, { name: "bank" }, []],
  ])("are those %s", (_what, of, metadata, names) => {
    expect(namesFor(policies, of, metadata)).toEqual(names);
  });

  it("are few for one object, however many Policies watch other namespaces", () => {
    const many = Array.from({ length: 200 }, (_, at) => narrowedPolicy(`p${at}`, [`n${at}`]));
    expect(namesFor(many, PODS, { name: "a", namespace: "n7" })).toEqual(["p7"]);
  });

  it("are few for one object, however many rules name other labels", () => {
    const many = Array.from({ length: 200 }, (_, at) =>
      narrowedPolicy(`p${at}`, { labels: [{ key: "team", value: `t${at}` }] }),
    );
    expect(namesFor(many, PODS, { name: "a", namespace: "n", labels: { team: "t7", tier: "t8" } })).toEqual(["p7"]);
    expect(namesFor(many, PODS, { name: "a", namespace: "n" })).toEqual([]);
  });

  it.each<[what: string, labels: { [key: string]: string }, names: string[]]>([
    ["with one of several labels, once", { a: "1", b: "2" }, ["anywhere", "either", "any-value"]],
    ["with any value of a label", { b: "x" }, ["anywhere", "any-value"]],
    ["that name no label", {}, ["anywhere"]],
    ["with a name that every object has as a field", { constructor: "1" }, ["anywhere"]],
  ])("are those %s", (_what, labels, names) => {
    const labelled = [
      narrowedPolicy("either", {
        labels: [
          { key: "a", value: "1" },
          { key: "b", value: "2" },
        ],
      }),
      narrowedPolicy("any-value", { labels: [{ key: "b" }] }),
      narrowedPolicy("anywhere", undefined),
    ];
    expect(namesFor(labelled, PODS, { name: "a", namespace: "n", labels })).toEqual(names);
  });

  it("are those of the labels that it had, too: what they made has to go", () => {
    const index = new TriggerIndex([narrowedPolicy("left", { labels: [{ key: "team", value: "a" }] })]);
    const pod = (labels: { [key: string]: string }): KubernetesObject => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "a", namespace: "n", labels },
    });
    expect(index.rulesFor(PODS, pod({}), pod({ team: "a" }))).toHaveLength(1);
    expect(index.rulesFor(PODS, pod({}), pod({ team: "b" }))).toEqual([]);
  });
});
