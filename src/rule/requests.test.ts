import { describe, expect, it } from "vitest";
import { isJsonObject, type Json, type JsonObject, type KubernetesObject, type Resource } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import { ListSnapshot, ruleWith } from "./language.fixture.ts";
import type { CompiledPolicy, CompiledRule, ServedKinds } from "./rule.ts";

const VERBS = ["get", "list", "watch"];

function sent(name: string, kind: string, ...verbs: string[]) {
  return { group: "", version: "v1", kind, name, verbs };
}

const PODS: Resource = {
  ...{ group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs: VERBS },
  subresources: [
    sent("exec", "PodExecOptions", "create", "get"),
    sent("eviction", "Eviction", "create"),
    sent("status", "Pod", "get", "patch", "update"),
  ],
};
const NODES: Resource = {
  ...{ group: "", version: "v1", kind: "Node", plural: "nodes", namespaced: false, verbs: VERBS },
  subresources: [sent("proxy", "NodeProxyOptions", "create", "get")],
};
const DEPLOYMENTS: Resource = {
  ...{ group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true, verbs: VERBS },
  subresources: [
    { group: "autoscaling", version: "v1", kind: "Scale", name: "scale", verbs: ["get", "patch", "update"] },
  ],
};
const LEASES: Resource = {
  ...{ group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true, verbs: VERBS },
  subresources: [sent("exec", "Strange", "create")],
};
const CONFIG_MAPS: Resource = {
  ...{ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true, verbs: VERBS },
  subresources: [],
};
const KINDS = [PODS, NODES, DEPLOYMENTS, LEASES, CONFIG_MAPS];
const SERVED: ServedKinds = {
  find: (_apiVersion, kind) => KINDS.find((resource) => resource.kind === kind),
  all: () => KINDS,
};

type Compiled = { policy: CompiledPolicy; rule: CompiledRule; needs: string[] };

function compile(rule: JsonObject, namespace?: string): Compiled | { issues: string[] } {
  const metadata = { name: "p", ...(namespace === undefined ? {} : { namespace }) };
  const kind = namespace === undefined ? "ClusterPolicy" : "Policy";
  const parsed = parsePolicy({ apiVersion: "perennial.dev/v1", kind, metadata, spec: { rules: [rule] } });
  if ("issues" in parsed) return { issues: parsed.issues.map(({ code, path }) => `${code} ${path}`) };
  const compiled = compilePolicy(parsed.policy, SERVED);
  if (!compiled.ok) return { issues: compiled.issues.map(({ code, path }) => `${code} ${path}`) };
  const [only] = compiled.policy.rules;
  if (only === undefined) throw new Error("no rule");
  const needs = compiled.needs.flatMap((need) =>
    "resource" in need && need.path.endsWith(".match")
      ? need.verbs.map((verb) => `${verb} ${need.resource} ${need.namespace ?? "-"}`)
      : [],
  );
  return { policy: compiled.policy, rule: only, needs };
}

function compiled(match: Json, { namespace, data = {} }: { namespace?: string; data?: Json } = {}): Compiled {
  const generate = {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: "made",
    namespace: namespace ?? "audit",
    data: { data },
  };
  const result = compile(ruleWith({ match, generate }), namespace);
  if ("issues" in result) throw new Error(result.issues.join("\n"));
  return result;
}

function about(kinds: string[], more: JsonObject = {}): JsonObject {
  return { any: [{ resources: { kinds, ...more } }] };
}

