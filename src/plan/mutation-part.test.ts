/** Rules that change the status or the scale of existing objects. */

import { describe, expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, keyOf, type ObjectKey, resourceKey } from "../object/index.ts";
import { mutationManager } from "../rule/index.ts";
import { type ClaimKey, claimRef, createObjectStore, type PolicyState } from "../state/index.ts";
import { planClaim } from "./plan.ts";
import type { Step } from "./step.ts";
import {
  applied,
  CONFIG_MAPS,
  claimOf,
  configMapRule,
  emptyWorld,
  NAMESPACES,
  namespaceObject,
  resource,
  servePolicy,
  type TestWorld,
} from "./world.fixture.ts";

const DEPLOYMENTS = resource("apps", "v1", "Deployment", "deployments", true);
const shop = namespaceObject("shop");

function deployment(more: JsonObject = {}): KubernetesObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: "shop", name: "web", uid: "u", resourceVersion: "1" },
    spec: { replicas: 3 },
    ...more,
  } as KubernetesObject; // with what a test adds
}

function worldWith(...objects: KubernetesObject[]): TestWorld {
  const world = emptyWorld();
  world.mutations = "known";
  world.catalogue.replaceDiscovered([NAMESPACES, CONFIG_MAPS, DEPLOYMENTS]);
  const store = createObjectStore();
  store.swap();
  world.stores.set(resourceKey(DEPLOYMENTS), store);
  world.stores.get(resourceKey(NAMESPACES))?.set(shop);
  for (const object of objects) store.set(object);
  return world;
}

function rule(name: string, kind: string, patchStrategicMerge: JsonObject, more: JsonObject = {}): JsonObject {
  const targets = [{ apiVersion: kind.startsWith("ConfigMap") ? "v1" : "apps/v1", kind, namespace: "shop", name: "*" }];
  const match = { any: [{ resources: { kinds: ["Namespace"] } }] };
  return { name, match, mutate: { targets, patchStrategicMerge, ...more } };
}

const set = (replicas: number): JsonObject => ({ spec: { replicas } });
const READY: JsonObject = { status: { note: "ready" } };

/** Plans, and remembers what is changed as a worker does. */
function planned(world: TestWorld, state: PolicyState, name: string): readonly Step[] {
  const key = claimOf(state, name, shop);
  const { steps, mutations, wants } = planClaim(world, key);
  const none = { leaving: new Set<ObjectKey>(), unaccepted: new Map(), awaited: new Map() };
  const known = mutations === undefined ? {} : { mutations: { ...mutations, ...none } };
  world.claims.set({ key, wants: new Set(wants), inSync: 0, failures: [], ...known }, ruleKey(key), []);
  return steps;
}

function ruleKey(key: ClaimKey): string {
  const { policy, rule: name } = claimRef(key);
  return `${keyOf(policy)}\n${name}`;
}

describe("a rule about a status", () => {
  it("applies what it sets to the path of the status, with what it owns there", () => {
    const [plain, own] = [deployment({ status: { other: "1" } }), deployment({ status: { other: "1", mine: "2" } })];
    const world = worldWith(plain);
    const state = servePolicy(world, "p", [rule("r", "Deployment/status", { status: { note: "ready", mine: "2" } })]);
    expect(planned(world, state, "r")).toMatchObject([
      { verb: "mutate", subresource: "status", write: { applied: { status: { note: "ready", mine: "2" } } } },
    ]);
    const manager = mutationManager(state.ref, "r");
    const entry = { manager, operation: "Apply", subresource: "status", fieldsV1: { "f:status": { "f:mine": {} } } };
    const live = { ...own, metadata: { ...own.metadata, managedFields: [entry] } };
    world.stores.get(resourceKey(DEPLOYMENTS))?.set(live);
    const [step] = planned(world, state, "r");
    const applied = step?.verb === "mutate" && "applied" in step.write ? step.write.applied : undefined;
    expect(applied?.status).toEqual({ note: "ready", mine: "2" });
  });

  it("of a generated object writes it itself, as who generates the object does not", () => {
    const world = worldWith();
    const state = servePolicy(world, "p", [
      configMapRule("made", { own: "1" }),
      rule("note", "ConfigMap/status", READY),
    ]);
    const made = planned(world, state, "made").flatMap((step) => (step.verb === "apply" ? [applied(step.object)] : []));
    for (const object of made) {
      world.stores.get(resourceKey(CONFIG_MAPS))?.set(object);
      world.inventory.observe(object, { resource: CONFIG_MAPS, by: "creation", now: world.now });
    }
    expect(planned(world, state, "note")).toMatchObject([{ verb: "mutate", subresource: "status" }]);
    expect(planned(world, state, "made")).toMatchObject([{ verb: "skip", inSync: true }]);
  });
});

