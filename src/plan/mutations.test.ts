import { describe, expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, keyOf, type ObjectKey, refOf, resourceKey } from "../object/index.ts";
import { mutationManager } from "../rule/index.ts";
import { type ClaimKey, claimRef, type PolicyState } from "../state/index.ts";
import type { Plan } from "./claim-plan.ts";
import { planClaim } from "./plan.ts";
import {
  applied,
  CONFIG_MAPS,
  claimOf,
  configMapRule,
  emptyWorld,
  NAMESPACES,
  namespaceObject,
  servePolicy,
  type TestWorld,
} from "./world.fixture.ts";

const NAMESPACE_RULE = { match: { any: [{ resources: { kinds: ["Namespace"] } }] } };
const ITSELF = { apiVersion: "v1", kind: "Namespace", name: "{{ request.object.metadata.name }}" };

function rule(name: string, mutate: JsonObject): JsonObject {
  return { name, ...NAMESPACE_RULE, mutate: { targets: [ITSELF], ...mutate } };
}

function labelled(labels: JsonObject): JsonObject {
  return { patchStrategicMerge: { metadata: { labels } } };
}

function put(world: TestWorld, object: KubernetesObject): KubernetesObject {
  world.stores.get(resourceKey(object.kind === "Namespace" ? NAMESPACES : CONFIG_MAPS))?.set(object);
  return object;
}

function servedWorld(...objects: KubernetesObject[]): TestWorld {
  const world = emptyWorld();
  world.mutations = "known";
  for (const object of objects) put(world, object);
  return world;
}

/** As a worker remembers it when there is nothing left to send. */
function remember(world: TestWorld, plan: Plan): void {
  const { key, mutations } = plan;
  const { policy, rule: name } = claimRef(key);
  const none = { leaving: new Set<ObjectKey>(), unaccepted: new Map(), awaited: new Map() };
  const known = mutations === undefined ? {} : { mutations: { ...mutations, ...none } };
  world.claims.set(
    { key, wants: new Set(), inSync: 0, failures: [], ...known },
    `${keyOf(policy)}\n${name}`,
    plan.reads,
  );
}

function planOf(world: TestWorld, state: PolicyState, name: string, trigger: KubernetesObject): Plan {
  return planClaim(world, claimOf(state, name, trigger));
}

const shop = namespaceObject("shop", { team: "a" });

