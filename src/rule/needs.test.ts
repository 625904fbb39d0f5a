import { describe, expect, it } from "vitest";
import { apiVersionOf, type Json, type JsonObject, type Resource } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import { KINDS, ruleWith } from "./language.fixture.ts";
import type { Need } from "./need.ts";
import type { ServedKinds } from "./rule.ts";

const VERBS = ["get", "list", "watch"];

function resource(group: string, kind: string, namespaced: boolean, plural = `${kind.toLowerCase()}s`): Resource {
  return { group, version: "v1", kind, plural, namespaced, verbs: VERBS };
}

const RBAC = "rbac.authorization.k8s.io";
const ALL: readonly Resource[] = [
  ...KINDS,
  ...[resource(RBAC, "Role", true), resource(RBAC, "RoleBinding", true)],
  ...[resource(RBAC, "ClusterRole", false), resource(RBAC, "ClusterRoleBinding", false)],
  resource("perennial.dev", "Policy", true, "policies"),
  resource("perennial.dev", "ClusterPolicy", false, "clusterpolicies"),
];
const SERVED: ServedKinds = {
  find: (apiVersion, kind) =>
    ALL.find((served) => served.kind === kind && apiVersionOf(served.group, served.version) === apiVersion),
  all: () => ALL,
};

function needsOf(rule: JsonObject, namespace?: string): readonly Need[] {
  const metadata = { name: "p", ...(namespace === undefined ? {} : { namespace }) };
  const kind = namespace === undefined ? "ClusterPolicy" : "Policy";
  const parsed = parsePolicy(
    { apiVersion: "perennial.dev/v1", kind, metadata, spec: { rules: [rule] } },
    { offline: true },
  );
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy, SERVED);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.needs;
}

/** `verbs resource.group namespace/name`, `*` where it may be any; nothing before the name where there is no namespace. */
function print(need: Need): string {
  if ("url" in need) return `${need.verbs.join(",")} ${need.url}`;
  const { verbs, group, resource: plural, namespace, name = "*" } = need;
  const place = namespace === undefined ? "" : `${namespace || "*"}/`;
  return `${verbs.join(",")} ${plural}${group === "" ? "" : `.${group}`} ${place}${name}`;
}

function printed(rule: JsonObject, namespace?: string): string[] {
  return needsOf(rule, namespace).map(print);
}

const SEES = "list namespaces *";
const WRITES = "get,create,patch,delete";
const VARIABLE = "{{ request.object.metadata.name }}";

function generating(generate: JsonObject): JsonObject {
  return ruleWith({ generate });
}

function made(kind: string, more: JsonObject, group = ""): JsonObject {
  return generating({ apiVersion: apiVersionOf(group, "v1"), kind, name: "made", ...more });
}

function binding(data: Json): JsonObject {
  return made("RoleBinding", { namespace: "shop", data }, RBAC);
}

const CONFIG = { namespace: "shop", data: {} };

describe("what a rule writes takes the permission to write it", () => {
  it.each<[string, JsonObject, string]>([
    ["there, and under that name", made("ConfigMap", CONFIG), `${WRITES} configmaps shop/made`],
    [
      "everywhere when the namespace is computed",
      made("ConfigMap", { ...CONFIG, namespace: VARIABLE }),
      `${WRITES} configmaps */made`,
    ],
    [
      "under any name when that is computed",
      made("ConfigMap", { ...CONFIG, name: `a-${VARIABLE}` }),
      `${WRITES} configmaps shop/*`,
    ],
    [
      "under any name when it is a reference",
      made("ConfigMap", { ...CONFIG, name: "$(../kind)" }),
      `${WRITES} configmaps shop/*`,
    ],
    ["in no namespace where there is none", made("Namespace", { data: {} }), `${WRITES} namespaces made`],
    [
      "but not to delete what is made once",
      made("ConfigMap", { ...CONFIG, synchronize: false }),
      "get,create,patch configmaps shop/made",
    ],
    [
      "any of its group when its kind is not served yet",
      made("Gadget", CONFIG, "t.example.com"),
      `${WRITES} *.t.example.com */*`,
    ],
    ["everything there when that may be a policy once it is served", made("Gadget", CONFIG, "kyverno.io"), "* *.* */*"],
    [
      "of each element of a list",
      generating({
        foreach: [{ list: "request.object.x", apiVersion: "v1", kind: "Secret", name: "{{ element }}", ...CONFIG }],
      }),
      `${WRITES} secrets shop/*`,
    ],
  ])("%s", (_case, rule, expected) => {
    expect(printed(rule)).toEqual([SEES, expected]);
  });

  it("in its own namespace, of a Policy", () => {
    const match = { any: [{ resources: { kinds: ["Pod"] } }] };
    const generate = {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "made",
      namespace: "{{ request.namespace }}",
      data: {},
    };
    expect(printed(ruleWith({ match, generate }), "team-a")).toEqual([
      "list pods team-a/*",
      `${WRITES} configmaps team-a/made`,
    ]);
  });

  it("everything, where it is a policy, which would be checked against the operator", () => {
    const spec = { spec: { rules: [] } };
    expect(printed(made("ClusterPolicy", { data: spec }, "perennial.dev"))).toContain("* *.* */*");
    expect(printed(made("Policy", { namespace: "shop", data: spec }, "perennial.dev"))).toContain("* *.* shop/*");
  });
});

