import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { JsonObject, KubernetesObject } from "../../object/index.ts";
import { refOf } from "../../object/index.ts";
import { InputError } from "../input-error.ts";
import { loadWorld } from "../load.ts";
import { planOffline } from "../offline-plan.ts";
import { SYSTEM_NAMESPACES } from "../options.ts";
import { fileOf, infoRule, labelRule, namespaceOf, objectOf, policyOf } from "../plan.fixture.ts";
import { exitCodeOf, type PlanReport } from "../plan-report.ts";
import { printPlan } from "../print-plan.ts";
import { readFiles } from "../read-files.ts";
import { planFiles } from "./plan.ts";

const OPTIONS = { installation: "perennial-system", now: new Date("2026-01-01T00:00:00Z") };

type Objects = (JsonObject | KubernetesObject)[];

function planOf(...objects: Objects): PlanReport {
  return planFiles([fileOf(...objects)], OPTIONS);
}

function actionsOf(report: PlanReport): string[] {
  return report.targets.map(
    ({ action, target }) => `${action} ${target.kind} ${target.namespace ?? ""}/${target.name}`,
  );
}

function problemsOf(...objects: Objects): readonly string[] {
  try {
    planOf(...objects);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
}

/** What the objects are once the policies were carried out, as `kubectl get -o yaml` shows them. */
function carriedOut(...objects: Objects): KubernetesObject[] {
  const { world } = loadWorld([fileOf(...objects)], { ...OPTIONS, systemNamespaces: SYSTEM_NAMESPACES });
  const resources = [...world.catalogue.all()];
  planOffline(world);
  const found = resources.flatMap((resource) => [...(world.objects(resource)?.values() ?? [])]);
  return found.map((object) => structuredClone(object));
}

function only(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  return objects.find((object) => refOf(object).kind === kind) ?? expect.fail(`there is no ${kind}`);
}

describe("perennial plan", () => {
  it("says what would be created, by which rule, for what, and what it would be", () => {
    const report = planOf(policyOf("p", infoRule()), namespaceOf("shop"), namespaceOf("sandbox", {}));
    expect(report.targets).toEqual([
      {
        action: "create",
        policy: "ClusterPolicy p",
        rule: "info",
        trigger: "Namespace shop",
        target: { apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name: "info" },
        because: "it does not exist",
        object: {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "info", namespace: "shop" },
          data: { team: "checkout" },
        },
      },
    ]);
    expect(report.summary).toEqual({ create: 1, change: 0, delete: 0, release: 0, none: 0, fail: 0 });
    expect(exitCodeOf(report)).toBe(1);
  });

  it("has nothing to do once its plan was carried out", () => {
    const files = [policyOf("p", infoRule()), namespaceOf("shop"), namespaceOf("bank")];
    const report = planOf(files[0] as JsonObject, ...carriedOut(...files));
    expect(actionsOf(report)).toEqual(["none ConfigMap shop/info", "none ConfigMap bank/info"]);
    expect(exitCodeOf(report)).toBe(0);
    expect(printPlan(report)).toBe("Nothing to do: 2 as they should be.\n");
  });

  it("knows what it made when the trigger comes from a repository and has no uid", () => {
    const policy = policyOf("p", infoRule());
    const stored = namespaceOf("shop");
    stored.metadata.uid = "u1";
    const made = only(carriedOut(policy, stored), "ConfigMap");
    expect(actionsOf(planOf(policy, namespaceOf("shop"), made))).toEqual(["none ConfigMap shop/info"]);
  });

  it("shows each field that would change, from what to what", () => {
    const policy = policyOf(
      "p",
      infoRule({}, { data: { data: { team: "{{ request.object.metadata.labels.team }}", a: "1" } } }),
    );
    const made = only(carriedOut(policyOf("p", infoRule()), namespaceOf("shop")), "ConfigMap");
    delete made.metadata.managedFields;
    made.data = { team: "bank", added: "x" };
    const [target] = planOf(policy, namespaceOf("shop"), made).targets;
    expect(target?.action).toBe("change");
    expect(target?.changes).toEqual([
      { path: "/data/team", from: "bank", to: "checkout" },
      { path: "/data/a", to: "1" },
      { path: "/data/added", from: "x" },
    ]);
  });

  it("leaves alone what a server may have added by itself", () => {
    const data = { spec: { selector: { app: "web" }, ports: [{ port: 80 }] } };
    const policy = policyOf("p", infoRule({}, { kind: "Service", data }));
    const made = only(carriedOut(policy, namespaceOf("shop")), "Service");
    delete made.metadata.managedFields;
    made.spec = { ...data.spec, ports: [{ port: 80, protocol: "TCP" }], clusterIP: "10.0.0.1" };
    expect(actionsOf(planOf(policy, namespaceOf("shop"), made))).toEqual(["none Service shop/info"]);
    made.spec = { ...data.spec, ports: [{ port: 80 }, { port: 81 }] };
    expect(actionsOf(planOf(policy, namespaceOf("shop"), made))).toEqual(["change Service shop/info"]);
  });

  it("deletes what is no longer wanted", () => {
    const made = carriedOut(policyOf("p", infoRule()), namespaceOf("shop"));
    const config = only(made, "ConfigMap");
    const renamed = policyOf("p", infoRule({}, { name: "renamed" }));
    expect(actionsOf(planOf(renamed, namespaceOf("shop"), config))).toEqual([
      "create ConfigMap shop/renamed",
      "delete ConfigMap shop/info",
    ]);
    expect(actionsOf(planOf(policyOf("p", infoRule()), namespaceOf("shop", {}), config))).toEqual([
      "delete ConfigMap shop/info",
    ]);
    expect(
      actionsOf(planOf(policyOf("p", infoRule({ name: "other" }, { name: "x" })), namespaceOf("shop"), config)),
    ).toEqual(["create ConfigMap shop/x", "delete ConfigMap shop/info"]);
  });

  it("says nothing of what another policy made, or of what was made for a trigger that is not in the files", () => {
    const config = only(carriedOut(policyOf("p", infoRule()), namespaceOf("shop")), "ConfigMap");
    expect(planOf(policyOf("p", infoRule()), config).targets).toEqual([]);
    expect(planOf(policyOf("q", infoRule({}, { name: "x" })), namespaceOf("shop", {}), config).targets).toEqual([]);
  });

  it("adopts what belongs to nobody, and fails where it belongs to another manager or another rule", () => {
    const existing = objectOf("v1", "ConfigMap", "info", { data: {} });
    const [adopted] = planOf(policyOf("p", infoRule()), namespaceOf("shop"), existing).targets;
    expect(adopted).toMatchObject({ action: "change", changes: [{ path: "/data/team", to: "checkout" }] });
    existing.metadata.annotations = { "argocd.argoproj.io/tracking-id": "app" };
    const report = planOf(policyOf("p", infoRule()), namespaceOf("shop"), existing);
    expect(report.targets).toMatchObject([{ action: "fail", reason: "Conflict" }]);
    expect(exitCodeOf(report)).toBe(2);
    const two = planOf(
      policyOf("p", infoRule()),
      policyOf("q", infoRule({}, { data: { data: { team: "x" } } })),
      namespaceOf("shop"),
    );
    expect(two.targets.map(({ action, policy }) => `${action} ${policy}`)).toEqual([
      "create ClusterPolicy p",
      "fail ClusterPolicy q",
    ]);
  });

  it("holds back deletions beyond the limit of the policy, and says how they are approved", () => {
    const spaces = ["a", "b", "c"].map((name) => namespaceOf(name));
    const before = carriedOut(policyOf("p", infoRule()), ...spaces);
    const limited = (pruneLimit: number, annotations = {}): JsonObject => ({
      ...policyOf("p"),
      metadata: { name: "p", generation: 7, annotations },
      spec: { pruneLimit, rules: [infoRule({}, { name: "renamed" })] },
    });
    const deleted = (report: PlanReport) => report.summary.delete;
    const held = planOf(limited(2), ...before);
    expect([deleted(held), held.summary.create]).toEqual([0, 3]);
    expect(held.failures).toMatchObject([{ policy: "ClusterPolicy p", reason: "PruneHeld" }]);
    expect(held.failures[0]?.message).toMatch(
      /^3 objects are no longer wanted, more than spec.pruneLimit allows \(2\), .*ConfigMap a\/info.*approve-prune.*"7"/,
    );
    expect(deleted(planOf(limited(3), ...before))).toBe(3);
    expect(deleted(planOf(limited(2, { "perennial.dev/approve-prune": "7" }), ...before))).toBe(3);
    expect(deleted(planOf(limited(2, { "perennial.dev/approve-prune": "6" }), ...before))).toBe(0);
  });

  it("takes a namespace that is not in the files to be there", () => {
    const rule = infoRule(
      { match: { any: [{ resources: { kinds: ["Deployment"] } }] } },
      { namespace: "{{ request.namespace }}", data: { data: {} } },
    );
    expect(actionsOf(planOf(policyOf("p", rule), objectOf("apps/v1", "Deployment", "web")))).toEqual([
      "create ConfigMap shop/info",
    ]);
  });

  it("says so where the labels of such a namespace decide", () => {
    const filter = { kinds: ["Deployment"], namespaceSelector: { matchLabels: { team: "x" } } };
    const rule = infoRule({ match: { any: [{ resources: filter }] } }, { namespace: "shop", data: { data: {} } });
    const report = planOf(policyOf("p", rule), objectOf("apps/v1", "Deployment", "web"));
    expect(report.targets).toEqual([]);
    expect(report.notes).toEqual([
      "Namespace shop is not in the files, so it has no labels here, which a rule asks for",
    ]);
  });

  it("fails when an expression gives an error for a trigger", () => {
    const rule = infoRule({ match: { any: [{ resources: { kinds: ["Namespace"] } }] } });
    const report = planOf(policyOf("p", rule), namespaceOf("shop", {}));
    expect(report.failures).toMatchObject([{ rule: "info", trigger: "Namespace shop", reason: "ExpressionFailed" }]);
    expect(exitCodeOf(report)).toBe(2);
    expect(printPlan(report)).toContain("! fail   rule info, for Namespace shop: ExpressionFailed: spec.rules[0]");
  });

  it("keeps the content of Secrets to itself", () => {
    const clone = { data: undefined, kind: "Secret", clone: { name: "pull", namespace: "base" } };
    const rule = JSON.parse(JSON.stringify(infoRule({}, clone as unknown as JsonObject)));
    const secret = { ...objectOf("v1", "Secret", "pull", { data: { key: "c2VjcmV0LXZhbHVl" } }) };
    secret.metadata = { name: "pull", namespace: "base" };
    const report = planOf(policyOf("p", rule), namespaceOf("shop"), secret);
    expect(actionsOf(report)).toEqual(["create Secret shop/info"]);
    for (const text of [printPlan(report), JSON.stringify(report)]) {
      expect(text).toContain("(masked)");
      expect(text).not.toMatch(/c2VjcmV0LXZhbHVl|secret-value/);
    }
  });

  it("masks what a rule takes over from a Secret into another kind", () => {
    const rule = infoRule(
      { match: { any: [{ resources: { kinds: ["Secret"] } }] } },
      { namespace: "shop", data: { data: { copy: "it is {{ request.object.data.key | base64_decode(@) }}" } } },
    );
    const secret = objectOf("v1", "Secret", "pull", { data: { key: "c2VjcmV0LXZhbHVl" } });
    const [target] = planOf(policyOf("p", rule), secret).targets;
    expect(target?.object).toMatchObject({ data: { copy: "it is (masked)" } });
  });

  it("reads policies of kyverno.io with the defaults of that group", () => {
    const policy = { ...policyOf("p", infoRule()), apiVersion: "kyverno.io/v1" };
    const existing = objectOf("v1", "ConfigMap", "info", { data: {} });
    expect(actionsOf(planOf(policy, namespaceOf("shop")))).toEqual(["create ConfigMap shop/info"]);
    expect(planOf(policy, namespaceOf("shop"), existing).targets).toMatchObject([{ action: "none" }]);
  });

  it("knows the kinds that definitions in the files define", () => {
    const names = { kind: "Widget", plural: "widgets" };
    const spec = { group: "t.example.com", scope: "Namespaced", names, versions: [{ name: "v1", served: true }] };
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.t.example.com" },
      spec,
    };
    const rule = infoRule({}, { apiVersion: "t.example.com/v1", kind: "Widget", data: { spec: { size: 1 } } });
    const report = planOf(definition, policyOf("p", rule), namespaceOf("shop"));
    expect(actionsOf(report)).toEqual(["create Widget shop/info"]);
    expect(problemsOf(policyOf("p", rule), namespaceOf("shop"))).toEqual([
      "objects.yaml, document 1: ClusterPolicy p: t.example.com/v1/Widget (spec.rules[0].generate) is not known here: add its CustomResourceDefinition to the files",
    ]);
  });
});

