/** Who made a request, as match and exclude compare it, and the roles that bindings give. */

import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import { requesterOf } from "./held-roles.ts";
import { issuesOf, ListSnapshot, ruleWith, SERVED } from "./language.fixture.ts";
import { userOf } from "./requester.ts";
import type { CompiledMutation } from "./rule.ts";

const API = "rbac.authorization.k8s.io/v1";

function binding(role: string, subjects: object[], namespace?: string): KubernetesObject {
  const [kind = "", name = ""] = role.split(" ");
  const metadata = { name: `${name}-${namespace ?? "all"}`, ...(namespace === undefined ? {} : { namespace }) };
  const object = { apiVersion: API, kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding", metadata };
  return { ...object, roleRef: { kind, name }, subjects } as KubernetesObject;
}

const user = (name: string) => ({ kind: "User", name });
const group = (name: string) => ({ kind: "Group", name });

const BINDINGS = [
  binding("ClusterRole admin", [user("ann")]),
  binding("ClusterRole view", [group("devs"), group("ops")]),
  binding("Role deployer", [group("devs")], "shop"),
  binding("ClusterRole edit", [user("ann")], "shop"),
  binding("Role system:reader", [{ kind: "ServiceAccount", name: "robot" }], "shop"),
  binding("Role remote", [{ kind: "ServiceAccount", name: "robot", namespace: "other" }], "shop"),
];

const ANN = { username: "ann", groups: ["devs", "system:authenticated"] };
const ROBOT = { username: "system:serviceaccount:shop:robot", groups: ["system:serviceaccounts:shop"] };

const MAPS = { resources: { kinds: ["ConfigMap"] } };
const OBJECT: KubernetesObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "shop" } };

function mutationOf(changes: { [field: string]: Json | undefined }): CompiledMutation {
  const labels = { metadata: { labels: { held: "{{ join(' ', request.roles) }}" } } };
  const mutate: Json = { patchStrategicMerge: changes.reads === true ? labels : { metadata: { labels: { a: "b" } } } };
  const { reads: _, ...rest } = changes;
  const rule = ruleWith({ generate: undefined, mutate, match: { any: [MAPS] }, ...rest });
  const policy = {
    apiVersion: "perennial.dev/v1",
    kind: "ClusterPolicy",
    metadata: { name: "p" },
    spec: { rules: [rule] },
  };
  const parsed = parsePolicy(policy);
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy, SERVED);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.policy.mutations[0] as CompiledMutation; // the only one
}

function whyNot(changes: { [field: string]: Json }, userInfo: JsonObject | undefined): string | undefined {
  const requester = requesterOf(userOf(userInfo), () => new ListSnapshot(BINDINGS));
  const surroundings = { namespaceLabels: () => undefined, ...(userInfo === undefined ? {} : { requester }) };
  return mutationOf(changes).whyNotSelected(OBJECT, surroundings);
}

const by = (...subjects: Json[]): Json => ({ any: [{ ...MAPS, subjects }] });
const account = (namespace: string, name: string): Json => ({ kind: "ServiceAccount", namespace, name });

describe("match", () => {
  it.each<[what: string, match: Json, who: JsonObject, selected: boolean]>([
    ["a user", by(user("ann")), ANN, true],
    ["another user", by(user("bob")), ANN, false],
    ["one of several", by(user("bob"), user("ann")), ANN, true],
    ["a user by a pattern", by(user("a?n*")), ANN, true],
    ["a group", by(group("devs")), ANN, true],
    ["a group by a pattern", by(group("system:*")), ANN, true],
    ["a group that is not hers", by(group("ops")), ANN, false],
    ["a user of the name of a group", by(user("devs")), ANN, false],
    ["a service account", by(account("shop", "robot")), ROBOT, true],
    ["the user that a service account is", by(user("system:serviceaccount:shop:robot")), ROBOT, true],
    ["a service account of another namespace", by(account("other", "robot")), ROBOT, false],
    ["service accounts by patterns", by(account("*", "rob*")), ROBOT, true],
    ["a user who is called like a service account", by(account("*", "ann")), ANN, false],
    [
      "subjects and roles, of which both hold",
      { any: [{ ...MAPS, subjects: [user("ann")], roles: ["shop:deployer"] }] },
      ANN,
      true,
    ],
    [
      "subjects and roles, of which one holds",
      { any: [{ ...MAPS, subjects: [user("ann")], roles: ["shop:x"] }] },
      ANN,
      false,
    ],
    [
      "any filter of which one holds",
      {
        any: [
          { ...MAPS, subjects: [user("bob")] },
          { ...MAPS, clusterRoles: ["admin"] },
        ],
      },
      ANN,
      true,
    ],
    [
      "all filters of which one does not hold",
      {
        all: [
          { ...MAPS, subjects: [user("ann")] },
          { ...MAPS, clusterRoles: ["x"] },
        ],
      },
      ANN,
      false,
    ],
    ["a filter written flat", { ...MAPS, subjects: [user("bob")] }, ANN, false],
    ["a role by a group", { ...MAPS, roles: ["shop:deployer"] }, ANN, true],
    ["a role by a service account of the binding's namespace", { ...MAPS, roles: ["shop:system:reader"] }, ROBOT, true],
    ["a role of an account of another namespace", { ...MAPS, roles: ["shop:remote"] }, ROBOT, false],
    ["a role that another user holds", { ...MAPS, roles: ["shop:deployer"] }, ROBOT, false],
    ["a role whose name would fit as a pattern", { ...MAPS, roles: ["shop:deploy*"] }, ANN, false],
    ["a cluster role, bound in the cluster", { ...MAPS, clusterRoles: ["x", "admin"] }, ANN, true],
    ["a cluster role, bound in a namespace", { ...MAPS, clusterRoles: ["edit"] }, ANN, true],
    ["a cluster role that is nobody's", { ...MAPS, clusterRoles: ["cluster-admin"] }, ANN, false],
  ])("compares %s", (_what, match, who, selected) => {
    expect(whyNot({ match }, who) === undefined).toBe(selected);
  });

  it("says what was compared", () => {
    expect(whyNot({ match: by(user("bob"), account("shop", "x")) }, ANN)).toBe(
      "ann is none of User bob, ServiceAccount shop/x",
    );
    expect(whyNot({ match: { ...MAPS, roles: ["a:b"] } }, ANN)).toBe("ann has none of the roles a:b");
  });
});

