import { describe, expect, it } from "vitest";
import { ADOPTED, CLAIM, type KubernetesObject, keyOf, POLICY, refOf, resourceKey, TARGET } from "../object/index.ts";
import { type ClaimKey, createObjectStore, createPrunes, type PolicyState } from "../state/index.ts";
import { gatheredBy, planClaim } from "./plan.ts";
import { isWrite, type Step } from "./step.ts";
import {
  applied,
  CONFIG_MAPS,
  changedBy,
  claimOf,
  configMapRule,
  emptyWorld,
  namespaceObject,
  servePolicy,
  type TestWorld,
  WIDGETS,
} from "./world.fixture.ts";

const SHOP = namespaceObject("shop");

/** A world in which one rule makes a ConfigMap in the Namespace shop. */
function worldWithRule(more = {}): { world: TestWorld; key: ClaimKey } {
  const world = emptyWorld();
  world.stores.get("/v1/namespaces")?.set(SHOP);
  const policy = servePolicy(world, "base", [
    configMapRule("settings", { owner: "{{ request.object.metadata.name }}" }, more),
  ]);
  return { world, key: claimOf(policy, "settings", SHOP) };
}

function writes(world: TestWorld, key: ClaimKey): Step[] {
  return planClaim(world, key).steps.filter(isWrite);
}

/** The object that the first plan wants. */
function wanted(world: TestWorld, key: ClaimKey): KubernetesObject {
  const [step] = planClaim(world, key).steps;
  if (step?.verb !== "apply") throw new Error("nothing is applied");
  return step.object;
}

function observe(world: TestWorld, live: KubernetesObject): void {
  world.inventory.observe(live, { resource: CONFIG_MAPS, by: "watch", now: world.now });
}

/** What the worker does with a plan: remembers its judgements and what it wants. */
function commit(world: TestWorld, key: ClaimKey): void {
  const plan = planClaim(world, key);
  for (const { target, ...judgement } of plan.judged) world.inventory.judge(keyOf(target), judgement);
  world.claims.set({ key, wants: new Set(plan.wants), inSync: 0, failures: [] }, key, plan.reads);
}

