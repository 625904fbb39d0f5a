/** Lists that shrink, and lists of sources, over real stores. */

import { expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, keyOf, refOf } from "../object/index.ts";
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

let version = 1;

/** The Namespace shop with names in an annotation, for each of which a rule makes a ConfigMap. */
function shop(names: string): KubernetesObject {
  const { metadata, ...rest } = namespaceObject("shop");
  return { ...rest, metadata: { ...metadata, resourceVersion: `${++version}`, annotations: { names } } };
}

function worldWith(generate: JsonObject): { world: TestWorld; key: ClaimKey } {
  const world = emptyWorld();
  for (const namespace of [shop("a,b"), namespaceObject("origin")]) world.stores.get("/v1/namespaces")?.set(namespace);
  const policy = servePolicy(world, "base", [{ ...configMapRule("made", {}), generate }]);
  return { world, key: claimOf(policy, "made", namespaceObject("shop")) };
}

const FOREACH: JsonObject = {
  foreach: [
    {
      list: "request.object.metadata.annotations.names | split(@, ',')",
      ...{ apiVersion: "v1", kind: "ConfigMap", namespace: "shop" },
      name: "{{ element }}",
      data: { data: { name: "{{ element }}" } },
    },
  ],
};

function settle(world: TestWorld, key: ClaimKey): string[] {
  const steps = planClaim(world, key).steps.filter(isWrite);
  for (const step of steps) {
    if (step.verb === "apply")
      world.inventory.observe(applied(step.object), { resource: CONFIG_MAPS, by: "write", now: world.now });
    if (step.verb === "delete") world.inventory.forget(keyOf(step.target));
  }
  const plan = planClaim(world, key);
  for (const { target, ...judgement } of plan.judged) world.inventory.judge(keyOf(target), judgement);
  world.claims.set({ key, wants: new Set(plan.wants), inSync: 0, failures: [] }, key, plan.reads, plan.looks);
  return steps.map(({ verb, target }) => `${verb} ${target.name}`);
}

it.each([10, 1000])("%i objects that went at once are planned without asking the rule anew for each", (count) => {
  const names = Array.from({ length: count }, (_, i) => `n${i}`);
  const world = emptyWorld();
  const namespaces = world.stores.get("/v1/namespaces");
  namespaces?.set(shop(names.join()));
  const readsOf = countReads(namespaces?.get(keyOf(refOf(shop("")))));
  const rules = ["one", "two"].map((name) => ({ ...configMapRule(name, {}), generate: EACH_READS }));
  const policy = servePolicy(world, "base", rules);
  const [first, second] = ["one", "two"].map((name) => claimOf(policy, name, namespaceObject("shop")));
  if (first === undefined || second === undefined) return expect.fail("there are two");
  for (const key of [first, second]) settle(world, key);
  for (const name of names) world.inventory.forget(keyOf({ group: "", kind: "ConfigMap", namespace: "shop", name }));
  const before = readsOf();
  expect(planClaim(world, first).steps.filter(isWrite)).toHaveLength(count);
  expect(planClaim(world, second).steps.filter(isWrite)).toHaveLength(0);
  expect(readsOf() - before).toBeGreaterThan(0);
  expect(readsOf() - before).toBeLessThan(READS_OF_EACH * count);
});

/** The rule reads the annotations for each object it makes. */
const EACH_READS: JsonObject = {
  foreach: [
    {
      ...(FOREACH.foreach as JsonObject[])[0],
      data: { data: { of: "{{ request.object.metadata.annotations.names }}" } },
    },
  ],
};

/** At most, whether there are ten of them or a thousand; asked anew for each of a thousand, it would read a thousand times as much. */
const READS_OF_EACH = 9;

/** How often the annotations of the object were read since. */
function countReads(object: KubernetesObject | undefined): () => number {
  if (object === undefined) return expect.fail("it is not there");
  const { annotations } = object.metadata;
  let reads = 0;
  Object.defineProperty(object.metadata, "annotations", {
    enumerable: true,
    get: () => {
      reads += 1;
      return annotations;
    },
  });
  return () => reads;
}

it("the object of an element that vanished is deleted, and the others are left as they are", () => {
  const { world, key } = worldWith(FOREACH);
  expect(settle(world, key)).toEqual(["apply a", "apply b"]);
  expect(settle(world, key)).toEqual([]);
  world.stores.get("/v1/namespaces")?.set(shop("b,c"));
  expect(settle(world, key)).toEqual(["apply c", "delete a"]);
});

it("nothing is deleted while an element fails: it may be the one that wants it", () => {
  const { world, key } = worldWith({
    foreach: [{ ...(FOREACH.foreach as JsonObject[])[0], name: "{{ base64_decode(element) }}" }],
  });
  world.stores.get("/v1/namespaces")?.set(shop("YQ==,Yg=="));
  expect(settle(world, key)).toEqual(["apply a", "apply b"]);
  world.stores.get("/v1/namespaces")?.set(shop("YQ==,?"));
  const plan = planClaim(world, key);
  expect(plan.steps.filter(isWrite)).toEqual([]);
  expect(plan.failures).toMatchObject([{ reason: "ExpressionFailed", message: expect.stringContaining("element 1") }]);
  expect(plan.wants).toHaveLength(2);
});

it("copies of a list come with their sources, follow them, and go with them, each on its own", () => {
  const { world, key } = worldWith({ namespace: "shop", cloneList: { namespace: "origin", kinds: ["v1/ConfigMap"] } });
  const store = world.stores.get("/v1/configmaps");
  const source = (name: string, a: string): KubernetesObject => ({
    ...{ apiVersion: "v1", kind: "ConfigMap", data: { a } },
    metadata: { name, namespace: "origin", resourceVersion: `${++version}` },
  });
  expect(settle(world, key)).toEqual([]);
  store?.set(source("one", "1"));
  store?.set(source("two", "1"));
  expect(settle(world, key)).toEqual(["apply one", "apply two"]);
  store?.set(source("two", "2"));
  expect(settle(world, key)).toEqual(["apply two"]);
  store?.remove(source("one", "1"));
  expect(settle(world, key)).toEqual(["delete one"]);
  expect(planClaim(world, key).reads).toContain("list//ConfigMap/origin");
});