describe("a rule about subresources asks for", () => {
  it.each<[what: string, match: Json, asks: string[]]>([
    ["the one that it names", about(["Pod/exec"]), ["pods/exec CREATE UPDATE CONNECT"]],
    ["the operations that it lists", about(["Pod/exec"], { operations: ["CONNECT"] }), ["pods/exec CONNECT"]],
    [
      "all of a kind",
      about(["Pod/*"], { operations: ["CREATE"] }),
      ["pods/exec CREATE", "pods/eviction CREATE", "pods/status CREATE"],
    ],
    [
      "those of any kind, but not of the bookkeeping",
      about(["*/exec"], { operations: ["CONNECT"] }),
      ["pods/exec CONNECT"],
    ],
    [
      "all there are",
      about(["*/*"], { operations: ["CONNECT"] }),
      [
        "pods/exec CONNECT",
        "pods/eviction CONNECT",
        "pods/status CONNECT",
        "nodes/proxy CONNECT",
        "deployments/scale CONNECT",
      ],
    ],
    [
      "objects themselves beside them, when they change",
      about(["Deployment", "Deployment/scale"], { operations: ["UPDATE"] }),
      ["deployments/ UPDATE", "deployments/scale UPDATE"],
    ],
    [
      "what writes the object, where it is named beside others",
      about(["Pod/status", "Pod/exec"], { operations: ["UPDATE"] }),
      ["pods/status UPDATE", "pods/exec UPDATE"],
    ],
  ])("%s", (_what, match, asks) => {
    const { rule } = compiled(match);
    const printed = rule.asks?.map(
      ({ resource, subresource, operations }) => `${resource.plural}/${subresource} ${[...operations].join(" ")}`,
    );
    expect(printed).toEqual(asks);
    expect(rule.type).toBe("Edge");
    expect(rule.triggers).toEqual([]);
  });

  it("nothing where a watch shows it", () => {
    const { rule } = compiled(about(["Pod/status"], { operations: ["UPDATE"] }));
    expect(rule.asks).toBeUndefined();
    expect(rule.triggers).toEqual([PODS]);
  });

  it("nothing that a Policy does not see, and says so of what nobody serves", () => {
    const { rule } = compiled(about(["*/*"], { operations: ["CONNECT"] }), { namespace: "shop" });
    expect(rule.asks?.map(({ resource }) => resource.plural)).not.toContain("nodes");
    expect(compiled(about(["Gadget/scale"])).policy.unknownKinds).toEqual(["Gadget/scale (spec.rules[0].match)"]);
    expect(compiled(about(["Deployment/exec"])).policy.unknownKinds).toEqual(["Deployment/exec (spec.rules[0].match)"]);
  });
});

describe("the author of a rule about subresources needs", () => {
  it.each<[what: string, match: Json, needs: string[]]>([
    ["to see the objects, and to send what he sees", about(["Pod/exec"]), ["list pods ", "create pods/exec "]],
    ["to read what is stored there", about(["Deployment/scale"]), ["list deployments ", "get deployments/scale "]],
    [
      "that in the namespaces that are named",
      about(["Pod/exec"], { namespaces: ["a", "b"] }),
      ["list pods a", "list pods b", "create pods/exec a", "create pods/exec b"],
    ],
    [
      "all that a wildcard may come to mean",
      about(["*/exec"]),
      ["list * ", "get * ", "create * ", "create pods/exec "],
    ],
  ])("%s", (_what, match, needs) => {
    expect(compiled(match).needs).toEqual(needs);
  });
});

describe("a rule cannot be about", () => {
  it.each<[what: string, match: Json, ...issues: string[]]>([
    ["what is stored and what is sent", about(["Pod", "Pod/exec"]), "UnsupportedField spec.rules[0].match.any"],
    [
      "both in different filters",
      { any: [{ resources: { kinds: ["Pod"] } }, { resources: { kinds: ["Pod/exec"] } }] },
      "UnsupportedField spec.rules[0].match.any",
    ],
    [
      "connecting to an object itself",
      about(["Pod"], { operations: ["CONNECT"] }),
      "NothingSelected spec.rules[0].match.any[0].resources.operations",
    ],
  ])("%s", (_what, match, ...issues) => {
    const result = compile(ruleWith({ match }));
    expect("issues" in result ? result.issues : []).toEqual(issues);
  });
});