describe("perennial plan of the samples", () => {
  it("knows every kind that they name", () => {
    const samples = readFiles([fileURLToPath(new URL("../../../samples", import.meta.url))]);
    const { summary } = planFiles([...samples, fileOf(namespaceOf("shop"))], OPTIONS);
    expect(summary.create).toBeGreaterThan(0);
  });
});

describe("perennial plan refuses, and tells all at once:", () => {
  it("policies that are wrong, with file, policy, path and what would be right", () => {
    const wrong = infoRule(
      { name: "other" },
      { namespace: undefined as unknown as string, data: { data: { a: "{{ nope }}" } } },
    );
    const problems = problemsOf(
      policyOf("p", { ...infoRule(), generat: {} }),
      policyOf("q", JSON.parse(JSON.stringify(wrong))),
    );
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/^objects.yaml, document 1: ClusterPolicy p: spec.rules\[0\].generat: UnknownField: /);
    expect(problems[1]).toMatch(
      /^objects.yaml, document 2: ClusterPolicy q: spec.rules\[0\].generate.* UnknownVariable: /,
    );
    expect(problems[2]).toMatch(/NamespaceRequired: ConfigMap lives in a namespace: say which/);
  });

  it("tells a kind that nobody knows together with what else is wrong", () => {
    const data = { spec: { size: "{{ request.objct.metadata.name }}" } };
    const problems = problemsOf(policyOf("p", infoRule({}, { apiVersion: "t.example.com/v1", kind: "Widget", data })));
    expect(problems).toEqual([
      expect.stringContaining("UnknownVariable"),
      expect.stringContaining("is not known here"),
    ]);
  });

  it.each<[string, JsonObject, RegExp]>([
    [
      "a kind that nobody knows",
      { ...objectOf("t.example.com/v1", "Widget", "w") },
      /kind Widget of t.example.com\/v1 is not known here: add/,
    ],
    [
      "a version that is not known",
      { ...objectOf("apps/v1beta1", "Deployment", "d") },
      /apps\/v1beta1 is no version of Deployment that is known here: write apps\/v1,/,
    ],
    [
      "an object without a name",
      { apiVersion: "v1", kind: "Pod", metadata: {} },
      /this Pod has no name: add metadata.name/,
    ],
    ["what is no object", { a: 1 }, /is no Kubernetes object: it has no apiVersion/],
    [
      "a label that is no text",
      { apiVersion: "v1", kind: "Pod", metadata: { name: "x", labels: { a: 1 } } },
      /metadata.labels.a is 1, which is no string: put it in quotes/,
    ],
  ])("%s", (_what, object, problem) => {
    const [found, ...more] = problemsOf(policyOf("p", infoRule()), object);
    expect(found).toMatch(problem);
    expect(found).toMatch(/^objects.yaml, document 2: /);
    expect(more).toEqual([]);
  });

  it("files without a policy", () => {
    expect(problemsOf(namespaceOf("shop"))).toEqual([
      "there is no policy in the files: add one of kind ClusterPolicy or Policy",
    ]);
  });
});

