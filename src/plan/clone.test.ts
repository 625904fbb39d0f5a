/** Copies of a source, planned over real stores. */

import { describe, expect, it } from "vitest";
import { CLAIM, type KubernetesObject, keyOf, refOf, resourceKey, SOURCE } from "../object/index.ts";
import { type ClaimKey, createObjectStore, dependsOnObject } from "../state/index.ts";
import type { Plan } from "./claim-plan.ts";
import { objectsReadBy, planClaim } from "./plan.ts";
import { isWrite } from "./step.ts";
import {
  applied,
  CONFIG_MAPS,
  claimOf,
  configMapRule,
  emptyWorld,
  namespaceObject,
  servePolicy,
  type TestWorld,
  WIDGETS,
} from "./world.fixture.ts";

const SHOP = namespaceObject("shop");
const ORIGIN = namespaceObject("origin");

function source(data: { [key: string]: string }, metadata: object = {}): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "source", namespace: "origin", ...metadata }, data };
}

const CLONE = { data: undefined, clone: { name: "source", namespace: "origin" } };

/** A world in which a ConfigMap of another namespace is copied into the Namespace shop. */
function worldWithClone(more: object = {}): { world: TestWorld; key: ClaimKey } {
  const world = emptyWorld();
  for (const namespace of [SHOP, ORIGIN]) world.stores.get("/v1/namespaces")?.set(namespace);
  const policy = servePolicy(world, "base", [ruleOf({ ...CLONE, ...more })]);
  return { world, key: claimOf(policy, "copy", SHOP) };
}

function ruleOf(more: object): ReturnType<typeof configMapRule> {
  return JSON.parse(JSON.stringify(configMapRule("copy", {}, { ...more } as ReturnType<typeof configMapRule>)));
}

function put(world: TestWorld, object: KubernetesObject): void {
  world.stores.get(resourceKey(CONFIG_MAPS))?.set(object);
}

function remove(world: TestWorld, object: KubernetesObject): void {
  world.stores.get(resourceKey(CONFIG_MAPS))?.remove(object);
}

/** What the worker does: sends the plan's applies, sees the answers, and remembers what the last plan says. */
function settle(world: TestWorld, key: ClaimKey): Plan {
  for (const step of planClaim(world, key).steps) {
    if (step.verb === "apply")
      world.inventory.observe(applied(step.object), { resource: step.resource, by: "write", now: world.now });
    if (step.verb === "delete") world.inventory.forget(keyOf(step.target));
  }
  const plan = planClaim(world, key);
  for (const { target, ...judgement } of plan.judged) world.inventory.judge(keyOf(target), judgement);
  world.claims.set({ key, wants: new Set(plan.wants), inSync: 0, failures: [] }, key, plan.reads);
  return plan;
}

function verbs(plan: Plan): string[] {
  return plan.steps.filter(isWrite).map(({ verb }) => verb);
}

describe("a copy", () => {
  it("is made of its source, says so, and is then at rest", () => {
    const { world, key } = worldWithClone();
    put(world, source({ a: "1" }));
    expect(planClaim(world, key).steps).toMatchObject([
      {
        verb: "apply",
        precondition: { absent: true },
        object: { data: { a: "1" }, metadata: { annotations: { [SOURCE]: "ConfigMap origin/source" } } },
      },
    ]);
    expect(verbs(settle(world, key))).toEqual([]);
  });

  it("depends on its source", () => {
    const { world, key } = worldWithClone();
    expect(planClaim(world, key).reads).toContain(dependsOnObject(refOf(source({}))));
    put(world, source({ a: "1" }));
    expect(planClaim(world, key).reads).toContain(dependsOnObject(refOf(source({}))));
    expect(objectsReadBy(world, key)).toEqual([source({ a: "1" })]);
  });

  it("is written once when the source's content changes, and not when it does not", () => {
    const { world, key } = worldWithClone();
    put(world, source({ a: "1" }));
    settle(world, key);
    put(world, source({ a: "1" }, { resourceVersion: "7", managedFields: [{ manager: "x" }] }));
    expect(verbs(planClaim(world, key))).toEqual([]);
    put(world, source({ a: "2" }));
    expect(verbs(planClaim(world, key))).toEqual(["apply"]);
  });

  it("loses the mark of its source when it is made of data instead", () => {
    const { world, key } = worldWithClone();
    put(world, source({ a: "1" }));
    settle(world, key);
    servePolicy(world, "base", [ruleOf({ data: { data: { a: "1" } } })]);
    const [step] = planClaim(world, key).steps;
    if (step?.verb !== "apply") throw new Error("nothing is applied");
    expect(step.object.metadata.annotations).not.toHaveProperty([SOURCE]);
  });
});

