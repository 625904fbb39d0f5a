/** Context over real stores: what a missing or other answer means for the plan. */

import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { createObjectStore, isAnsweredOtherwise } from "../state/index.ts";
import { planClaim } from "./plan.ts";
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
let version = 1;

function configMap(data: { [key: string]: string }, metadata: object = {}): KubernetesObject {
  const name = { name: "teams", namespace: "config" };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { ...name, resourceVersion: `${++version}`, ...metadata },
    data,
  };
}

/** A world with the Namespace shop and a rule with one context entry, `x`. */
function worldWith(source: JsonObject, text: Json, more: JsonObject = {}) {
  const world = emptyWorld();
  world.catalogue.setDefinition(definition("True"));
  world.stores.set("t.example.com/v1/widgets", createObjectStore());
  world.stores.get("t.example.com/v1/widgets")?.swap();
  world.stores.get("/v1/namespaces")?.set(SHOP);
  const rule = { ...configMapRule("made", { x: text }), context: [{ name: "x", ...source }], ...more };
  const key = claimOf(servePolicy(world, "base", [rule]), "made", SHOP);
  return { world, key };
}

function definition(established: string): KubernetesObject {
  const names = { kind: WIDGETS.kind, plural: WIDGETS.plural };
  return {
    ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
    metadata: { name: "widgets.t.example.com", uid: "d1", creationTimestamp: "2025-01-01T00:00:00Z" },
    spec: { group: WIDGETS.group, names, scope: "Namespaced", versions: [{ name: "v1", served: true }] },
    status: { conditions: [{ type: "Established", status: established }] },
  };
}

function put(world: TestWorld, ...objects: KubernetesObject[]): void {
  for (const object of objects) world.stores.get("/v1/configmaps")?.set(object);
}

/** Applies what the plan wants, as the worker does. */
function settle(world: TestWorld, key: ReturnType<typeof worldWith>["key"]): void {
  for (const step of planClaim(world, key).steps) {
    if (step.verb !== "apply") continue;
    const live = applied(step.object);
    world.inventory.observe(live, { resource: CONFIG_MAPS, by: "write", now: world.now });
    put(world, live);
  }
}

const CONFIG_MAP: JsonObject = { configMap: { name: "teams", namespace: "config" } };
const TEAMS: JsonObject = {
  apiCall: { urlPath: "/api/v1/namespaces/config/configmaps", jmesPath: "items[].data.team" },
};

describe("a ConfigMap that is missing", () => {
  it("makes the claim wait, and is looked for again", () => {
    const { world, key } = worldWith(CONFIG_MAP, "{{ x.data.team }}");
    const plan = planClaim(world, key);
    expect(plan).toMatchObject({ steps: [], failures: [{ reason: "ContextMissing" }] });
    expect(plan.looks.map((look) => isAnsweredOtherwise(world, look))).toEqual([false]);
    put(world, configMap({ team: "a" }));
    expect(plan.looks.map((look) => isAnsweredOtherwise(world, look))).toEqual([true]);
    expect(planClaim(world, key).steps).toMatchObject([{ verb: "apply", object: { data: { x: "a" } } }]);
  });

  it("deletes nothing when it goes", () => {
    const { world, key } = worldWith(CONFIG_MAP, "{{ x.data.team }}");
    put(world, configMap({ team: "a" }));
    settle(world, key);
    world.stores.get("/v1/configmaps")?.remove(configMap({}));
    expect(planClaim(world, key).steps).toEqual([]);
  });
});

describe("an answer", () => {
  it.each<[what: string, source: JsonObject, text: string, after: KubernetesObject, isOther: boolean]>([
    ["to the same data of another version", CONFIG_MAP, "{{ x.data.team }}", configMap({ team: "a" }), false],
    ["to other data", CONFIG_MAP, "{{ x.data.team }}", configMap({ team: "b" }), true],
    ["to other labels", CONFIG_MAP, "{{ x.data.team }}", configMap({ team: "a" }, { labels: { a: "b" } }), true],
    ["to what the expression does not see", TEAMS, "{{ x }}", configMap({ team: "a", other: "c" }), false],
    ["to what the expression sees", TEAMS, "{{ x }}", configMap({ team: "b" }), true],
    ["to one more in the list", TEAMS, "{{ x }}", configMap({ team: "b" }, { name: "more" }), true],
    ["to one more in another list", TEAMS, "{{ x }}", configMap({ team: "b" }, { namespace: "other" }), false],
  ])("%s is another one: %s", (_what, source, text, after, isOther) => {
    const { world, key } = worldWith(source, text);
    put(world, configMap({ team: "a" }));
    const { looks } = planClaim(world, key);
    put(world, after);
    expect(looks.map((look) => isAnsweredOtherwise(world, look))).toEqual([isOther]);
  });

  it("of a list that is not whole holds the claim", () => {
    const { world, key } = worldWith(TEAMS, "{{ x }}");
    world.stores.set("/v1/configmaps", createObjectStore());
    expect(planClaim(world, key)).toMatchObject({ fate: "held", because: expect.stringContaining("not known yet") });
  });
});