describe("what gives rights to others takes the permission to give them", () => {
  const [one, any] = ["clusterroles.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io"];

  it.each<[string, Json, string[]]>([
    ["the role that is written out", { roleRef: { kind: "ClusterRole", name: "edit" } }, [`bind ${one} shop/edit`]],
    ["a Role", { roleRef: { kind: "Role", name: "r" } }, [`bind ${any} shop/r`]],
    [
      "any role, when its name is computed",
      { roleRef: { kind: "ClusterRole", name: VARIABLE } },
      [`bind ${one} shop/*`],
    ],
    [
      "any role of either kind, when that is computed",
      { roleRef: VARIABLE },
      [`bind ${any} shop/*`, `bind ${one} shop/*`],
    ],
    [
      "any, when a key is computed",
      { [VARIABLE]: { kind: "Role", name: "r" } },
      [`bind ${any} shop/*`, `bind ${one} shop/*`],
    ],
  ])("binding %s", (_case, data, expected) => {
    expect(printed(binding(data)).slice(2)).toEqual(expected);
  });

  it("binding any role, of a copy", () => {
    const clone = { namespace: "platform", name: "grants" };
    expect(printed(made("RoleBinding", { namespace: "shop", clone }, RBAC)).slice(2)).toEqual([
      `bind ${any} shop/*`,
      `bind ${one} shop/*`,
      "get rolebindings.rbac.authorization.k8s.io platform/grants",
    ]);
  });

  function escalation(data: JsonObject): { escalate: string; or: string[] | undefined } {
    const need = needsOf(made("ClusterRole", { data }, RBAC)).find(({ verbs }) => verbs.includes("escalate"));
    if (need === undefined || "url" in need) throw new Error("nothing escalates");
    return { escalate: print(need), or: need.or?.map(print) };
  }

  it("of a role the right to escalate it, or all that it grants", () => {
    const pods = { apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get"], resourceNames: ["a"] };
    const metrics = { nonResourceURLs: ["/metrics"], verbs: ["get"] };
    expect(escalation({ rules: [pods, metrics] })).toEqual({
      escalate: `escalate ${one} made`,
      or: ["get pods */a", "get pods/log */a", "get /metrics"],
    });
  });

  it.each<[string, JsonObject]>([
    ["a verb is computed", { rules: [{ apiGroups: [""], resources: ["pods"], verbs: [VARIABLE] }] }],
    ["a key is computed", { rules: [{ apiGroups: [""], resources: ["pods"], [VARIABLE]: ["*"] }] }],
    ["the rules are computed", { rules: VARIABLE }],
    ["another field may be the rules", { [VARIABLE]: [] }],
    ["it sums up others", { aggregationRule: { clusterRoleSelectors: [] }, rules: [] }],
    [
      "it grants too much to ask for",
      { rules: [{ apiGroups: [""], resources: Array(65).fill("pods"), verbs: ["get"] }] },
    ],
  ])("of a role nothing but the right to escalate it when %s", (_case, data) => {
    expect(escalation(data).or).toBeUndefined();
  });

  it("of what a mutate rule makes of bindings that exist, any role", () => {
    const target = { apiVersion: `${RBAC}/v1`, kind: "RoleBinding", name: "*-admin", namespace: "shop" };
    const patch = { patchStrategicMerge: { metadata: { labels: { a: "b" } } } };
    const { generate: _generate, ...rule } = ruleWith({ mutate: { targets: [target], ...patch } });
    expect(printed(rule)).toEqual([
      SEES,
      "get,list,patch rolebindings.rbac.authorization.k8s.io shop/*",
      `bind ${any} shop/*`,
      `bind ${one} shop/*`,
    ]);
  });

  it("of what a mutate rule makes of others' bindings, any role", () => {
    const { generate: _generate, ...rule } = ruleWith({
      match: { any: [{ resources: { kinds: ["RoleBinding"], namespaces: ["shop"] } }] },
      mutate: { patchStrategicMerge: { metadata: { labels: { a: "b" } } } },
    });
    expect(printed(rule)).toEqual([
      "list rolebindings.rbac.authorization.k8s.io shop/*",
      "get,create,patch rolebindings.rbac.authorization.k8s.io shop/*",
      `bind ${any} shop/*`,
      `bind ${one} shop/*`,
    ]);
  });
});

describe("what a rule sees takes the permission to see it", () => {
  it.each<[string, JsonObject, string[]]>([
    ["its triggers, wherever they are", { kinds: ["Secret"] }, ["list secrets */*"]],
    [
      "those in the namespaces that match names",
      { kinds: ["Secret"], namespaces: ["a", "b"] },
      ["list secrets a/*", "list secrets b/*"],
    ],
    ["Namespaces that match names", { kinds: ["Namespace"], names: ["a"] }, ["get namespaces a"]],
    ["all of a group, for what may be served later", { kinds: ["apps/*/*"] }, ["list *.apps */*"]],
    ["everything, for a kind that nobody serves", { kinds: ["Gadget"] }, ["list *.* */*"]],
  ])("%s", (_case, resources, expected) => {
    const rule = ruleWith({ match: { any: [{ resources }] } });
    expect(printed(rule).filter((need) => !need.includes("configmaps"))).toEqual(expected);
  });

  const call = (apiCall: JsonObject): JsonObject => ({ apiCall });

  it.each<[string, JsonObject, string]>([
    ["a ConfigMap", { configMap: { name: "c", namespace: "platform" } }, "get configmaps platform/c"],
    ["a ConfigMap somewhere", { configMap: { name: "c", namespace: VARIABLE } }, "get configmaps */c"],
    ["an object by its path", call({ urlPath: "/api/v1/namespaces/platform/secrets/s" }), "get secrets platform/s"],
    [
      "a collection",
      call({ urlPath: "/api/v1/namespaces/platform/secrets?labelSelector=a" }),
      "list secrets platform/*",
    ],
    ["a collection somewhere", call({ urlPath: `/api/v1/namespaces/${VARIABLE}/secrets` }), "list secrets */*"],
    ["what nobody serves yet", call({ urlPath: "/apis/x.io/v1/gadgets" }), "list gadgets.x.io */*"],
    ["a path that is no resource", call({ urlPath: "/version" }), "get /version"],
    ["a log", call({ urlPath: "/api/v1/namespaces/a/pods/p/log" }), "get pods/log a/p"],
    ["what a proxy leads to", call({ urlPath: "/api/v1/namespaces/a/services/s/proxy/x/y" }), "get services/proxy a/s"],
    [
      "a review",
      call({ urlPath: "/apis/authorization.k8s.io/v1/subjectaccessreviews", method: "POST" }),
      "create subjectaccessreviews.authorization.k8s.io */*",
    ],
  ])("%s", (_case, source, expected) => {
    const before = [SEES, `${WRITES} configmaps shop/made`];
    expect(printed(ruleWith({ context: [{ name: "x", ...source }] }))).toEqual(
      expect.arrayContaining([...before, expected]),
    );
  });

  it("everything, where the resource of a path is computed", () => {
    const context = [{ name: "x", apiCall: { urlPath: `/api/v1/${VARIABLE}` } }];
    expect(printed(ruleWith({ context }))).toEqual(expect.arrayContaining(["* *.* */*", "* *"]));
  });

  it.each<[what: string, changes: { [field: string]: Json }]>([
    ["in a filter", { exclude: { any: [{ clusterRoles: ["admin"] }] } }],
    ["in an expression", { preconditions: [{ key: "{{ request.roles }}", operator: "Equals", value: [] }] }],
  ])("all bindings of the cluster, where it asks which roles somebody has, also of a Policy: %s", (_what, changes) => {
    const found = printed(ruleWith({ match: { any: [{ resources: { kinds: ["Secret"] } }] }, ...changes }), "shop");
    expect(found).toContain(`list rolebindings.${RBAC} */*`);
    expect(found).toContain(`list clusterrolebindings.${RBAC} *`);
  });

  it("the sources of copies, and of a list of copies", () => {
    const clone = made("Secret", { namespace: "shop", clone: { namespace: "platform", name: "s" } });
    expect(printed(clone)).toContain("get secrets platform/s");
    const cloneList = { namespace: "platform", kinds: ["v1/Secret"], selector: { matchLabels: { a: "b" } } };
    expect(printed(generating({ namespace: "shop", cloneList }))).toEqual([
      SEES,
      `${WRITES} secrets shop/*`,
      "list secrets platform/*",
    ]);
  });

  it("nothing, of a service, which is not the API server's", () => {
    const context = [{ name: "x", apiCall: { service: { url: "https://teams.platform.svc/teams" } } }];
    expect(printed(ruleWith({ context }))).toEqual([SEES, `${WRITES} configmaps shop/made`]);
  });
});