describe("random values", () => {
  const rule = infoRule({}, { data: { data: { team: "checkout", token: "{{ random('[a-z]{12}') }}" } } });

  /** What the operator made, with a key of its own. */
  function made(change: { [key: string]: string } = {}): KubernetesObject[] {
    return carriedOut(policyOf("p", rule), namespaceOf("shop")).map((object) =>
      object.kind === "ConfigMap"
        ? { ...object, data: { team: "checkout", token: "fromthecluster", ...change } }
        : object,
    );
  }

  it("are the operator's alone: what the target has counts as right", () => {
    const report = planOf(policyOf("p", rule), ...made());
    expect(report.targets).toMatchObject([{ action: "none", because: expect.stringContaining("random values alone") }]);
    expect(exitCodeOf(report)).toBe(0);
  });

  it("do not hide what else is wrong", () => {
    const report = planOf(policyOf("p", rule), ...made({ team: "bank" }));
    expect(report.targets).toMatchObject([
      { action: "change", changes: [{ path: "/data/team", from: "bank", to: "checkout" }] },
    ]);
  });
});

describe("perennial plan of mutate rules", () => {
  const policy = policyOf("p", labelRule({ tier: "gold", team: null }));

  it("says what each changes, field by field", () => {
    const report = planOf(policy, namespaceOf("shop"), namespaceOf("sandbox", {}));
    expect(report.targets).toEqual([
      {
        action: "change",
        policy: "ClusterPolicy p",
        rule: "label",
        trigger: "Namespace shop",
        target: { apiVersion: "v1", kind: "Namespace", name: "shop" },
        because: "the rule changes it",
        changes: [
          { path: "/metadata/labels/tier", to: "gold" },
          { path: "/metadata/labels/team", from: "checkout" },
        ],
      },
    ]);
    expect(exitCodeOf(report)).toBe(1);
    expect(printPlan(report)).toContain(
      '      + /metadata/labels/tier: "gold"\n      - /metadata/labels/team: "checkout"\n',
    );
  });

  it("has nothing to do where nothing changes", () => {
    const report = planOf(policyOf("p", labelRule({ team: "checkout" })), namespaceOf("shop"));
    expect(actionsOf(report)).toEqual(["none Namespace /shop"]);
    expect(exitCodeOf(report)).toBe(0);
  });

  it("goes by policies in the order of their names, each seeing what came before", () => {
    const second = policyOf("b", labelRule({ seen: "{{ request.object.metadata.labels.tier }}" }));
    const report = planOf(second, policyOf("a", labelRule({ tier: "gold" })), namespaceOf("shop"));
    expect(report.targets.map(({ changes }) => changes)).toEqual([
      [{ path: "/metadata/labels/tier", to: "gold" }],
      [{ path: "/metadata/labels/seen", to: "gold" }],
    ]);
  });

  it("lets generate rules see what came of it", () => {
    const data = { data: { tier: "{{ request.object.metadata.labels.tier }}" } };
    const report = planOf(policyOf("p", labelRule({ tier: "gold" }), infoRule({}, { data })), namespaceOf("shop"));
    expect(actionsOf(report)).toEqual(["change Namespace /shop", "create ConfigMap shop/info"]);
    expect(report.targets[1]?.object?.data).toEqual({ tier: "gold" });
  });

  it("tells a rule that fails, and leaves the object", () => {
    const failing = labelRule({}, { mutate: { patchesJson6902: "- {op: replace, path: /spec/x, value: 1}" } });
    const report = planOf(policyOf("p", failing), namespaceOf("shop"));
    expect(report.targets).toMatchObject([
      { action: "fail", reason: "InvalidTarget", because: expect.stringContaining("patchesJson6902[0]") },
    ]);
    expect(exitCodeOf(report)).toBe(2);
  });

  it("notes a rule that changes its own result again", () => {
    const appending = labelRule({}, { mutate: { patchesJson6902: "- {op: add, path: /spec/finalizers/-, value: x}" } });
    const { notes } = planOf(policyOf("p", appending), namespaceOf("shop"));
    expect(notes).toContainEqual(
      expect.stringMatching(/^ClusterPolicy p, rule label, Namespace shop: \/spec\/finalizers changes each time/),
    );
  });

  it("shows no content of Secrets", () => {
    const match = { any: [{ resources: { kinds: ["Secret"] } }] };
    const rule = labelRule(
      {},
      { match, mutate: { patchStrategicMerge: { data: { b: "{{ request.object.data.a }}" } } } },
    );
    const report = planOf(policyOf("p", rule), objectOf("v1", "Secret", "s", { data: { a: "c2VjcmV0" } }));
    expect(report.targets[0]?.changes).toEqual([{ path: "/data/b", to: "(masked)" }]);
  });

  it("plans rules about existing objects of kyverno.io that are kept true, and notes those that act on changes", () => {
    const patchStrategicMerge = { metadata: { labels: { new: "1" } } };
    const rule = (more: JsonObject): JsonObject =>
      labelRule({}, { mutate: { targets: [{ apiVersion: "v1", kind: "Namespace" }], patchStrategicMerge, ...more } });
    const foreign = (more: JsonObject) =>
      planOf({ ...policyOf("p", rule(more)), apiVersion: "kyverno.io/v1" }, namespaceOf("shop"));
    const { notes, targets } = foreign({});
    expect(targets).toEqual([]);
    expect(notes).toContainEqual(
      expect.stringContaining("rule label of perennial.dev/ClusterPolicy p acts on changes"),
    );
    expect(foreign({ mutateExistingOnPolicyUpdate: true }).targets).toMatchObject([
      { action: "change", target: { kind: "Namespace" }, changes: [{ path: "/metadata/labels/new", to: "1" }] },
    ]);
  });

  it("says what of requests no file shows", () => {
    const about = (kind: string): JsonObject => ({ match: { any: [{ resources: { kinds: [kind] } }] } });
    const notesOf = (rule: JsonObject): readonly string[] => planOf(policyOf("p", rule), namespaceOf("shop")).notes;
    expect(notesOf(infoRule(about("Pod/exec")))).toContainEqual(
      expect.stringMatching(/^rule info of .* acts on requests \(CREATE, UPDATE, CONNECT\), of which files show none$/),
    );
    expect(notesOf(labelRule({ a: "b" }, about("Deployment/scale")))).toContainEqual(
      expect.stringMatching(/^rule label of .* changes what is sent to subresources, of which files show none$/),
    );
  });

  it("tells what becomes of a status, and of a scale where the object keeps it", () => {
    const mutate = (name: string, target: JsonObject, patchStrategicMerge: JsonObject): JsonObject => ({
      ...infoRule(),
      ...{ name, generate: null, mutate: { targets: [target], patchStrategicMerge } },
    });
    const rules = [
      mutate("status", { apiVersion: "v1", kind: "Node/status" }, { status: { capacity: { dongles: "4" } } }),
      mutate("scale", { apiVersion: "apps/v1", kind: "Deployment/scale" }, { spec: { replicas: 2 } }),
    ].map(({ generate: _none, ...rule }) => rule);
    const node: KubernetesObject = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } };
    const web = objectOf("apps/v1", "Deployment", "web", { spec: { replicas: 1 } });
    expect(planOf(policyOf("p", ...rules), namespaceOf("shop"), node, web).targets).toMatchObject([
      { target: { kind: "Node" }, changes: [{ path: "/status", to: { capacity: { dongles: "4" } } }] },
      { target: { kind: "Deployment" }, changes: [{ path: "/spec/replicas", from: 1, to: 2 }] },
    ]);
  });
});
