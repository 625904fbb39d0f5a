import { describe, expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, keyOf, refOf, resourceKey } from "../object/index.ts";
import type { ClaimKey, SeenChange } from "../state/index.ts";
import { planClaim } from "./plan.ts";
import {
  CONFIG_MAPS,
  claimOf,
  emptyWorld,
  NAMESPACES,
  namespaceObject,
  servePolicy,
  type TestWorld,
} from "./world.fixture.ts";

const LOG: KubernetesObject = {
  ...{ apiVersion: "v1", kind: "ConfigMap", data: { n: "1" } },
  metadata: { name: "log", namespace: "shop", uid: "uid-log", resourceVersion: "7" },
};
const shop = namespaceObject("shop", { colour: "blue" });

/** A rule about changes, and one that was seen. */
function seen(
  mutate: JsonObject,
  change: Partial<SeenChange> = {},
): { world: TestWorld; key: ClaimKey; change: SeenChange } {
  const world = emptyWorld();
  world.stores.get(resourceKey(NAMESPACES))?.set(shop);
  world.stores.get(resourceKey(CONFIG_MAPS))?.set(LOG);
  const targets = [{ apiVersion: "v1", kind: "ConfigMap", namespace: "shop" }];
  const match = { any: [{ resources: { kinds: ["Namespace"] } }] };
  const rule = { name: "r", match, mutate: { targets, mutateExistingOnPolicyUpdate: false, ...mutate } };
  const key = claimOf(servePolicy(world, "p", [rule]), "r", shop);
  const said: SeenChange = {
    ...{ operation: "UPDATE", trigger: shop, oldObject: namespaceObject("shop", { colour: "red" }) },
    ...{ id: "1", time: new Date("2026-01-01T00:00:00Z"), mutated: new Set() },
    ...change,
  };
  world.changes.set(key, said);
  return { world, key, change: said };
}

const APPENDING = { patchesJson6902: "- {op: replace, path: /data/n, value: '{{ target.data.n }}1'}" };

describe("a change that a mutate rule acts on", () => {
  it("changes what exists, whether that comes to rest or not", () => {
    const { world, key } = seen(APPENDING);
    expect(planClaim(world, key)).toMatchObject({
      fate: "desired",
      steps: [
        { verb: "mutate", target: refOf(LOG), object: { data: { n: "11" } }, precondition: { resourceVersion: "7" } },
      ],
    });
  });

  it("changes each object once", () => {
    const { world, key, change } = seen(APPENDING);
    change.mutated?.add(keyOf(refOf(LOG)));
    expect(planClaim(world, key).steps).toMatchObject([{ verb: "skip", because: "it was changed for that" }]);
  });

  it("shows what was before, and when it was seen", () => {
    const was = "{{ request.oldObject.metadata.labels.colour }} {{ request.operation }} {{ time_now_utc() }}";
    const { world, key } = seen({ patchStrategicMerge: { data: { was } } });
    const [step] = planClaim(world, key).steps;
    expect(step).toMatchObject({ object: { data: { was: "red UPDATE 2026-01-01T00:00:00Z" } } });
  });

  it("is over for a claim without one", () => {
    const { world, key } = seen(APPENDING);
    world.changes.clear();
    expect(planClaim(world, key)).toMatchObject({ fate: "gone", steps: [] });
  });
});