describe("a desired target", () => {
  it("is created when it is not there, under the precondition that it is not", () => {
    const { world, key } = worldWithRule();
    const [step] = writes(world, key);
    expect(step).toMatchObject({ verb: "apply", precondition: { absent: true }, object: { data: { owner: "shop" } } });
  });

  it("needs no more writes once it was applied", () => {
    const { world, key } = worldWithRule();
    observe(world, applied(wanted(world, key)));
    expect(writes(world, key)).toEqual([]);
    commit(world, key);
    expect(writes(world, key)).toEqual([]);
    expect(
      world.inventory.get(keyOf({ group: "", kind: "ConfigMap", namespace: "shop", name: "settings" }))?.pending,
    ).toBeUndefined();
  });

  it("is put back by one apply when a value was edited", () => {
    const { world, key } = worldWithRule();
    const live = applied(wanted(world, key));
    observe(world, live);
    commit(world, key);
    const edited = changedBy("kubectl-edit", live, (object) => Object.assign(object, { data: { owner: "mallory" } }), {
      "f:data": { "f:owner": {} },
    });
    observe(world, edited);
    const [step] = writes(world, key);
    expect(step).toMatchObject({
      verb: "apply",
      precondition: { uid: live.metadata.uid },
      correction: { paths: ["/data/owner"], before: '"shop"', after: '"mallory"', manager: "kubectl-edit" },
    });
  });

  it("loses by one JSON patch what somebody added", () => {
    const { world, key } = worldWithRule();
    const live = applied(wanted(world, key));
    observe(world, live);
    commit(world, key);
    const edited = changedBy(
      "kubectl-edit",
      live,
      (object) => Object.assign(object, { data: { owner: "shop", extra: "x" } }),
      { "f:data": { "f:extra": {} } },
    );
    observe(world, edited);
    const [step] = writes(world, key);
    expect(step).toMatchObject({
      verb: "patch",
      patch: [
        { op: "replace", path: "/metadata/resourceVersion" },
        { op: "remove", path: "/data/extra" },
      ],
    });
  });

  it("is applied again when what is desired has changed, without looking at it", () => {
    const { world, key } = worldWithRule();
    observe(world, applied(wanted(world, key)));
    commit(world, key);
    servePolicy(world, "base", [configMapRule("settings", { owner: "somebody else" })]);
    expect(writes(world, key)).toMatchObject([{ verb: "apply", because: "what is desired has changed" }]);
  });

  it("waits while it is being deleted", () => {
    const { world, key } = worldWithRule();
    const live = applied(wanted(world, key));
    observe(world, { ...live, metadata: { ...live.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } });
    expect(writes(world, key)).toEqual([]);
  });

  it("is taken over in one write when its trigger was deleted and created again", () => {
    const { world, key } = worldWithRule();
    const live = applied(wanted(world, key));
    observe(world, live);
    commit(world, key);
    world.stores.get("/v1/namespaces")?.set(namespaceObject("shop", {}, "another-uid"));
    expect(writes(world, key)).toMatchObject([{ verb: "apply", precondition: { uid: live.metadata.uid } }]);
  });

  it("is not made in a system namespace, and says so", () => {
    const { world, key } = worldWithRule({ namespace: "kube-system" });
    const plan = planClaim(world, key);
    expect(plan.steps).toMatchObject([{ verb: "skip", failure: { reason: "SystemNamespace" } }]);
  });

  it("says which namespace is missing, and is planned again when it appears", () => {
    const { world, key } = worldWithRule({ namespace: "nowhere" });
    const plan = planClaim(world, key);
    expect(plan.steps).toMatchObject([{ verb: "skip", failure: { reason: "NamespaceMissing" } }]);
    expect(plan.reads).toContain("namespace/nowhere");
  });
});

describe("an object that was there before", () => {
  it("is adopted, and marked so that it is released one day", () => {
    const { world, key } = worldWithRule();
    observe(world, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "shop", uid: "u", resourceVersion: "5" },
    });
    const [step] = writes(world, key);
    expect(step).toMatchObject({
      verb: "apply",
      precondition: { uid: "u" },
      object: { metadata: { annotations: { [ADOPTED]: "true" } } },
    });
  });

  it.each([
    ["Helm", { annotations: { "meta.helm.sh/release-name": "web" } }],
    ["Argo CD", { annotations: { "argocd.argoproj.io/tracking-id": "app:x" } }],
    ["Flux", { labels: { "kustomize.toolkit.fluxcd.io/name": "apps" } }],
    ["the manager", { labels: { "app.kubernetes.io/managed-by": "somebody" } }],
    ["its controller", { ownerReferences: [{ apiVersion: "v1", kind: "Job", name: "j", uid: "x", controller: true }] }],
  ])("is left to %s and reported", (owner, metadata) => {
    const { world, key } = worldWithRule();
    observe(world, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "shop", uid: "u", resourceVersion: "5", ...metadata },
    });
    const plan = planClaim(world, key);
    expect(plan.steps).toMatchObject([
      { verb: "skip", failure: { reason: "Conflict", message: expect.stringContaining(owner) } },
    ]);
  });

  it.each([
    ["Always", {}, "apply"],
    ["Always", { labels: { "app.kubernetes.io/managed-by": "somebody" } }, "apply"],
    ["IfUnmanaged", {}, "apply"],
    ["IfUnmanaged", { labels: { "generate.kyverno.io/policy-name": "p" } }, "skip"],
    ["Never", {}, "skip"],
  ] as const)("is adopted or left as the policy says: %s, %o", (adoption, metadata, verb) => {
    const { world, key } = worldWithRule();
    for (const state of world.states.values()) if (state.phase === "compiled") state.compiled.adoption = adoption;
    observe(world, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "shop", uid: "u", resourceVersion: "5", ...metadata },
    });
    expect(planClaim(world, key).steps.map((step) => step.verb)).toEqual([verb]);
  });

  it("is ours when only its labels were taken off", () => {
    const { world, key } = worldWithRule();
    const live = applied(wanted(world, key));
    const { [CLAIM]: _claim, [TARGET]: _target, ...labels } = live.metadata.labels ?? {};
    observe(world, { ...live, metadata: { ...live.metadata, labels } });
    const [step] = writes(world, key);
    expect(step).toMatchObject({ verb: "apply", because: expect.stringContaining("perennial.dev~1claim") });
    expect(step).toMatchObject({
      correction: { paths: expect.arrayContaining(["/metadata/labels/perennial.dev~1claim"]) },
    });
    expect(step).not.toMatchObject({ object: { metadata: { annotations: { [ADOPTED]: "true" } } } });
  });

  it("stays adopted when its labels were taken off", () => {
    const { world, key } = worldWithRule();
    const live = applied(wanted(world, key));
    const annotations = { ...live.metadata.annotations, [ADOPTED]: "true" };
    observe(world, { ...live, metadata: { ...live.metadata, annotations, labels: {} } });
    const [step] = writes(world, key);
    expect(step).toMatchObject({ verb: "apply", object: { metadata: { annotations: { [ADOPTED]: "true" } } } });
  });

  it("is nobody's when its marks are a copy of another object's", () => {
    const { world, key } = worldWithRule();
    const live = applied(wanted(world, key));
    const copy = { ...live, metadata: { ...live.metadata, name: "copy", uid: "copy" } };
    observe(world, copy);
    expect(world.inventory.get(keyOf(refOf(copy)))?.marks).toBeUndefined();
    expect(planClaim(world, key).steps).toHaveLength(1); // only the real one is planned
  });
});