describe("a request", () => {
  const OPTIONS: KubernetesObject = {
    apiVersion: "v1",
    kind: "PodExecOptions",
    metadata: { name: "web", namespace: "shop" },
  };
  const EXEC = { group: "", version: "v1", kind: "Pod", subresource: "exec" };
  const surroundings = { namespaceLabels: () => ({ team: "red" }), operation: "CONNECT", asked: EXEC } as const;
  const isSelected = (match: Json): boolean => compiled(match).rule.whyNotSelected(OPTIONS, surroundings) === undefined;

  it.each<[match: Json, selected: boolean]>([
    [about(["Pod/exec"]), true],
    [about(["v1/Pod/exec"]), true],
    [about(["Pod.exec"]), true],
    [about(["Pod/*"]), true],
    [about(["*/exec"]), true],
    [about(["Node/proxy"]), false],
    [about(["Pod/eviction"]), false],
    [about(["Pod/exec"], { names: ["we*"] }), true],
    [about(["Pod/exec"], { names: ["db"] }), false],
    [about(["Pod/exec"], { namespaces: ["shop"] }), true],
    [about(["Pod/exec"], { namespaceSelector: { matchLabels: { team: "red" } } }), true],
    [about(["Pod/exec"], { selector: { matchLabels: { app: "web" } } }), false],
    [about(["Pod/exec"], { operations: ["CREATE"] }), false],
  ])("is matched by kind, name and place: %j", (match, selected) => {
    expect(isSelected(match)).toBe(selected);
  });

  it.each<[what: string, subject: JsonObject, selected: boolean]>([
    ["his", { subjects: [{ kind: "User", name: "al*" }] }, true],
    ["another one's", { subjects: [{ kind: "User", name: "bob" }] }, false],
    ["that of who holds the role", { clusterRoles: ["admin"] }, true],
    ["that of who holds another role", { clusterRoles: ["view"] }, false],
  ])("is matched by who made it: %s", (_what, who, selected) => {
    const { rule } = compiled({ any: [{ resources: { kinds: ["Pod/exec"] }, ...who }] });
    const requester = {
      ...{ username: "alice", groups: [] },
      holds: (_kind: string, wanted: readonly string[]) => wanted.includes("admin"),
    };
    expect(rule.whyNotSelected(OPTIONS, { ...surroundings, requester }) === undefined).toBe(selected);
    expect(rule.reads.map(({ resource }) => resource.kind)).toEqual(
      "clusterRoles" in who ? ["RoleBinding", "ClusterRoleBinding"] : [],
    );
  });

  it("is left out by exclude", () => {
    const generate = { apiVersion: "v1", kind: "ConfigMap", name: "made", namespace: "audit", data: {} };
    const exclude = { any: [{ resources: { kinds: ["Pod/exec"], names: ["web"] } }] };
    const result = compile(ruleWith({ match: about(["Pod/*"]), exclude, generate }));
    if ("issues" in result) throw new Error(result.issues.join());
    expect(result.rule.whyNotSelected(OPTIONS, surroundings)).toBe("exclude names it");
  });

  it("is what expressions see, as it came", () => {
    const data = {
      who: "{{ request.userInfo.username }}",
      account: "{{ serviceAccountNamespace }}/{{ serviceAccountName }}",
      what: "{{ request.operation }} {{ request.subResource }} {{ request.name }}",
      command: "{{ request.object.command[0] }}",
      bare: "{{ request.object.metadata || 'none' }}",
    };
    const { rule } = compiled(about(["Pod/exec"]), { data });
    const request = {
      ...{ operation: "CONNECT", subResource: "exec", name: "web", namespace: "shop" },
      userInfo: { username: "system:serviceaccount:shop:robot" },
      object: { apiVersion: "v1", kind: "PodExecOptions", command: ["ls"] },
    };
    const change = { operation: "CONNECT", oldObject: undefined, request } as const;
    const desired = rule.desired(OPTIONS, new ListSnapshot([]), change);
    if (!desired.ok) throw new Error(desired.message);
    const [target] = desired.targets;
    expect(isJsonObject(target?.object.data) ? target.object.data : {}).toEqual({
      who: "system:serviceaccount:shop:robot",
      account: "shop/robot",
      what: "CONNECT exec web",
      command: "ls",
      bare: "none",
    });
  });
});
