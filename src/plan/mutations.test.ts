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

describe("what an edited rule set before", () => {
  /** Owned by the field manager of rule r of policy p. */
  function ownedBy(state: PolicyState, object: KubernetesObject, fieldsV1: JsonObject): KubernetesObject {
    const manager = mutationManager(state.ref, "r");
    const entry = { manager, operation: "Apply", apiVersion: object.apiVersion, fieldsV1 };
    return { ...object, metadata: { ...object.metadata, managedFields: [entry] } };
  }
  const LABELS = { "f:metadata": { "f:labels": { "f:old": {}, "f:tier": {} } } };

  it.each<[string, JsonObject, JsonObject | undefined]>([
    ["is taken out where it is not set any more", labelled({ tier: "1" }), { labels: { tier: "1" } }],
    ["goes as a whole when nothing is set any more", labelled({ team: "a" }), {}],
    ["stays where it is set only where it is absent", labelled({ "+(old)": "1", tier: "1" }), undefined],
    ["stays where the rule sets it still", labelled({ old: "1", tier: "1" }), undefined],
    [
      "stays where nobody can say what the rule makes of the object without it",
      { patchesJson6902: "- {op: replace, path: /metadata/labels/old, value: '1'}" },
      undefined,
    ],
    ["goes while something else is set", labelled({ tier: "1", new: "1" }), { labels: { tier: "1", new: "1" } }],
  ])("%s", (_what, mutate, metadata) => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", { ...mutate, revertOnDelete: true })]);
    const object = put(world, ownedBy(state, namespaceObject("shop", { team: "a", old: "1", tier: "1" }), LABELS));
    const { steps } = planOf(world, state, "r", object);
    if (metadata === undefined) expect(steps).toMatchObject([{ verb: "skip", inSync: true }]);
    else {
      const [step] = steps;
      const written = step?.verb === "mutate" && "applied" in step.write ? step.write.applied : undefined;
      expect(written).toEqual({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", ...metadata } });
    }
  });

  it("stays without revertOnDelete", () => {
    const world = servedWorld(shop);
    const state = servePolicy(world, "p", [rule("r", labelled({ tier: "1" }))]);
    const object = put(world, ownedBy(state, namespaceObject("shop", { old: "1", tier: "1" }), LABELS));
    expect(planOf(world, state, "r", object).steps).toMatchObject([{ verb: "skip", inSync: true }]);
  });

  it("stays while another trigger of the rule sets it", () => {
    const all = {
      targets: [{ ...ITSELF, name: "shop" }],
      patchStrategicMerge: { metadata: { labels: { "{{ request.object.metadata.labels.team }}": "1" } } },
    };
    const other = namespaceObject("other", { team: "b" });
    const world = servedWorld(shop, other);
    const state = servePolicy(world, "p", [rule("r", { ...all, revertOnDelete: true })]);
    const fields = { "f:metadata": { "f:labels": { "f:a": {}, "f:b": {} } } };
    const object = put(world, ownedBy(state, namespaceObject("shop", { team: "a", a: "1", b: "1" }), fields));
    for (const trigger of [object, other]) remember(world, planOf(world, state, "r", trigger));
    expect(planOf(world, state, "r", object).steps).toMatchObject([{ verb: "skip", inSync: true }]);
    world.claims.remove(claimOf(state, "r", other));
    expect(planOf(world, state, "r", object).steps).toMatchObject([
      {
        verb: "mutate",
        write: { applied: { metadata: { labels: { a: "1" } } } },
        because: expect.stringContaining("/metadata/labels/b"),
      },
    ]);
  });
});
