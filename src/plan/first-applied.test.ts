import { describe, expect, it } from "vitest";
import { FIRST_APPLIED, type KubernetesObject, keyOf, refOf } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import { planClaim } from "./plan.ts";
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
} from "./world.fixture.ts";

const FIRST = "2026-01-01T00:00:00Z";
const LATER = "2026-03-01T00:00:00Z";

/** One rule that writes the time, for the Namespace shop. */
function worldAt(time: string, data = "{{ time_now_utc() }}"): { world: TestWorld; key: ClaimKey } {
  const world = emptyWorld();
  const trigger = namespaceObject("shop");
  world.stores.get("/v1/namespaces")?.set(trigger);
  const key = claimOf(servePolicy(world, "base", [configMapRule("since", { at: data })]), "since", trigger);
  return { world: at(world, time), key };
}

function at(world: TestWorld, time: string): TestWorld {
  return Object.assign(world, { environment: { ...world.environment, now: () => new Date(time) } });
}

function wanted(world: TestWorld, key: ClaimKey): KubernetesObject {
  const [step] = planClaim(world, key).steps;
  if (step?.verb !== "apply") throw new Error("nothing is applied");
  return step.object;
}

function observe(world: TestWorld, live: KubernetesObject): void {
  world.inventory.observe(live, { resource: CONFIG_MAPS, by: "watch", now: world.now });
}

function remember(world: TestWorld, key: ClaimKey): void {
  const { wants, firstApplied, reads } = planClaim(world, key);
  const time = firstApplied === undefined ? {} : { firstApplied };
  world.claims.set({ key, wants: new Set(wants), inSync: 0, failures: [], ...time }, key, reads);
}

describe("a target that has the time in it", () => {
  it("has the time of the first apply, in whole seconds, and tells it", () => {
    const { world, key } = worldAt("2026-01-01T00:00:00.999Z");
    const { data, metadata } = wanted(world, key);
    expect(data).toEqual({ at: FIRST });
    expect(metadata.annotations?.[FIRST_APPLIED]).toBe(FIRST);
  });

  it("keeps it in later plans, as the target tells it", () => {
    const { world, key } = worldAt(FIRST);
    observe(world, applied(wanted(world, key)));
    expect(planClaim(at(world, LATER), key).steps.filter(isWrite)).toEqual([]);
  });

  it("keeps it when the target is deleted, or its annotation taken off, as long as the process lives", () => {
    const { world, key } = worldAt(FIRST);
    const live = applied(wanted(world, key));
    observe(world, live);
    remember(world, key);
    at(world, LATER);
    const { [FIRST_APPLIED]: _time, ...annotations } = live.metadata.annotations ?? {};
    observe(world, { ...live, metadata: { ...live.metadata, annotations, resourceVersion: "9999" } });
    expect(wanted(world, key).metadata.annotations?.[FIRST_APPLIED]).toBe(FIRST);
    world.inventory.forget(keyOf(refOf(live)));
    expect(wanted(world, key).data).toEqual({ at: FIRST });
  });

  it("begins anew when all that told it is gone, or tells no time", () => {
    const { world, key } = worldAt(FIRST);
    const live = applied(wanted(world, key));
    const annotations = { ...live.metadata.annotations, [FIRST_APPLIED]: "long ago" };
    observe(world, { ...live, metadata: { ...live.metadata, annotations } });
    expect(wanted(at(world, LATER), key).data).toEqual({ at: LATER });
  });

  it("begins anew for a trigger that was created again", () => {
    const { world, key } = worldAt(FIRST);
    observe(world, applied(wanted(world, key)));
    remember(world, key);
    world.stores.get("/v1/namespaces")?.set(namespaceObject("shop", {}, "another-uid"));
    expect(wanted(at(world, LATER), key).data).toEqual({ at: LATER });
  });

  it("is told by no target of a rule that does not use it", () => {
    const { world, key } = worldAt(FIRST, "no time");
    expect(wanted(world, key).metadata.annotations).not.toHaveProperty([FIRST_APPLIED]);
    expect(planClaim(world, key)).not.toHaveProperty("firstApplied");
  });
});

describe("a rule with random values", () => {
  it("waits while the installation key is not known", () => {
    const { world, key } = worldAt(FIRST, "{{ random('[a-z]{8}') }}");
    const plan = planClaim(Object.assign(world, { installationKey: undefined }), key);
    expect(plan).toMatchObject({ fate: "held", steps: [] });
    expect(plan.because).toContain("the installation key");
  });
});

describe("a rule whose preconditions look at the time", () => {
  it("is planned again though nothing tells that time has passed", () => {
    const world = emptyWorld();
    const trigger = namespaceObject("shop");
    world.stores.get("/v1/namespaces")?.set(trigger);
    const condition = { key: "{{ time_now_utc() }}", operator: "Equals", value: "never" };
    const rule = { ...configMapRule("since", { a: "b" }), preconditions: { all: [condition] } };
    const plan = planClaim(world, claimOf(servePolicy(world, "base", [rule]), "since", trigger));
    expect(plan).toMatchObject({ idle: true, isTimed: true });
  });
});