describe("a rule that changes existing objects", () => {
  it("applies what it sets under its own field manager, to the object as it was seen", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", labelled({ tier: "1" }))]);
    const { steps, mutations } = planOf(world, state, "r", shop);
    expect(steps).toMatchObject([
      {
        verb: "mutate",
        manager: mutationManager(state.ref, "r"),
        write: { applied: { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { tier: "1" } } } },
        precondition: { uid: "uid-shop", resourceVersion: "1" },
        because: "/metadata/labels/tier is not as the rule sets it",
      },
    ]);
    expect([...(mutations?.targets ?? [])]).toEqual([keyOf(refOf(shop))]);
    expect(mutationManager(state.ref, "r")).toMatch(/^perennial\/[0-9a-f]{16}$/);
  });

  it("has nothing to do where the object is as it says, whoever made it so", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", labelled({ team: "a" }))]);
    expect(planOf(world, state, "r", shop).steps).toMatchObject([{ verb: "skip", inSync: true }]);
  });

  it("tells a drift only of what was at rest before", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", labelled({ team: "a" }))]);
    remember(world, planOf(world, state, "r", shop));
    const drifted = put(world, namespaceObject("shop", { team: "b" }));
    expect(planOf(world, state, "r", drifted).steps).toMatchObject([
      { verb: "mutate", correction: { paths: ["/metadata/labels/team"], before: '"a"', after: '"b"' } },
    ]);
  });

  it("is not written again before the watch has shown what was written", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", labelled({ tier: "1" }))]);
    const plan = planOf(world, state, "r", shop);
    remember(world, plan);
    const known = world.claims.get(plan.key);
    const seen = plan.steps.flatMap((step) =>
      step.verb === "mutate" ? [[keyOf(step.target), step.seen] as const] : [],
    );
    if (known?.mutations === undefined) throw new Error("nothing is remembered");
    world.claims.set({ ...known, mutations: { ...known.mutations, awaited: new Map(seen) } }, "", []);
    expect(planClaim(world, plan.key).steps).toMatchObject([{ verb: "skip", inSync: false, isAwaited: true }]);
    put(world, namespaceObject("shop", { team: "b" }));
    expect(planClaim(world, plan.key).steps).toMatchObject([{ verb: "mutate" }]);
  });

  it("patches what an apply cannot say", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", labelled({ team: null }))]);
    expect(planOf(world, state, "r", shop).steps).toMatchObject([
      { verb: "mutate", write: { patch: [{ op: "remove", path: "/metadata/labels/team" }] } },
    ]);
  });

  it("writes nothing before all rules about that kind are known", () => {
    const world = servedWorld(shop);
    world.mutations = "unknown";
    const state = servePolicy(world, "p", [rule("r", labelled({ tier: "1" }))]);
    const plan = planOf(world, state, "r", shop);
    expect(plan.steps).toMatchObject([{ verb: "skip", inSync: false }]);
    expect(plan.mutations?.targets.size).toBe(1);
  });

  it("leaves alone what is on its way out, or lies in a system namespace", () => {
    const leaving = namespaceObject("leaving");
    leaving.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    const world = servedWorld(shop, leaving, namespaceObject("kube-system"));
    const all = { targets: [{ apiVersion: "v1", kind: "Namespace", name: "*" }], ...labelled({ tier: "1" }) };
    const state = servePolicy(world, "p", [rule("r", all)]);
    expect(planOf(world, state, "r", shop).steps.map(({ target }) => target.name)).toEqual(["shop"]);
  });

  it("misses what it names, and not what a pattern does not find", () => {
    const world = servedWorld(shop);
    const target = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name });
    const missing = { targets: [target("no"), target("none-*")], ...labelled({ tier: "1" }) };
    const state = servePolicy(world, "p", [rule("r", missing)]);
    expect(planOf(world, state, "r", shop).failures).toMatchObject([
      { reason: "ContextMissing", target: { kind: "ConfigMap", name: "no" } },
    ]);
  });
});

describe("rules that never come to rest", () => {
  const growing = "- {op: add, path: /metadata/labels/n, value: '{{ target.metadata.labels.n || `0` }}1'}";

  it("are refused where one changes its own result", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", { patchesJson6902: growing })]);
    const { steps } = planOf(world, state, "r", shop);
    expect(steps).toMatchObject([{ verb: "skip", failure: { reason: "NotConvergent" } }]);
    expect(steps[0]?.because).toContain("/metadata/labels/n changes each time");
  });

  it("are both named where they undo each other", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("red", labelled({ c: "red" })), rule("blue", labelled({ c: "blue" }))]);
    for (const name of ["red", "blue"]) remember(world, planOf(world, state, name, shop));
    for (const name of ["red", "blue"]) {
      const [step] = planOf(world, state, name, shop).steps;
      expect(step).toMatchObject({ verb: "skip", failure: { reason: "NotConvergent" } });
      expect(step?.because).toMatch(/\/metadata\/labels\/c is set by rule .* and undone by rule .*/);
      for (const other of ["red", "blue"]) expect(step?.because).toContain(`rule ${other} of ClusterPolicy p`);
    }
  });

  it("are fine side by side where they leave each other alone", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [
      rule("a", labelled({ a: "1" })),
      rule("b", labelled({ "+(a)": "2", b: "1" })),
    ]);
    for (const name of ["a", "b"]) remember(world, planOf(world, state, name, shop));
    expect(planOf(world, state, "a", shop).steps).toMatchObject([{ verb: "mutate" }]);
    put(world, namespaceObject("shop", { a: "1" }));
    expect(planOf(world, state, "b", shop).steps).toMatchObject([{ verb: "mutate", write: { applied: {} } }]);
  });
});