describe("a trigger that carries marks", () => {
  const match = { any: [{ resources: { kinds: ["ConfigMap"], names: ["settings"] } }] };

  /** A second rule, about the ConfigMap that the first one wants. */
  function fateOfFeeder(adopted: boolean): string {
    const { world, key } = worldWithRule();
    const made = applied(wanted(world, key));
    const annotations = { ...made.metadata.annotations, ...(adopted ? { [ADOPTED]: "true" } : {}) };
    const live = { ...made, metadata: { ...made.metadata, annotations } };
    world.stores.get("/v1/configmaps")?.set(live);
    const feeder = servePolicy(world, "feeder", [{ ...configMapRule("copy", {}, { namespace: "shop" }), match }]);
    return planClaim(world, claimOf(feeder, "copy", live)).because;
  }

  it("triggers nothing when it was generated", () => {
    expect(fateOfFeeder(false)).toContain("Perennial generated it");
  });

  it("triggers when it was there before and is only adopted", () => {
    expect(fateOfFeeder(true)).toBe("its rule applies");
  });
});

describe("what is made once", () => {
  it("is in sync when somebody deleted it, until its trigger changes", () => {
    const { world, key } = worldWithRule({ synchronize: false });
    expect(planClaim(world, key).steps).toMatchObject([{ verb: "skip", inSync: true }]);
    world.moments.add(key);
    expect(writes(world, key)).toMatchObject([{ verb: "apply", precondition: { absent: true } }]);
  });

  it("is left alone when it carries the marks of another rule, such as the one it was renamed from", () => {
    const { world, key } = worldWithRule();
    observe(world, applied(wanted(world, key)));
    const renamed = servePolicy(world, "base", [
      { ...configMapRule("settings", { new: "data" }, { synchronize: false }), name: "renamed" },
    ]);
    const claim = claimOf(renamed, "renamed", SHOP);
    world.moments.add(claim);
    expect(planClaim(world, claim).steps).toMatchObject([{ verb: "skip", inSync: true }]);
  });
});

