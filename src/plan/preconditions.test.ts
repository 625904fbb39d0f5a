/** What preconditions do to targets that are there. */

import { expect, it } from "vitest";
import type { Json } from "../object/index.ts";
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

const TIER = "{{ request.object.metadata.labels.tier }}";

/** The plan for a Namespace with other labels, after a ConfigMap was made for one of tier gold. */
function planAfter(labels: { [key: string]: string }, more = {}) {
  const world = emptyWorld();
  const namespaces = world.stores.get("/v1/namespaces");
  namespaces?.set(namespaceObject("shop", { tier: "gold" }));
  const preconditions: Json = [{ key: TIER, operator: "Equals", value: "gold", message: "only gold" }];
  const policy = servePolicy(world, "base", [{ ...configMapRule("settings", {}, more), preconditions }]);
  const key = claimOf(policy, "settings", namespaceObject("shop"));
  world.moments.add(key);
  const [step] = planClaim(world, key).steps;
  if (step?.verb !== "apply") throw new Error("nothing is applied");
  world.inventory.observe(applied(step.object), { resource: CONFIG_MAPS, by: "watch", now: world.now });
  namespaces?.set({
    ...namespaceObject("shop", labels),
    metadata: { ...namespaceObject("shop", labels).metadata, resourceVersion: "2" },
  });
  return planClaim(world, key);
}

it("preconditions that turn false delete what is kept in sync, and say so", () => {
  const plan = planAfter({ tier: "silver" });
  expect(plan.steps).toMatchObject([{ verb: "delete", because: "only gold" }]);
  expect(plan).toMatchObject({ idle: true, because: "only gold", wants: [] });
});

it("preconditions that still hold leave what is there", () => {
  expect(planAfter({ tier: "gold", other: "x" })).toMatchObject({ idle: false, steps: [{ verb: "skip" }] });
});

it("preconditions that turn false leave what was made once", () => {
  const verbs = planAfter({ tier: "silver" }, { synchronize: false }).steps.map(({ verb }) => verb);
  expect(verbs).not.toContain("delete");
});

it("preconditions that cannot be evaluated delete nothing: nobody can say whether they hold", () => {
  const plan = planAfter({});
  expect(plan.steps).toEqual([]);
  expect(plan.failures).toMatchObject([{ reason: "ExpressionFailed" }]);
});