/** It was deleted, and its definition is there. */
function withoutPolicy(world: TestWorld): void {
  world.states.clear();
  for (const disposal of world.disposals.values()) disposal.definition = "crd-1";
  const names = { kind: "ClusterPolicy", plural: "clusterpolicies" };
  world.catalogue.setDefinition({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "clusterpolicies.perennial.dev", uid: "crd-1" },
    spec: { group: "perennial.dev", scope: "Cluster", names, versions: [{ name: "v1", served: true }] },
    status: { conditions: [{ type: "Established", status: "True" }] },
  } as KubernetesObject); // a whole object
}

describe("what a rule set", () => {
  function setBy(more: JsonObject): { world: TestWorld; state: PolicyState; key: ClaimKey } {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", { ...labelled({ team: "a" }), ...more })]);
    const key = claimOf(state, "r", shop);
    remember(world, planClaim(world, key));
    return { world, state, key };
  }

  it("is taken back with the policy where the rule says so, and else stays", () => {
    const { world, state, key } = setBy({ revertOnDelete: true });
    withoutPolicy(world);
    expect(planClaim(world, key)).toMatchObject({
      fate: "gone",
      steps: [{ verb: "revert", target: refOf(shop), manager: mutationManager(state.ref, "r") }],
    });
    const kept = setBy({});
    withoutPolicy(kept.world);
    expect(planClaim(kept.world, kept.key)).toMatchObject({ fate: "gone", steps: [] });
  });

  it("is taken back when the trigger is gone, unless another trigger of the rule wants it", () => {
    const { world, state, key } = setBy({ revertOnDelete: true });
    const plan = planClaim(world, key);
    world.stores.get(resourceKey(NAMESPACES))?.remove(shop);
    expect(planClaim(world, key).steps).toMatchObject([{ verb: "revert" }]);
    remember(world, { ...plan, key: claimOf(state, "r", namespaceObject("other")) });
    expect(planClaim(world, key).steps).toEqual([]);
  });

  it("waits while not every claim was planned that may want it", () => {
    const { world, key } = setBy({ revertOnDelete: true });
    withoutPolicy(world);
    world.mutations = "unknown";
    expect(planClaim(world, key)).toMatchObject({ fate: "held", steps: [], again: 50 });
  });
});

describe("a generated object that is mutated too", () => {
  const target = { apiVersion: "v1", kind: "ConfigMap", name: "made", namespace: "{{ request.object.metadata.name }}" };
  const more = { targets: [target], patchStrategicMerge: { data: { more: "2" } } };

  it("is desired with what the rule sets, as soon as it is known to be meant", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [configMapRule("made", { own: "1" }), rule("more", more)]);
    const made = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "made", namespace: "shop", uid: "u" },
      data: {},
    };
    put(world, made as KubernetesObject); // a whole object
    remember(world, planOf(world, state, "more", shop));
    expect(planOf(world, state, "made", shop).steps).toMatchObject([
      { verb: "apply", object: { data: { own: "1", more: "2" } } },
    ]);
  });

  it("is left to who generates it", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [configMapRule("made", { own: "1" }), rule("more", more)]);
    const key = claimOf(state, "made", shop);
    const first = planClaim(world, key);
    const made = first.steps.flatMap((step) => (step.verb === "apply" ? [applied(step.object)] : []));
    for (const object of made) {
      put(world, object);
      world.inventory.observe(object, { resource: CONFIG_MAPS, by: "creation", now: world.now });
    }
    world.claims.set({ key, wants: new Set(first.wants), inSync: 1, failures: [] }, `${keyOf(state.ref)}\nmade`, []);
    const plan = planOf(world, state, "more", shop);
    expect(plan.steps).toMatchObject([{ verb: "skip", inSync: false, isLeftToMaker: true }]);
    remember(world, plan);
    expect(planClaim(world, key).steps).toMatchObject([{ verb: "apply", object: { data: { own: "1", more: "2" } } }]);
  });

  it("is not written while it is not known what is set", () => {
    const world = servedWorld(shop);
    world.mutations = "unknown";
    const state = servePolicy(world, "p", [configMapRule("made", { own: "1" }), rule("more", more)]);
    expect(planOf(world, state, "made", shop)).toMatchObject({ steps: [{ verb: "skip" }], again: 50 });
  });
});