describe("a target of a policy of kyverno.io", () => {
  /** The same rule, in the group of Kyverno. */
  function foreign() {
    const { world } = worldWithRule();
    const [state] = world.states.values();
    if (state?.phase !== "compiled") return expect.fail("it compiles");
    const ref = { ...state.ref, group: "kyverno.io" };
    world.states.clear();
    const moved: PolicyState = { ...state, ref, compiled: { ...state.compiled, ref } };
    world.states.set(keyOf(ref), moved);
    return { world, key: claimOf(moved, "settings", SHOP) };
  }

  it("has the labels of Kyverno beside the marks", () => {
    const { world, key } = foreign();
    const { labels = {} } = wanted(world, key).metadata;
    expect(labels).toMatchObject({
      "app.kubernetes.io/managed-by": "kyverno",
      "generate.kyverno.io/policy-name": "base",
      "generate.kyverno.io/trigger-uid": "uid-shop",
      [TARGET]: expect.any(String),
    });
    expect(labels).not.toHaveProperty([POLICY]);
  });

  it.each([
    ["taken over as its own", {}, "apply"],
    ["left when its trigger was another one", { "generate.kyverno.io/trigger-uid": "other" }, "skip"],
    ["left when another rule made it", { "generate.kyverno.io/rule-name": "other" }, "skip"],
  ])("that Kyverno made is %s", (_what, changes, verb) => {
    const { world, key } = foreign();
    const { [CLAIM]: _claim, [TARGET]: _target, ...labels } = wanted(world, key).metadata.labels ?? {};
    observe(world, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: "settings",
        namespace: "shop",
        uid: "u",
        resourceVersion: "5",
        labels: { ...labels, ...changes },
      },
      data: { owner: "somebody" },
    });
    const [step] = planClaim(world, key).steps;
    expect(step?.verb).toBe(verb);
    if (step?.verb === "apply") expect(step.object.metadata.annotations).not.toHaveProperty([ADOPTED]);
  });

  it("is left alone while its policy is, whatever becomes of that", () => {
    const { world, key } = foreign();
    world.suspended = "Kyverno is alive";
    expect(planClaim(world, key)).toMatchObject({ fate: "held", because: "Kyverno is alive", steps: [] });
    world.states.clear();
    expect(planClaim(world, key)).toMatchObject({ fate: "held", steps: [] });
  });
});

