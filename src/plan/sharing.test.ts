import { describe, expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, keyOf } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import { planClaim } from "./plan.ts";
import type { Step } from "./step.ts";
import {
  applied,
  CONFIG_MAPS,
  changedBy,
  claimOf,
  configMapRule,
  emptyWorld,
  namespaceObject,
  servePolicy,
  type TestWorld,
} from "./world.fixture.ts";

const SHOP = namespaceObject("shop");
const SETTINGS = { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" };
const FAILING = { by: "{{ request.object.metadata.annotations.owner }}" };

function emptyShop(): TestWorld {
  const world = emptyWorld();
  world.stores.get("/v1/namespaces")?.set(SHOP);
  return world;
}

type Wish = { data?: JsonObject; more?: JsonObject; rule?: string; day?: number };

/** A policy that wants `settings` in the Namespace shop, made on that day. */
function serve(world: TestWorld, policy: string, { data = {}, more = {}, rule = "settings", day = 1 }: Wish): ClaimKey {
  const wish = { ...configMapRule("settings", { by: policy, ...data }, more), name: rule };
  return claimOf(servePolicy(world, policy, [wish], `2026-01-0${day}T00:00:00Z`), rule, SHOP);
}

function planOf(world: TestWorld, claim: ClaimKey): Step | undefined {
  return planClaim(world, claim).steps[0];
}

/** What the worker does with a plan: remembers its judgements and what it wants. */
function conclude(world: TestWorld, claim: ClaimKey, failures: "fails" | "conflicts" | "" = ""): void {
  const plan = planClaim(world, claim);
  for (const { target, ...judgement } of plan.judged) world.inventory.judge(keyOf(target), judgement);
  const reason = failures === "conflicts" ? ("Conflict" as const) : ("Rejected" as const);
  const failure = { reason, message: "no", target: SETTINGS, time: "" };
  const told = [...plan.failures.map((of) => ({ ...of, time: "" })), ...(failures === "" ? [] : [failure])];
  world.claims.set({ key: claim, wants: new Set([keyOf(SETTINGS)]), inSync: 0, failures: told }, claim, plan.reads);
}

/** The target is there, as the claim's policy made it. */
function make(world: TestWorld, claim: ClaimKey): KubernetesObject {
  const step = planOf(world, claim);
  if (step?.verb !== "apply") throw new Error(JSON.stringify(step));
  const live = applied(step.object);
  see(world, live);
  conclude(world, claim);
  return live;
}

function see(world: TestWorld, live: KubernetesObject): void {
  world.inventory.observe(live, { resource: CONFIG_MAPS, by: "watch", now: world.now });
}

/** The policy has another rule now. */
function removeRule(world: TestWorld, policy: string): void {
  servePolicy(world, policy, [{ ...configMapRule("other", {}), name: "another" }]);
}

const TAKES_OVER = { verb: "apply", precondition: { uid: "uid-of-settings" } };
const CONFLICT = { verb: "skip", failure: { reason: "Conflict" } };

describe("a target whose holder no longer wants it", () => {
  function orphaned(): TestWorld {
    const world = emptyShop();
    make(world, serve(world, "holder", { day: 1 }));
    removeRule(world, "holder");
    return world;
  }

  it("is taken over by the older policy, and by no other at the same time", () => {
    const world = orphaned();
    const claims = [serve(world, "z-older", { day: 2 }), serve(world, "a-younger", { day: 3 })];
    for (const claim of claims) conclude(world, claim);
    const [older, younger] = claims.map((claim) => planOf(world, claim));
    expect(older).toMatchObject({ ...TAKES_OVER, object: { data: { by: "z-older" } } });
    expect(younger).toMatchObject({ verb: "skip", because: expect.stringContaining("z-older comes first") });
  });

  it("is missed by the younger one when the older one cannot take it over: Conflict names that", () => {
    const world = orphaned();
    conclude(world, serve(world, "older", { day: 2 }), "fails");
    const younger = planOf(world, serve(world, "younger", { day: 3 }));
    expect(younger).toMatchObject({ ...CONFLICT, because: expect.stringMatching(/ClusterPolicy older.*fails/) });
  });

  it.each<[string, Wish]>([
    ["would leave it alone", { more: { synchronize: false } }],
    ["cannot say what it wants", { data: FAILING }],
  ])("is not left to a policy that %s, though it is older", (_which, wish) => {
    const world = orphaned();
    conclude(world, serve(world, "older", { ...wish, day: 2 }));
    const younger = serve(world, "younger", { day: 3 });
    conclude(world, younger);
    expect(planOf(world, younger)).toMatchObject(TAKES_OVER);
  });

  it("waits until every claim was planned that may want it", () => {
    const world = orphaned();
    world.planned = false;
    expect(planOf(world, serve(world, "other", { day: 2 }))).toMatchObject({ verb: "skip" });
  });
});

describe("a target whose holder still wants it", () => {
  it("stays with it, also while its first plan is under way", () => {
    const world = emptyShop();
    const holder = serve(world, "holder", {});
    make(world, holder);
    world.claims.remove(holder); // not concluded yet
    const other = planOf(world, serve(world, "other", { day: 2 }));
    expect(other).toMatchObject({ ...CONFLICT, because: expect.stringContaining("ClusterPolicy holder") });
  });

  it.each([
    ["invalid", "invalid", (world: TestWorld, key: string) => invalidate(world, key)],
    ["not watched yet", "not everything", (world: TestWorld, key: string) => unready(world, key)],
    ["failing", "annotations", (world: TestWorld) => void serve(world, "holder", { data: FAILING })],
  ])("perhaps, as its rule is %s, stays with it", (_what, because, arrange) => {
    const world = emptyShop();
    const claim = serve(world, "holder", {});
    make(world, claim);
    world.claims.remove(claim); // as after a start
    arrange(world, "perennial.dev/ClusterPolicy//holder");
    const other = planOf(world, serve(world, "other", { day: 2 }));
    expect(other).toMatchObject({ ...CONFLICT, because: expect.stringMatching(`ClusterPolicy holder .*${because}`) });
  });

  it("is shared by those who want the same, whatever somebody has just made of it", () => {
    const world = emptyShop();
    const live = make(world, serve(world, "holder", { data: { by: "all" } }));
    const other = serve(world, "other", { data: { by: "all" }, day: 2 });
    expect(planOf(world, other)).toMatchObject({ verb: "skip", inSync: true });
    const edited = changedBy("kubectl", live, (object) => Object.assign(object, { data: { by: "mallory" } }), {});
    see(world, edited);
    expect(planOf(world, other)).toMatchObject({ verb: "skip", inSync: true });
    expect(planOf(world, serve(world, "third", { day: 3 }))).toMatchObject(CONFLICT);
  });

  it.each<[string, JsonObject]>([
    ["another label", { tier: "gold" }],
    ["no label", {}],
  ])("is not shared with who wants %s on it, whether it was looked at yet or not", (_which, labels) => {
    const labelled = (tiers: JsonObject): Wish => ({
      more: { data: { metadata: { labels: tiers }, data: { by: "all" } } },
    });
    const world = emptyShop();
    const live = make(world, serve(world, "holder", labelled({ tier: "lead" })));
    const other = serve(world, "other", { ...labelled(labels), day: 2 });
    expect(planOf(world, other)).toMatchObject(CONFLICT);
    world.inventory.forget(keyOf(SETTINGS));
    see(world, live); // as after a start
    expect(planOf(world, other)).toMatchObject(CONFLICT);
  });

  it("once, and does not keep it, shares it with nobody, even if it is as another one wants it", () => {
    const world = emptyShop();
    make(world, serve(world, "holder", { data: { by: "all" } }));
    serve(world, "holder", { data: { by: "all" }, more: { synchronize: false } });
    expect(planOf(world, serve(world, "other", { data: { by: "all" }, day: 2 }))).toMatchObject(CONFLICT);
  });

  it("is known by the digest when the annotations were taken off", () => {
    const world = emptyShop();
    const holder = serve(world, "holder", {});
    const { metadata, ...rest } = make(world, holder);
    see(world, { ...rest, metadata: { ...metadata, annotations: {}, resourceVersion: "999999" } });
    expect(planOf(world, serve(world, "other", { day: 2 }))).toMatchObject(CONFLICT);
    expect(planOf(world, holder)).toMatchObject({ verb: "apply" });
  });
});

describe("a marked target of which nobody knows whose it was", () => {
  it("is taken over by the claim that wants it", () => {
    const world = emptyShop();
    const { metadata, ...rest } = make(world, serve(world, "holder", {}));
    removeRule(world, "holder");
    see(world, { ...rest, metadata: { ...metadata, annotations: {}, resourceVersion: "999999" } });
    expect(planOf(world, serve(world, "other", { day: 2 }))).toMatchObject(TAKES_OVER);
  });
});

describe("a target that is not there", () => {
  const MAKES = { verb: "apply", precondition: { absent: true } };

  it.each<[string, [string, Wish], [string, Wish]]>([
    ["the older policy", ["z", { day: 1 }], ["a", { day: 2 }]],
    ["the first name, of the same age", ["a", {}], ["z", {}]],
    ["the first rule, of the same policy", ["p", { rule: "a" }], ["p", { rule: "z" }]],
  ])("is made by %s, whoever is asked first; the other one waits", (_which, [one, first], [two, second]) => {
    const world = emptyShop();
    const claims = [serve(world, one, first), serve(world, two, second)] as const;
    if (one === two) serveBoth(world, one);
    expect(planClaim(world, claims[1])).toMatchObject({ steps: [{ verb: "skip", inSync: false }], again: 1_000 });
    expect(planOf(world, claims[0])).toMatchObject(MAKES);
    conclude(world, claims[1]);
    expect(planOf(world, claims[0])).toMatchObject(MAKES);
    conclude(world, claims[0]);
    expect(planOf(world, claims[1])).toMatchObject({ verb: "skip" });
  });

  it("is missed by the other one when the first one cannot make it: Conflict names the first", () => {
    const world = emptyShop();
    conclude(world, serve(world, "older", { day: 1 }), "fails");
    const younger = planClaim(world, serve(world, "younger", { day: 2 }));
    expect(younger.again).toBeUndefined();
    expect(younger.steps).toMatchObject([
      { ...CONFLICT, because: expect.stringMatching(/left to .*ClusterPolicy older.*comes first and fails/) },
    ]);
  });

  it("says with the first one whose it is, where that keeps the first from it", () => {
    const world = emptyShop();
    conclude(world, serve(world, "older", { day: 1 }), "conflicts");
    expect(planOf(world, serve(world, "younger", { day: 2 }))).toMatchObject({ ...CONFLICT, because: "no" });
  });

  it.each<[string, Wish]>([
    ["whose rule fails", { data: FAILING }],
    ["that would make another one", { more: { name: "something" } }],
    ["that makes its targets once, and made this one", { more: { synchronize: false } }],
    ["that was made later", { day: 3 }],
  ])("is not left to a policy %s", (_which, wish) => {
    const world = emptyShop();
    serve(world, "other", { day: 1, ...wish });
    expect(planOf(world, serve(world, "asking", { day: 2 }))).toMatchObject(MAKES);
  });

  it("is not left to a policy that is not ready, nor to one that does not select the trigger", () => {
    const world = emptyShop();
    serve(world, "unready", { day: 1 });
    unready(world, "perennial.dev/ClusterPolicy//unready");
    const match = { any: [{ resources: { kinds: ["Namespace"], names: ["elsewhere"] } }] };
    servePolicy(world, "elsewhere", [{ ...configMapRule("settings", {}), match }], "2026-01-01T00:00:00Z");
    expect(planOf(world, serve(world, "asking", { day: 2 }))).toMatchObject(MAKES);
  });

  it("is left to an older policy that will be ready in a moment", () => {
    const world = emptyShop();
    serve(world, "unready", { day: 1 });
    unready(world, "perennial.dev/ClusterPolicy//unready");
    world.isExpected = (policy) => policy === "perennial.dev/ClusterPolicy//unready";
    expect(planOf(world, serve(world, "asking", { day: 2 }))).toMatchObject({ verb: "skip" });
  });

  it("is left to an older policy that makes it once, and makes it now", () => {
    const world = emptyShop();
    const once = serve(world, "once", { day: 1, more: { synchronize: false } });
    world.moments.add(once);
    expect(planOf(world, serve(world, "asking", { day: 2 }))).toMatchObject({ verb: "skip" });
    expect(planOf(world, once)).toMatchObject(MAKES);
  });

  function serveBoth(world: TestWorld, policy: string): void {
    const rules = ["a", "z"].map((name) => ({ ...configMapRule("settings", { by: name }), name }));
    servePolicy(world, policy, rules, "2026-01-01T00:00:00Z");
  }
});

function invalidate(world: TestWorld, key: string): void {
  const state = world.states.get(key as never);
  if (state !== undefined)
    world.states.set(key as never, { ref: state.ref, object: state.object, phase: "invalid", issues: [] });
}

function unready(world: TestWorld, key: string): void {
  world.isReady = (policy) => policy !== key;
}
