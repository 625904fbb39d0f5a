/** What an edge rule makes of one change. */

import { describe, expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, keyOf, marksFor, refOf } from "../object/index.ts";
import { claimRef, type SeenChange } from "../state/index.ts";
import { planClaim } from "./plan.ts";
import {
  applied,
  CONFIG_MAPS,
  claimOf,
  configMapRule,
  emptyWorld,
  namespaceObject,
  servePolicy,
} from "./world.fixture.ts";

const SHOP = namespaceObject("shop", { team: "checkout" });
const ARCHIVE = namespaceObject("archive");

function scene(operations: string[], more: JsonObject = {}) {
  const world = emptyWorld();

  const match = { any: [{ resources: { kinds: ["Namespace"], operations } }] };
  const data = { team: "{{ request.object.metadata.labels.team }}", password: "{{ random('[a-z]{12}') }}" };
  const rule = { ...configMapRule("gone", data, { namespace: "archive", ...more }), match };
  const policy = servePolicy(world, "archive", [rule]);
  const namespaces = world.namespaces as ReturnType<typeof import("../state/index.ts").createObjectStore>; // as the fixture makes it
  namespaces.set(SHOP);
  namespaces.set(ARCHIVE);
  const key = claimOf(policy, "gone", SHOP);
  const see = (change: Partial<SeenChange> = {}): void => {
    const time = new Date("2026-01-01T00:00:00Z");
    world.changes.set(key, { operation: "UPDATE", trigger: SHOP, oldObject: SHOP, id: "1", time, ...change });
  };
  const plan = () => planClaim(world, key);
  const verbs = (): string[] => plan().steps.map(({ verb }) => verb);
  const made = (): KubernetesObject | undefined =>
    plan().steps.flatMap((step) => (step.verb === "apply" ? [step.object] : []))[0];
  const store = (data: JsonObject): void => {
    const identity = { ...claimRef(key), triggerUid: SHOP.metadata.uid ?? "" };
    const ref = { group: "", kind: "ConfigMap", namespace: "archive", name: "gone" };
    const metadata = { name: "gone", namespace: "archive", ...marksFor(world.installation, identity, ref) };
    const live = applied({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
    world.inventory.observe(live, { resource: CONFIG_MAPS, by: "watch", now: 0 });
  };
  return { world, policy, key, see, plan, verbs, made, store };
}

describe("an edge rule", () => {
  it("wants nothing without a change, and leaves what it made", () => {
    const { plan, store, verbs } = scene(["DELETE"]);
    expect(plan()).toMatchObject({ steps: [], fate: "gone" });
    store({ team: "edited" });
    expect(verbs()).toEqual(["skip"]);
  });

  it("leaves the change to others while its policy is theirs", () => {
    const { world, see, plan } = scene(["DELETE"]);
    see({ operation: "DELETE" });
    world.suspended = "Kyverno is alive";
    expect(plan()).toMatchObject({ fate: "gone", because: "Kyverno is alive", steps: [] });
  });

  it("makes of a deletion what the deleted object says", () => {
    const { see, made } = scene(["DELETE"]);
    see({ operation: "DELETE" });
    expect(made()?.data).toMatchObject({ team: "checkout" });
  });

  it.each([
    ["writes its target anew", {}, ["apply"]],
    ["leaves its target where it does not synchronize", { synchronize: false }, ["skip"]],
  ])("%s at the next change", (_what, more, expected) => {
    const { see, store, verbs, plan } = scene(["UPDATE"], more);
    store({ team: "before" });
    see();
    expect(verbs()).toEqual(expected);
    expect(plan().steps.filter((step) => "correction" in step)).toEqual([]);
  });

  it("makes a missing target although it does not synchronize", () => {
    const { see, verbs } = scene(["UPDATE"], { synchronize: false });
    see();
    expect(verbs()).toEqual(["apply"]);
  });

  it("makes the same of one change each time, and something else of another", () => {
    const { see, made } = scene(["UPDATE"]);
    see();
    const [first, again] = [made(), made()];
    see({ id: "2" });
    expect(again).toEqual(first);
    expect(made()?.data).not.toEqual(first?.data);
  });

  it("waits until all that it looks at is known", () => {
    const { world, see, plan } = scene(["UPDATE"]);
    world.ready = false;
    see();
    expect(plan()).toMatchObject({ fate: "held", again: expect.any(Number), steps: [] });
  });

  it("gives up when its rule is not there any more", () => {
    const { world, policy, see, plan } = scene(["UPDATE"]);
    see();
    world.states.delete(keyOf(policy.ref));
    expect(plan()).toMatchObject({ fate: "gone", steps: [] });
  });
});

describe("the deletion of a custom resource", () => {
  const WIDGET: KubernetesObject = {
    ...{ apiVersion: "t.example.com/v1", kind: "Widget" },
    metadata: { name: "w", uid: "w1", resourceVersion: "1", labels: { team: "checkout" } },
  };

  function definition(uid: string): KubernetesObject {
    return {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.t.example.com", uid, creationTimestamp: "2025-01-01T00:00:00Z" },
      spec: {
        ...{ group: "t.example.com", scope: "Cluster", names: { kind: "Widget", plural: "widgets" } },
        versions: [{ name: "v1", served: true }],
      },
      status: { conditions: [{ type: "Established", status: "True" }] },
    };
  }

  function deleted(departed: number) {
    const world = emptyWorld();
    world.catalogue.setDefinition(definition("1"));
    const match = { any: [{ resources: { kinds: ["Widget"], operations: ["DELETE"] } }] };
    const rule = { ...configMapRule("gone", {}, { namespace: "archive" }), match };
    const policy = servePolicy(world, "archive", [rule]);
    const namespaces = world.namespaces as ReturnType<typeof import("../state/index.ts").createObjectStore>; // as the fixture makes it
    namespaces.set(ARCHIVE);
    const key = claimOf(policy, "gone", WIDGET);
    world.departures.set(keyOf(refOf(WIDGET)), { since: departed, definition: "1" });
    const time = new Date(0);
    world.changes.set(key, { operation: "DELETE", trigger: WIDGET, oldObject: WIDGET, id: "1", time });
    return { world, plan: () => planClaim(world, key) };
  }

  it("counts after a while, since it may have gone with its definition", () => {
    expect(deleted(100_000).plan()).toMatchObject({ fate: "held", again: 10_000 });
    expect(deleted(80_000).plan().steps).toMatchObject([{ verb: "apply" }]);
  });

  it("does not count when the definition went", () => {
    const { world, plan } = deleted(80_000);
    world.catalogue.removeDefinition(definition("1"));
    expect(plan()).toMatchObject({ fate: "gone", steps: [] });
  });
});