describe("what is no longer desired", () => {
  function orphaned(more = {}) {
    const { world, key } = worldWithRule(more);
    const live = applied(wanted(world, key));
    observe(world, live);
    commit(world, key);
    return { world, key, live };
  }

  it("is deleted, with its uid, when the trigger is gone", () => {
    const { world, key, live } = orphaned();
    world.stores.get("/v1/namespaces")?.set(namespaceObject("other"));
    world.stores.get("/v1/namespaces")?.remove(SHOP);
    expect(planClaim(world, key).fate).toBe("gone");
    // its namespace went with the trigger: nothing to do there
    expect(writes(world, key)).toEqual([]);
    expect(live.metadata.uid).toBeDefined();
  });

  it("is deleted when the trigger is no longer selected", () => {
    const { world, key, live } = orphaned();
    servePolicy(world, "base", [
      { ...configMapRule("settings", {}), match: { any: [{ resources: { kinds: ["Namespace"], names: ["other"] } }] } },
    ]);
    expect(writes(world, key)).toMatchObject([{ verb: "delete", precondition: { uid: live.metadata.uid } }]);
  });

  describe("although its trigger exists", () => {
    const unselected = {
      ...configMapRule("settings", {}),
      match: { any: [{ resources: { kinds: ["Namespace"], names: ["other"] } }] },
    };

    it.each([
      ["the rule selects its trigger no more", [unselected]],
      ["the rule makes another object", [configMapRule("settings", {}, { name: "another" })]],
      ["the rule was removed", [configMapRule("other", {})]],
    ])("goes only once it is known how many go with it: %s", (_what, rules) => {
      const { world, key, live } = orphaned();
      world.prunes = createPrunes();
      const { ref } = servePolicy(world, "base", rules);
      world.disposals.set(keyOf(ref), { policy: ref, definition: "", rules: { settings: "delete" } });
      const gathered = planClaim(world, key);
      expect(gatheredBy(gathered).map(keyOf)).toEqual([keyOf(refOf(live))]);
      expect(gathered.steps.some(({ verb }) => verb === "delete")).toBe(false);
      world.prunes = { ...createPrunes(), mayDelete: () => true };
      expect(writes(world, key)).toEqual(expect.arrayContaining([expect.objectContaining({ verb: "delete" })]));
    });

    it("goes at once when the policy has no limit", () => {
      const { world, key } = orphaned();
      world.prunes = createPrunes();
      const state = servePolicy(world, "base", [unselected]);
      if (state.phase === "compiled") state.compiled.pruneLimit = Number.POSITIVE_INFINITY;
      expect(writes(world, key)).toMatchObject([{ verb: "delete" }]);
    });
  });

  it("goes with its policy or its trigger, however many go with it", () => {
    const { world, key } = worldWithRule({ namespace: "vault" });
    world.stores.get("/v1/namespaces")?.set(namespaceObject("vault"));
    observe(world, applied(wanted(world, key)));
    world.prunes = createPrunes();
    world.stores.get("/v1/namespaces")?.remove(SHOP);
    expect(planClaim(world, key).fate).toBe("gone");
    expect(gatheredBy(planClaim(world, key))).toEqual([]);
    world.states.clear();
    for (const disposal of world.disposals.values()) disposal.definition = "crd-1";
    world.catalogue.setDefinition(definition("crd-1", true));
    expect(gatheredBy(planClaim(world, key))).toEqual([]);
  });

  it("is held while not everything was planned once", () => {
    const { world, key } = orphaned();
    servePolicy(world, "base", [
      { ...configMapRule("settings", {}), match: { any: [{ resources: { kinds: ["Namespace"], names: ["other"] } }] } },
    ]);
    world.planned = false;
    expect(writes(world, key)).toEqual([]);
  });

  it("is handed over, not deleted, when another claim wants it", () => {
    const { world, key, live } = orphaned();
    const other = servePolicy(world, "other", [configMapRule("settings", { owner: "shop" })]);
    const heir = claimOf(other, "settings", SHOP);
    world.claims.set({ key: heir, wants: new Set([keyOf(refOf(live))]), inSync: 0, failures: [] }, heir, []);
    servePolicy(world, "base", [{ ...configMapRule("settings", {}), name: "renamed" }]);
    const plan = planClaim(world, key);
    expect(plan.steps.filter(isWrite)).toEqual([]);
  });

  it("is kept when its policy is gone and nothing is stored about it", () => {
    const { world, key } = orphaned();
    world.states.clear();
    world.disposals.clear();
    expect(planClaim(world, key)).toMatchObject({ fate: "held", steps: [] });
  });

  it("is deleted when its policy is gone and was stored as such", () => {
    const { world, key } = orphaned();
    world.states.clear();
    expect(planClaim(world, key).fate).toBe("held"); // what was stored names another definition
    for (const disposal of world.disposals.values()) disposal.definition = "crd-1";
    world.catalogue.setDefinition(definition("crd-1", true));
    expect(writes(world, key)).toMatchObject([{ verb: "delete" }]);
  });

  it("is released when its policy says so", () => {
    const { world, key } = orphaned({ orphanDownstreamOnPolicyDelete: true });
    world.states.clear();
    for (const disposal of world.disposals.values()) disposal.definition = "crd-1";
    world.catalogue.setDefinition(definition("crd-1", true));
    expect(writes(world, key)).toMatchObject([{ verb: "release" }]);
  });

  it.each([
    [
      "the definition is being removed",
      (world: TestWorld) => world.catalogue.setDefinition(definition("crd-1", false)),
    ],
    ["the definition was replaced", (world: TestWorld) => world.catalogue.setDefinition(definition("crd-2", true))],
    [
      "the policy may come back",
      (world: TestWorld) => {
        world.catalogue.setDefinition(definition("crd-1", true));
        world.departures.set("perennial.dev/ClusterPolicy//base" as never, {
          since: world.now - 1_000,
          definition: "crd-1",
        });
      },
    ],
  ])("is kept while %s", (_name, arrange) => {
    const { world, key } = orphaned();
    world.states.clear();
    for (const disposal of world.disposals.values()) disposal.definition = "crd-1";
    arrange(world);
    expect(planClaim(world, key)).toMatchObject({ fate: "held", steps: [] });
  });
});