describe("a rule that was about the object, and is about its status now", () => {
  it("takes back what it set of the object, once the status is as it should be", () => {
    const world = worldWith();
    const rules = [rule("r", "Deployment/status", READY, { revertOnDelete: true })];
    const state = servePolicy(world, "p", rules);
    const manager = mutationManager(state.ref, "r");
    const entry = {
      manager,
      operation: "Apply",
      apiVersion: "apps/v1",
      fieldsV1: { "f:metadata": { "f:labels": {} } },
    };
    const live = deployment(READY);
    world.stores
      .get(resourceKey(DEPLOYMENTS))
      ?.set({ ...live, metadata: { ...live.metadata, managedFields: [entry] } });
    expect(planned(world, state, "r")).toMatchObject([{ verb: "revert", manager, through: [""] }]);
  });
});

describe("a rule about a scale", () => {
  it("patches the Scale of the object as it was seen, and nothing where it is as it should be", () => {
    const world = worldWith(deployment());
    const state = servePolicy(world, "p", [rule("r", "Deployment/scale", set(5))]);
    expect(planned(world, state, "r")).toMatchObject([
      {
        verb: "mutate",
        subresource: "scale",
        write: { patch: [{ op: "add", path: "/spec", value: { replicas: 5 } }] },
        precondition: { uid: "u", resourceVersion: "1" },
        because: "/spec/replicas is not as the rule sets it",
      },
    ]);
    world.stores.get(resourceKey(DEPLOYMENTS))?.set(deployment(set(5)));
    expect(planned(world, state, "r")).toMatchObject([{ verb: "skip", inSync: true }]);
  });

  it.each(["Deployment", "Deployment/scale"])("and one about %s that undo each other are both named", (kind) => {
    const world = worldWith(deployment());
    const state = servePolicy(world, "p", [rule("one", "Deployment/scale", set(5)), rule("two", kind, set(4))]);
    for (const name of ["one", "two"]) planned(world, state, name);
    for (const name of ["one", "two"])
      expect(planned(world, state, name)).toMatchObject([{ verb: "skip", failure: { reason: "NotConvergent" } }]);
  });

  it("stands beside others about the same object that leave the number alone", () => {
    const world = worldWith(deployment());
    const label = { metadata: { labels: { a: "1" } } };
    const state = servePolicy(world, "p", [
      rule("scale", "Deployment/scale", set(5)),
      rule("label", "Deployment", label),
      rule("status", "Deployment/status", READY),
    ]);
    const names = ["scale", "label", "status"];
    for (const name of names) planned(world, state, name);
    const steps = names.flatMap((name) => planned(world, state, name));
    expect(steps.map((step) => (step.verb === "mutate" ? step.write : step.because))).toMatchObject([
      { patch: [{ value: { replicas: 5 } }] },
      { applied: { metadata: { name: "web", namespace: "shop", labels: { a: "1" } } } },
      { applied: READY },
    ]);
  });

  it("once for each change patches the Scale too", () => {
    const world = worldWith(deployment());
    const state = servePolicy(world, "p", [
      rule("r", "Deployment/scale", set(5), { mutateExistingOnPolicyUpdate: false }),
    ]);
    const key = claimOf(state, "r", shop);
    world.changes.set(key, { id: "1", operation: "UPDATE", trigger: shop, oldObject: shop, time: new Date(0) });
    expect(planClaim(world, key).steps).toMatchObject([
      { verb: "mutate", subresource: "scale", write: { patch: [{ value: { replicas: 5 } }] } },
    ]);
  });
});