describe("a call", () => {
  const VERSION: JsonObject = { apiCall: { urlPath: "/version", jmesPath: "minor" } };

  it("that is not answered yet holds the claim, and says what has to be asked", () => {
    const { world, key } = worldWith(VERSION, "{{ x }}");
    const plan = planClaim(world, key);
    expect(plan).toMatchObject({ fate: "held", steps: [], looks: [], calls: [{ url: "/version" }] });
  });

  it("with another answer plans the claim again when its result is another one", () => {
    const { world, key } = worldWith(VERSION, "{{ x }}");
    const [call] = planClaim(world, key).calls ?? [];
    if (call === undefined) throw new Error("nothing is asked");
    world.results.set(call, { ok: true, value: { minor: "36", patch: 1 } }, 1);
    const plan = planClaim(world, key);
    expect(plan).toMatchObject({ fate: "desired", steps: [{ object: { data: { x: "36" } } }], calls: [call] });
    const isOther = (): boolean[] => plan.looks.map((look) => isAnsweredOtherwise(world, look));
    world.results.set(call, { ok: true, value: { minor: "36", patch: 2 } }, 1);
    expect(isOther()).toEqual([false]);
    world.results.set(call, { ok: true, value: { minor: "37", patch: 2 } }, 1);
    expect(isOther()).toEqual([true]);
  });

  it("that fails deletes nothing", () => {
    const { world, key } = worldWith(VERSION, "{{ x }}");
    const [call] = planClaim(world, key).calls ?? [];
    if (call === undefined) throw new Error("nothing is asked");
    world.results.set(call, { ok: true, value: { minor: "36" } }, 1);
    settle(world, key);
    world.results.set(call, { ok: false, message: "no answer in time" }, 0);
    const plan = planClaim(world, key);
    expect(plan).toMatchObject({ steps: [], failures: [{ reason: "ContextMissing" }], calls: [call] });
    expect(plan.wants).toHaveLength(1);
  });

  it("is not needed any more when the policy is gone, also while nobody knows what to do with its targets", () => {
    const { world, key } = worldWith(VERSION, "{{ x }}");
    world.states.clear();
    world.disposals.clear();
    expect(planClaim(world, key)).toMatchObject({ fate: "held", calls: [] });
  });

  it("is not needed any more when the trigger is gone", () => {
    const { world, key } = worldWith(VERSION, "{{ x }}");
    world.stores.get("/v1/namespaces")?.remove(SHOP);
    expect(planClaim(world, key)).toMatchObject({ fate: "gone", calls: [] });
  });
});

describe("a target that its own rule reads", () => {
  const readsItself = (jmesPath: string): JsonObject => ({ apiCall: { urlPath: "/api/v1/configmaps", jmesPath } });
  const unless = (value: Json): JsonObject => ({ preconditions: [{ key: "{{ x }}", operator: "NotEquals", value }] });

  it("is kept when it is what makes the preconditions false: else it would come and go for ever", () => {
    const { world, key } = worldWith(
      readsItself("items[?metadata.name == 'made'] | [0].data.x || ''"),
      "v",
      unless("v"),
    );
    settle(world, key);
    expect(planClaim(world, key)).toMatchObject({ idle: true, steps: [] });
  });

  it("is deleted when the answer would be the same without it", () => {
    const { world, key } = worldWith(
      readsItself("items[?metadata.name == 'switch'] | [0].data.x || ''"),
      "v",
      unless("off"),
    );
    settle(world, key);
    put(world, configMap({ x: "off" }, { name: "switch" }));
    expect(planClaim(world, key)).toMatchObject({ idle: true, steps: [{ verb: "delete" }] });
  });
});

describe("a list of custom resources", () => {
  const WIDGET = { apiVersion: "t.example.com/v1", kind: "Widget", metadata: { name: "w", namespace: "shop" } };
  const call: JsonObject = { apiCall: { urlPath: "/apis/t.example.com/v1/widgets", jmesPath: "length(items)" } };
  const some: JsonObject = { preconditions: [{ key: "{{ x }}", operator: "GreaterThan", value: 0 }] };

  function worldWithout(): ReturnType<typeof worldWith> {
    const made = worldWith(call, "v", some);
    made.world.stores.get("t.example.com/v1/widgets")?.set(WIDGET);
    settle(made.world, made.key);
    made.world.stores.get("t.example.com/v1/widgets")?.remove(WIDGET);
    return made;
  }

  it("counts as shorter when they are gone for a while", () => {
    const { world, key } = worldWithout();
    expect(planClaim(world, key).steps).toMatchObject([{ verb: "delete" }]);
  });

  it("deletes nothing just after one went: its definition may be going", () => {
    const { world, key } = worldWithout();
    world.departures.set("t.example.com/Widget/shop/w" as never, { since: world.now - 4_000, definition: "d1" }); // a key
    expect(planClaim(world, key)).toMatchObject({ steps: [], again: 6_000 });
  });

  it("deletes nothing while their definition is not established", () => {
    const { world, key } = worldWithout();
    world.catalogue.setDefinition(definition("False"));
    expect(planClaim(world, key).steps).toEqual([]);
  });
});