describe("the target of a custom resource that nobody saw go", () => {
  /** It is gone, and its target was written in second 10. */
  function unattended(definedAt: string): { world: TestWorld; key: ClaimKey } {
    const world = emptyWorld();
    const widget = {
      apiVersion: "t.example.com/v1",
      kind: "Widget",
      metadata: { name: "w", namespace: "shop", uid: "w" },
    };
    const defined = definition("crd-1", true, { group: "t.example.com", kind: "Widget", plural: "widgets" });
    defined.metadata.creationTimestamp = definedAt;
    world.catalogue.setDefinition(defined);
    const widgets = createObjectStore();
    widgets.set(widget);
    widgets.swap();
    widgets.set(widget);
    world.stores.set(resourceKey(WIDGETS), widgets);
    world.stores.get("/v1/namespaces")?.set(SHOP);
    const match = { any: [{ resources: { kinds: ["Widget"] } }] };
    const policy = servePolicy(world, "base", [{ ...configMapRule("settings", {}, { namespace: "shop" }), match }]);
    const key = claimOf(policy, "settings", widget);
    const live = applied(wanted(world, key));
    for (const entry of live.metadata.managedFields ?? []) entry.time = "2026-01-01T00:00:10Z";
    observe(world, { ...live, metadata: { ...live.metadata, creationTimestamp: "2026-01-01T00:00:01Z" } });
    commit(world, key);
    widgets.remove(widget);
    return { world, key };
  }

  it("is deleted when it was written under the definition as it is", () => {
    const { world, key } = unattended("2026-01-01T00:00:05Z");
    expect(writes(world, key)).toMatchObject([{ verb: "delete" }]);
  });

  it("is kept when the definition is newer: the custom resource may have gone with the older one", () => {
    const { world, key } = unattended("2026-01-01T00:00:15Z");
    expect(planClaim(world, key)).toMatchObject({ fate: "held", steps: [] });
  });
});

describe("a target that is made once", () => {
  it("is made for a trigger that is new, and not otherwise", () => {
    const { world, key } = worldWithRule({ synchronize: false });
    expect(writes(world, key)).toEqual([]);
    world.moments.add(key);
    expect(writes(world, key)).toMatchObject([{ verb: "apply" }]);
  });

  it("is left as it is, whatever happens to it", () => {
    const { world, key } = worldWithRule({ synchronize: false });
    world.moments.add(key);
    const live = applied(wanted(world, key));
    observe(
      world,
      changedBy("kubectl-edit", live, (object) => Object.assign(object, { data: {} }), {}),
    );
    expect(writes(world, key)).toEqual([]);
    servePolicy(world, "base", [
      {
        ...configMapRule("settings", {}, { synchronize: false }),
        match: { any: [{ resources: { kinds: ["Namespace"], names: ["other"] } }] },
      },
    ]);
    expect(writes(world, key)).toEqual([]);
  });
});

const CLUSTER_POLICY = { group: "perennial.dev", kind: "ClusterPolicy", plural: "clusterpolicies" };

function definition(uid: string, established: boolean, { group, kind, plural } = CLUSTER_POLICY): KubernetesObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, uid },
    spec: {
      group,
      scope: group === "perennial.dev" ? "Cluster" : "Namespaced",
      names: { kind, plural },
      versions: [{ name: "v1", served: true, storage: true }],
    },
    status: { conditions: [{ type: "Established", status: established ? "True" : "False" }] },
  };
}
