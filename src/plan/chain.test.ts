import { describe, expect, it } from "vitest";
import { type Json, type JsonObject, type KubernetesObject, keyOf, refOf, TARGET } from "../object/index.ts";
import { type ClaimKey, claimKey, type PolicyState } from "../state/index.ts";
import { planClaim } from "./plan.ts";
import { isWrite } from "./step.ts";
import { applied, CONFIG_MAPS, emptyWorld, namespaceObject, servePolicy, type TestWorld } from "./world.fixture.ts";

/** A rule from the ConfigMaps with a label to a ConfigMap in the same namespace. */
function rule(name: string, from: string, target: { name: string; data: Json; label?: string }): JsonObject {
  const { label } = target;
  const metadata = label === undefined ? {} : { metadata: { labels: { [label]: "yes" } } };
  return {
    name,
    skipBackgroundRequests: false,
    match: { any: [{ resources: { kinds: ["ConfigMap"], selector: { matchLabels: { [from]: "yes" } } } }] },
    generate: {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: target.name,
      namespace: "shop",
      data: { data: target.data, ...metadata },
    },
  };
}

function configMap(name: string, label: string, data: JsonObject = {}): KubernetesObject {
  const metadata = { name, namespace: "shop", uid: `uid-of-${name}`, resourceVersion: "1", labels: { [label]: "yes" } };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

function put(world: TestWorld, object: KubernetesObject): void {
  world.stores.get("/v1/configmaps")?.set(object);
  world.inventory.observe(object, { resource: CONFIG_MAPS, by: "watch", now: world.now });
}

/** Plans every claim that may be, and writes, until nothing is written; the failures that are left, and what was written. */
function settle(world: TestWorld, policy: PolicyState): { failures: string[]; written: string[] } {
  const written: string[] = [];
  for (let round = 0; round < 30; round++) {
    const plans = claimsOf(world, policy).map((key) => planClaim(world, key));
    const steps = plans.flatMap((plan) => plan.steps);
    for (const { key, wants, reads } of plans)
      world.claims.set({ key, wants: new Set(wants), inSync: 0, failures: [] }, key, reads);
    const writes = steps.filter(isWrite);
    const failures = steps.flatMap((step) => (step.verb === "skip" ? (step.failure ?? []) : []));
    if (writes.length === 0)
      return { failures: failures.map(({ reason, message }) => `${reason}: ${message}`), written };
    for (const step of writes) {
      if (step.verb !== "apply") throw new Error(`${step.verb} ${step.because}`);
      written.push(step.target.name);
      put(world, merged(world, applied(step.object)));
    }
  }
  throw new Error(`it does not come to rest: ${written.join(" ")}`);
}

/** Labels that an apply does not name stay. */
function merged(world: TestWorld, object: KubernetesObject): KubernetesObject {
  const live = world.stores.get("/v1/configmaps")?.get(keyOf(refOf(object)));
  return {
    ...object,
    metadata: { ...object.metadata, labels: { ...live?.metadata.labels, ...object.metadata.labels } },
  };
}

function claimsOf(world: TestWorld, policy: PolicyState): ClaimKey[] {
  if (policy.phase !== "compiled") throw new Error("not compiled");
  const triggers = [...(world.stores.get("/v1/configmaps")?.values() ?? [])];
  return policy.compiled.rules.flatMap(({ name }) =>
    triggers.map((trigger) => claimKey({ policy: policy.ref, rule: name, trigger: refOf(trigger) })),
  );
}

function worldWith(rules: JsonObject[], ...objects: KubernetesObject[]): { world: TestWorld; policy: PolicyState } {
  const world = emptyWorld();
  world.stores.get("/v1/namespaces")?.set(namespaceObject("shop"));
  for (const object of objects) put(world, object);
  return { world, policy: servePolicy(world, "chain", rules) };
}

const NAME = "{{ request.object.metadata.name }}";
const VALUE = "{{ request.object.data.n }}";
const MORE = "{{ request.object.data.n }}x";

describe("what a rule generated", () => {
  const first = rule("first", "root", { name: "middle", data: { n: "1" }, label: "middle" });
  const second = rule("second", "middle", { name: "leaf", data: { n: VALUE } });

  it("triggers another rule that takes it", () => {
    const { world, policy } = worldWith([first, second], configMap("root", "root"));
    expect(settle(world, policy)).toEqual({ failures: [], written: ["middle", "leaf"] });
  });

  it.each([true, undefined])("triggers nothing where skipBackgroundRequests is %s", (skip) => {
    const { skipBackgroundRequests: _false, ...rest } = second;
    const deaf = skip === undefined ? rest : { ...rest, skipBackgroundRequests: skip };
    const { world, policy } = worldWith([first, deaf], configMap("root", "root"));
    expect(settle(world, policy).written).toEqual(["middle"]);
  });

  it("triggers it all the same when its marks are forged", () => {
    const { skipBackgroundRequests: _false, ...deaf } = second;
    const { world, policy } = worldWith([first, deaf], configMap("root", "root"));
    settle(world, policy);
    const made = world.stores.get("/v1/configmaps")?.get(keyOf({ ...refOf(configMap("middle", "middle")) }));
    if (made === undefined) throw new Error("nothing was made");
    put(world, { ...made, metadata: { ...made.metadata, name: "forged", uid: "another", resourceVersion: "5000" } });
    expect(made.metadata.labels).toHaveProperty([TARGET]);
    expect(settle(world, policy).written).toEqual(["leaf"]);
  });
});

describe("a rule that triggers itself with another object each time", () => {
  it("is cut off after eight rounds, and says which round", () => {
    const grow = rule("grow", "grow", { name: `${NAME}-1`, data: {}, label: "grow" });
    const { world, policy } = worldWith([grow], configMap("a", "grow"));
    const { failures, written } = settle(world, policy);
    expect(written).toHaveLength(8);
    const [before, last, next] = [7, 8, 9].map((times) => `ConfigMap shop/a${"-1".repeat(times)}`);
    const link = "rule grow of ClusterPolicy chain";
    expect(failures).toEqual([
      expect.stringContaining(`Cycle: ${before} -> ${link} -> ${last} -> ${link} -> ${next}: each makes the next`),
    ]);
  });

  it("is cut off in the same way when the round goes through several rules", () => {
    const there = rule("there", "odd", { name: `${NAME}-o`, data: {}, label: "even" });
    const back = rule("back", "even", { name: `${NAME}-e`, data: {}, label: "odd" });
    const { world, policy } = worldWith([there, back], configMap("a", "odd"));
    const { failures, written } = settle(world, policy);
    expect(written).toHaveLength(16);
    expect(failures).toEqual([
      expect.stringMatching(
        /^Cycle: \S+ \S+-e -> rule there of .* -> \S+ \S+-o -> rule back of .* -> \S+ \S+-e -> rule there of .* -> \S+ \S+-o: each/,
      ),
    ]);
  });

  it("unfolds a tree that ends", () => {
    const tree = rule("tree", "tree", { name: `${NAME}-1`, data: { n: MORE }, label: "tree" });
    const preconditions = { all: [{ key: "{{ length(request.object.data.n) }}", operator: "LessThan", value: 5 }] };
    const { world, policy } = worldWith([{ ...tree, preconditions }], configMap("a", "tree", { n: "x" }));
    expect(settle(world, policy)).toMatchObject({ failures: [], written: { length: 4 } });
  });
});

describe("a round that comes back to its first object", () => {
  function round(value: string): ReturnType<typeof settle> {
    const there = rule("there", "a", { name: "b", data: { n: VALUE }, label: "b" });
    const back = rule("back", "b", { name: "a", data: { n: value }, label: "a" });
    const { world, policy } = worldWith([there, back], configMap("a", "a", { n: "1" }));
    return settle(world, policy);
  }

  it("is made when it comes to rest, at once or after a while", () => {
    expect(round(VALUE).failures).toEqual([]);
    expect(round("{{ truncate('111', `2`) }}").failures).toEqual([]);
    expect(round("{{ truncate(join('', ['{{ request.object.data.n }}', 'x']), `4`) }}").failures).toEqual([]);
  });

  it("is refused before it is written when it does not", () => {
    const { failures, written } = round(MORE);
    expect(written).toEqual(["b"]);
    expect(failures).toEqual([
      expect.stringContaining(
        "Cycle: ConfigMap shop/a -> rule there of ClusterPolicy chain -> ConfigMap shop/b -> rule back of ClusterPolicy chain -> ConfigMap shop/a: ",
      ),
    ]);
  });
});

describe("a rule whose target is its own trigger", () => {
  function self(value: string): ReturnType<typeof settle> {
    const { world, policy } = worldWith(
      [rule("self", "a", { name: "a", data: { n: value } })],
      configMap("a", "a", { n: "1" }),
    );
    return settle(world, policy);
  }

  it("is served when applying it again changes nothing", () => {
    expect(self(VALUE)).toEqual({ failures: [], written: ["a"] });
  });

  it.each([MORE, "{{ request.object.metadata.resourceVersion }}"])(
    "is refused when it would go on with %s",
    (value) => {
      expect(self(value)).toEqual({
        failures: [expect.stringMatching(/^Cycle: ConfigMap shop\/a -> rule self /)],
        written: [],
      });
    },
  );
});
