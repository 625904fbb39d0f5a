/** generateExisting: false. */

import { describe, expect, it } from "vitest";
import { type JsonObject, marksFor } from "../object/index.ts";
import { claimRef } from "../state/index.ts";
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
} from "./world.fixture.ts";

const POLICY_MADE = "2026-01-01T12:00:00Z";

function scene(created: string, more: JsonObject = {}) {
  const world = emptyWorld();
  const rule = configMapRule("settings", { a: "b" }, { generateExisting: false, ...more });
  const policy = servePolicy(world, "baseline", [rule], POLICY_MADE);
  const shop = namespaceObject("shop");
  const trigger = { ...shop, metadata: { ...shop.metadata, creationTimestamp: created } };
  const store = world.objects(NAMESPACES) as ReturnType<typeof import("../state/index.ts").createObjectStore>; // as the fixture makes it
  store.set(trigger);
  const key = claimOf(policy, "settings", trigger);
  const verbs = (): string[] => planClaim(world, key).steps.map(({ verb }) => verb);
  return { world, key, trigger, verbs };
}

describe("a trigger of a rule with generateExisting: false", () => {
  it.each([
    ["created after the policy", "2026-01-01T12:00:01Z", ["apply"]],
    ["created in the same second", POLICY_MADE, ["apply"]],
    ["that was there before", "2026-01-01T11:59:59Z", []],
  ])("%s", (_what, created, expected) => {
    expect(scene(created).verbs()).toEqual(expected);
  });

  it("that was there before counts when it was seen to change", () => {
    const { world, key, verbs } = scene("2026-01-01T11:00:00Z");
    expect(planClaim(world, key)).toMatchObject({ idle: true, wants: [] });
    world.moments.add(key);
    expect(verbs()).toEqual(["apply"]);
  });

  it("counts from then on, by what was made for it", () => {
    const { world, key, trigger, verbs } = scene("2026-01-01T11:00:00Z");
    const ref = { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" };
    const identity = { ...claimRef(key), triggerUid: trigger.metadata.uid ?? "" };
    const metadata = { name: "settings", namespace: "shop", ...marksFor(world.installation, identity, ref) };
    const live = applied({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "edited" } });
    world.inventory.observe(live, { resource: CONFIG_MAPS, by: "watch", now: 0 });
    expect(verbs()).toEqual(["apply"]); // put back
  });

  it("is made for once, at its moment", () => {
    const { world, key, verbs } = scene("2026-01-01T13:00:00Z", { synchronize: false });
    expect(verbs()).toEqual(["skip"]);
    world.moments.add(key);
    expect(verbs()).toEqual(["apply"]);
  });
});