describe("a source that is not there", () => {
  it("is told, and nothing is made", () => {
    const { world, key } = worldWithClone();
    expect(planClaim(world, key)).toMatchObject({ steps: [], wants: [], failures: [{ reason: "SourceMissing" }] });
  });

  it("takes its copy with it", () => {
    const { world, key } = worldWithClone();
    put(world, source({ a: "1" }));
    settle(world, key);
    remove(world, source({}));
    expect(planClaim(world, key)).toMatchObject({
      wants: [],
      failures: [{ reason: "SourceMissing" }],
      steps: [{ verb: "delete", because: expect.stringContaining("origin/source does not exist") }],
    });
  });

  it("releases a copy that was there before", () => {
    const { world, key } = worldWithClone();
    put(world, source({ a: "1" }));
    const before = applied({ ...source({ b: "1" }), metadata: { name: "copy", namespace: "shop" } });
    world.inventory.observe(before, { resource: CONFIG_MAPS, by: "write", now: 0 });
    settle(world, key);
    remove(world, source({}));
    expect(verbs(planClaim(world, key))).toEqual(["release"]);
  });

  it("counts as gone as soon as it is being deleted", () => {
    const { world, key } = worldWithClone();
    put(world, source({ a: "1" }));
    settle(world, key);
    put(world, source({ a: "1" }, { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    expect(verbs(planClaim(world, key))).toEqual(["delete"]);
  });

  it("is not known to be gone while its list is not whole, or nobody watches it", () => {
    const { world, key } = worldWithClone();
    put(world, source({ a: "1" }));
    settle(world, key);
    world.stores.set(resourceKey(CONFIG_MAPS), createObjectStore());
    expect(planClaim(world, key)).toMatchObject({
      fate: "held",
      steps: [],
      because: expect.stringContaining("not known"),
    });
    world.stores.delete(resourceKey(CONFIG_MAPS));
    expect(planClaim(world, key)).toMatchObject({ fate: "held", steps: [] });
  });

  it("leaves what was made of it by another expression's value as long as that value is not known", () => {
    const { world, key } = worldWithClone();
    put(world, source({ a: "1" }));
    settle(world, key);
    const name = "{{ request.object.metadata.labels.nope }}";
    servePolicy(world, "base", [ruleOf({ ...CLONE, clone: { name, namespace: "origin" } })]);
    const plan = planClaim(world, key);
    expect(plan).toMatchObject({ steps: [], failures: [{ reason: "ExpressionFailed" }] });
    expect(plan.wants).toEqual([keyOf({ group: "", kind: "ConfigMap", namespace: "shop", name: "copy" })]);
  });
});

describe("a source that is the target too", () => {
  /** The copy of the Namespace origin would be the source itself. */
  function worldWithSelf(): { world: TestWorld; key: ClaimKey } {
    const world = emptyWorld();
    world.stores.get("/v1/namespaces")?.set(ORIGIN);
    const policy = servePolicy(world, "base", [ruleOf({ ...CLONE, name: "source" })]);
    return { world, key: claimOf(policy, "copy", ORIGIN) };
  }

  it("is left as it is, and nothing is told", () => {
    const { world, key } = worldWithSelf();
    put(world, source({ a: "1" }));
    expect(planClaim(world, key)).toMatchObject({ steps: [], wants: [], failures: [] });
  });

  it("is not deleted even when the same claim made it once", () => {
    const { world, key } = worldWithSelf();
    put(world, source({ a: "1" }));
    servePolicy(world, "base", [ruleOf({ name: "source", data: { data: { a: "1" } } })]);
    settle(world, key);
    servePolicy(world, "base", [ruleOf({ ...CLONE, name: "source" })]);
    expect(planClaim(world, key)).toMatchObject({ steps: [], wants: [], failures: [] });
  });
});

describe("a copy that is made once", () => {
  const ONCE = { synchronize: false };

  it("does not follow its source, and does not miss it", () => {
    const { world, key } = worldWithClone(ONCE);
    put(world, source({ a: "1" }));
    world.moments.add(key);
    settle(world, key);
    world.moments.clear();
    put(world, source({ a: "2" }));
    expect(verbs(planClaim(world, key))).toEqual([]);
    remove(world, source({}));
    expect(planClaim(world, key)).toMatchObject({
      failures: [],
      steps: [{ verb: "skip", inSync: true }],
      judged: [{ inSync: true }],
    });
    expect(planClaim(world, key).wants).toHaveLength(1);
  });

  it("misses its source until it is made", () => {
    const { world, key } = worldWithClone(ONCE);
    world.moments.add(key);
    expect(planClaim(world, key)).toMatchObject({ failures: [{ reason: "SourceMissing" }], steps: [] });
    put(world, source({ a: "1" }));
    expect(verbs(planClaim(world, key))).toEqual(["apply"]);
  });
});

describe("a copy that was made once, and that somebody deleted", () => {
  function worldWithDeleted(): { world: TestWorld; key: ClaimKey } {
    const { world, key } = worldWithClone({ synchronize: false });
    put(world, source({ a: "1" }));
    world.moments.add(key);
    settle(world, key);
    world.moments.clear();
    world.inventory.forget(keyOf({ group: "", kind: "ConfigMap", namespace: "shop", name: "copy" }));
    return { world, key };
  }

  it.each<[what: string, open: (world: TestWorld, key: ClaimKey) => void, verbs: string[]]>([
    ["stays away", () => {}, []],
    ["stays away when another source appears", (world, key) => world.moments.addSource(key, keyOf(refOf(SHOP))), []],
    ["comes back when its own does", (world, key) => world.moments.addSource(key, keyOf(refOf(source({})))), ["apply"]],
    ["comes back when its trigger changes", (world, key) => world.moments.add(key), ["apply"]],
  ])("%s", (_what, open, expected) => {
    const { world, key } = worldWithDeleted();
    open(world, key);
    expect(verbs(planClaim(world, key))).toEqual(expected);
  });
});

describe("a source that is a custom resource", () => {
  const DEFINITION: KubernetesObject = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.t.example.com", uid: "definition-1", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      group: "t.example.com",
      scope: "Namespaced",
      names: { kind: "Widget", plural: "widgets" },
      versions: [{ name: "v1", served: true }],
    },
    status: { conditions: [{ type: "Established", status: "True" }] },
  };
  const WIDGET: KubernetesObject = {
    apiVersion: "t.example.com/v1",
    kind: "Widget",
    metadata: { name: "source", namespace: "origin" },
    spec: { size: 1 },
  };

  /** The copy is there, and the source has just gone. */
  function worldWithoutWidget(): { world: TestWorld; key: ClaimKey } {
    const world = emptyWorld();
    world.catalogue.setDefinition(DEFINITION);
    const widgets = createObjectStore();
    widgets.swap();
    widgets.set(WIDGET);
    world.stores.set(resourceKey(WIDGETS), widgets);
    for (const namespace of [SHOP, ORIGIN]) world.stores.get("/v1/namespaces")?.set(namespace);
    const rule = ruleOf({ ...CLONE, apiVersion: "t.example.com/v1", kind: "Widget" });
    const policy = servePolicy(world, "base", [rule]);
    const key = claimOf(policy, "copy", SHOP);
    settle(world, key);
    widgets.remove(WIDGET);
    world.departures.set(keyOf(refOf(WIDGET)), { since: world.now, definition: "definition-1" });
    return { world, key };
  }

  it("takes its copy with it only after the prune delay; until then the copy is wanted", () => {
    const { world, key } = worldWithoutWidget();
    const plan = planClaim(world, key);
    expect(plan).toMatchObject({ steps: [], failures: [{ reason: "SourceMissing" }], again: world.pruneDelay });
    expect(plan.wants).toHaveLength(1);
    world.now += world.pruneDelay;
    expect(verbs(planClaim(world, key))).toEqual(["delete"]);
  });

  it("takes nothing with it when its definition was replaced meanwhile", () => {
    const { world, key } = worldWithoutWidget();
    world.catalogue.setDefinition({ ...DEFINITION, metadata: { ...DEFINITION.metadata, uid: "definition-2" } });
    world.now += world.pruneDelay;
    const plan = planClaim(world, key);
    expect(plan).toMatchObject({ steps: [], failures: [{ reason: "SourceMissing" }] });
    expect(plan.again).toBeUndefined();
  });

  it("is copied again without a write when it is back in time", () => {
    const { world, key } = worldWithoutWidget();
    world.stores.get(resourceKey(WIDGETS))?.set(WIDGET);
    world.departures.clear();
    expect(planClaim(world, key)).toMatchObject({ failures: [], steps: [{ verb: "skip", inSync: true }] });
  });
});

it("a claim holds nothing but its own mark on a copy", () => {
  const { world, key } = worldWithClone();
  put(world, source({ a: "1" }, { labels: { [CLAIM]: "0".repeat(32), kept: "yes" } }));
  const [step] = planClaim(world, key).steps;
  if (step?.verb !== "apply") throw new Error("nothing is applied");
  expect(step.object.metadata.labels?.[CLAIM]).not.toBe("0".repeat(32));
  expect(step.object.metadata.labels?.kept).toBe("yes");
});