describe("exclude", () => {
  it.each<[what: string, exclude: Json, who: JsonObject, excluded: boolean]>([
    ["who is named", { any: [{ clusterRoles: ["admin"] }] }, ANN, true],
    ["nobody else", { any: [{ clusterRoles: ["admin"] }] }, ROBOT, false],
    [
      "who is named, of objects that are",
      { any: [{ resources: { names: ["m"] }, subjects: [user("ann")] }] },
      ANN,
      true,
    ],
    ["nobody of other objects", { any: [{ resources: { names: ["x"] }, subjects: [user("ann")] }] }, ANN, false],
    ["who fits all", { all: [{ subjects: [group("devs")] }, { roles: ["shop:deployer"] }] }, ANN, true],
    ["nobody who fits only some", { all: [{ subjects: [group("devs")] }, { roles: ["shop:x"] }] }, ANN, false],
    ["who is named flat", { subjects: [user("ann")] }, ANN, true],
  ])("leaves out %s", (_what, exclude, who, excluded) => {
    expect(whyNot({ exclude }, who)).toBe(excluded ? "exclude names it" : undefined);
  });
});

describe("where nobody knows who made it", () => {
  it("match overlooks it, and exclude does not hold", () => {
    expect(whyNot({ match: by(user("ann")) }, undefined)).toBeUndefined();
    expect(whyNot({ exclude: { any: [{ subjects: [user("*")] }] } }, undefined)).toBeUndefined();
  });
});

describe("roles", () => {
  it("are variables of a request, each once, sorted", () => {
    const admitted = { operation: "CREATE" as const, oldObject: undefined, request: { userInfo: ANN } };
    const mutated = mutationOf({ reads: true }).mutate(OBJECT, new ListSnapshot([...BINDINGS, ...BINDINGS]), admitted);
    expect(mutated).toMatchObject({ ok: true, object: { metadata: { labels: { held: "shop:deployer" } } } });
  });

  it("are read from bindings, which are watched for rules that ask and for no others", () => {
    const plural = (changes: { [field: string]: Json }) =>
      mutationOf(changes).reads.map(({ resource }) => resource.plural);
    expect(plural({ match: by(user("ann")) })).toEqual([]);
    expect(plural({ match: { ...MAPS, roles: ["a:b"] } })).toEqual(["rolebindings", "clusterrolebindings"]);
    expect(plural({ reads: true })).toEqual(["rolebindings", "clusterrolebindings"]);
    expect(new Set(plural({ exclude: { any: [{ clusterRoles: ["x"] }] } }))).toContain("clusterrolebindings");
  });
});

describe("what is malformed is refused", () => {
  it.each<[what: string, filter: JsonObject, issue: string]>([
    ["a role without its namespace", { roles: ["deployer"] }, "InvalidValue roles[0]"],
    ["a role of no name", { roles: ["shop:"] }, "InvalidValue roles[0]"],
    [
      "a service account without its namespace",
      { subjects: [{ kind: "ServiceAccount", name: "x" }] },
      "NamespaceRequired subjects[0].namespace",
    ],
    [
      "a user in a namespace",
      { subjects: [{ ...user("x"), namespace: "y" }] },
      "NamespaceForbidden subjects[0].namespace",
    ],
    ["another kind of subject", { subjects: [{ kind: "Robot", name: "x" }] }, "InvalidValue subjects[0].kind"],
    ["a subject without a name", { subjects: [{ kind: "User" }] }, "MissingField subjects[0].name"],
    ["a variable", { subjects: [user("{{ request.object.x }}")] }, "VariableNotAllowed subjects[0].name"],
    ["no role at all", { clusterRoles: [] }, "OutOfBounds clusterRoles"],
  ])("%s", (_what, filter, issue) => {
    const [code, field] = issue.split(" ");
    const mutate = { patchStrategicMerge: { metadata: { labels: { a: "b" } } } };
    const rule = ruleWith({ generate: undefined, mutate, match: { any: [{ ...MAPS, ...filter }] } });
    expect(issuesOf(rule)).toEqual([`${code} spec.rules[0].match.any[0].${field}`]);
  });
});
