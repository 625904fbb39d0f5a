/** What goes onto the Lease, and what is new for who finds it there. */

import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { type KubernetesObject, keyOf, type Resource, refOf } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "../rule/index.ts";
import { type ClaimKey, claimKey, findRule, type PolicyState } from "../state/index.ts";
import type { WatchSignal } from "../watch/index.ts";
import { Moments } from "./moments.ts";
import { ObservedWorld } from "./observed-world.ts";
import { createWatches } from "./watches.ts";

const VERBS = ["create", "delete", "get", "list", "patch", "watch"];
const NAMESPACES: Resource = {
  ...{ group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false },
  verbs: VERBS,
};
const CONFIG_MAPS: Resource = {
  ...{ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  verbs: VERBS,
};

const WELCOME = {
  name: "welcome",
  match: { any: [{ resources: { kinds: ["Namespace"] } }] },
  generate: {
    ...{ apiVersion: "v1", kind: "ConfigMap", name: "welcome", namespace: "{{ request.object.metadata.name }}" },
    synchronize: false,
    data: { data: {} },
  },
};

/** As a holder leaves it that had no rule that makes anything once. */
const NOTHING = '{"kinds":{},"rules":[],"open":[]}';

function namespace(name: string, resourceVersion: string, second: number): KubernetesObject {
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString().replace(".000", "");
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, uid: name, resourceVersion, creationTimestamp } };
}

function scene() {
  const world = new ObservedWorld({ installation: "test", pruneDelay: 0, kyverno: false, systemNamespaces: new Set() });
  world.catalogue.replaceDiscovered([NAMESPACES, CONFIG_MAPS]);
  world.stores.keep([{ resource: NAMESPACES }]);
  const signals = new Subject<WatchSignal>();
  const store = world.stores.of({ resource: NAMESPACES });
  const watches = createWatches(
    () => signals,
    (_watch, signal) => {
      if (signal.type === "page") store?.buffer(signal.objects);
      if (signal.type === "synced") store?.swap();
      if (signal.type === "changed") store?.set(signal.object);
    },
    () => {},
  );
  watches.want([{ resource: NAMESPACES }]);
  const moments = new Moments(world, watches);
  const show = (...list: WatchSignal[]): void => {
    for (const signal of list) signals.next(signal);
  };
  const list = (version: string, ...objects: KubernetesObject[]): void =>
    show({ type: "page", objects }, { type: "synced", resourceVersion: version });
  const state = serve(world, "welcome");
  world.policiesSynced = true;
  const ready = (): void => {
    const rule = findRule(state, "welcome");
    const claims = Array.from(store?.values() ?? [], (trigger) => claimOf(state, trigger));
    if (rule !== undefined) moments.noteReady(state, rule, claims);
  };
  const due = (): string[] =>
    [...world.moments].map((claim) => claim.split("/").at(-1) ?? "").toSorted((a, b) => a.localeCompare(b));
  return { world, watches, moments, show, list, ready, due, state };
}

function serve(world: ObservedWorld, name: string): PolicyState {
  const object = {
    apiVersion: "perennial.dev/v1",
    kind: "ClusterPolicy",
    metadata: { name, uid: "1" },
    spec: { rules: [WELCOME] },
  };
  const parsed = parsePolicy(object);
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy, world.catalogue);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  const { ref } = compiled.policy;
  const state: PolicyState = { ref, object: object as KubernetesObject, phase: "compiled", compiled: compiled.policy }; // a whole object
  world.policyStates.set(keyOf(ref), state);
  return state;
}

function claimOf({ ref }: PolicyState, trigger: KubernetesObject): ClaimKey {
  return claimKey({ policy: ref, rule: "welcome", trigger: refOf(trigger) });
}

/** What a holder leaves on the Lease that has seen `early` and done everything. */
function leftBehind(): string | undefined {
  const { moments, list, ready, world } = scene();
  moments.takeOver(NOTHING);
  list("100", namespace("early", "50", 0));
  ready();
  world.moments.clear();
  return moments.seenUntil;
}

describe("what goes onto the Lease", () => {
  it("is nothing while no rule makes anything once", () => {
    const { moments, world, list } = scene();
    world.policyStates.clear();
    moments.takeOver(NOTHING);
    list("100");
    expect(moments.seenUntil).toBe(NOTHING);
  });

  it("comes on with events and bookmarks", () => {
    const { moments, list, ready, show, world } = scene();
    moments.takeOver(NOTHING);
    list("100", namespace("early", "50", 0));
    ready();
    world.moments.clear();
    const kinds = (): unknown => JSON.parse(moments.seenUntil ?? "").kinds["/Namespace"];
    expect(kinds()).toEqual({ version: "100", time: "2026-01-01T12:00:00Z" });
    show({ type: "changed", object: namespace("later", "101", 7) });
    expect(kinds()).toEqual({ version: "101", time: "2026-01-01T12:00:07Z" });
    show({ type: "bookmark", resourceVersion: "140" });
    expect(kinds()).toEqual({ version: "140", time: "2026-01-01T12:00:07Z" });
  });

  it("names what was seen and is not done", () => {
    const { moments, list, ready, world } = scene();
    moments.takeOver(NOTHING);
    list("100", namespace("early", "50", 0));
    ready();
    const open = (): unknown[] => JSON.parse(moments.seenUntil ?? "").open;
    expect(open()).toHaveLength(1);
    world.moments.clear();
    expect(open()).toEqual([]);
  });

  it("waits for what was seen to be done where that is too much to name, not for what is seen meanwhile", () => {
    const { moments, list, ready, show, world, state } = scene();
    const early = Array.from({ length: 201 }, (_, i) => namespace(`early-${i}`, "50", 0));
    const later = namespace("later", "101", 7);
    moments.takeOver(NOTHING);
    list("100", ...early);
    ready();
    expect(moments.seenUntil).toBe(NOTHING); // as it was found
    world.moments.add(claimOf(state, later));
    show({ type: "changed", object: later });
    for (const trigger of early) world.moments.delete(claimOf(state, trigger));
    expect(moments.seenUntil).toContain('"version":"101"');
  });

  it("stands there to the end, when the watches have ended already", () => {
    const { moments, list, ready, world, watches } = scene();
    moments.takeOver(NOTHING);
    list("100", namespace("early", "50", 0));
    ready();
    world.moments.clear();
    const before = moments.seenUntil;
    watches.stop();
    expect(moments.seenUntil).toBe(before);
  });

  it("keeps what was found until the policies are known, and a rule's kinds until the rule is ready", () => {
    const left = leftBehind();
    const { moments, list, world, ready } = scene();
    world.policiesSynced = false;
    moments.takeOver(left);
    expect(moments.seenUntil).toBe(left);
    world.policiesSynced = true;
    list("200", namespace("early", "50", 0), namespace("unseen", "150", 50));
    expect(moments.seenUntil).toBe(left);
    ready();
    expect(moments.seenUntil).toContain('"version":"200"');
  });
});

describe("new to who gets the Lease", () => {
  it("is what was stored since", () => {
    const { moments, list, ready, due } = scene();
    moments.takeOver(leftBehind());
    list("200", namespace("early", "50", 0), namespace("unseen", "150", 50));
    ready();
    expect(due()).toEqual(["unseen"]);
  });

  it("is what was not done", () => {
    const holder = scene();
    holder.moments.takeOver(NOTHING);
    holder.list("100", namespace("early", "50", 0), namespace("failing", "51", 0));
    holder.ready();
    for (const claim of holder.world.moments) if (claim.endsWith("early")) holder.world.moments.delete(claim);
    const { moments, list, ready, due } = scene();
    moments.takeOver(holder.moments.seenUntil);
    list("200", namespace("early", "50", 0), namespace("failing", "51", 0));
    ready();
    expect(due()).toEqual(["failing"]);
  });

  it("is every trigger of a rule that nobody had carried out to the end", () => {
    const { moments, list, ready, due } = scene();
    moments.takeOver(NOTHING);
    list("200", namespace("early", "50", 0), namespace("unseen", "150", 50));
    ready();
    expect(due()).toEqual(["early", "unseen"]);
  });

  it.each([
    ["nothing when the Lease was lost and the rule is stored", undefined, true, []],
    ["nothing when somebody removed what stood there and the rule is stored", "", true, []],
    ["every trigger when there was no Lease and nothing stored", undefined, false, ["early"]],
  ])("is %s", (_what, found, stored, expected) => {
    const { moments, list, ready, due, state, world } = scene();
    const disposal = { policy: state.ref, definition: "", rules: { welcome: "keep" as const } };
    if (stored) world.disposals = new Map([[keyOf(state.ref), disposal]]);
    moments.noteNewRules(state);
    moments.takeOver(found);
    list("200", namespace("early", "50", 0));
    ready();
    expect(due()).toEqual(expected);
  });

  it("is nothing to who held it before, and saw everything meanwhile", () => {
    const { moments, list, ready, world } = scene();
    moments.takeOver(NOTHING);
    list("100", namespace("early", "50", 0));
    ready();
    world.moments.clear();
    const left = moments.seenUntil;
    expect([moments.takeOver(left), moments.takeOver(undefined), moments.takeOver(NOTHING)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("is what we saw ourselves where renewals failed and nobody else held the Lease", () => {
    const { moments, list, ready, world, show, due } = scene();
    moments.takeOver(NOTHING);
    list("100", namespace("early", "50", 0));
    ready();
    world.moments.clear();
    const stored = moments.seenUntil;
    show({ type: "changed", object: namespace("later", "101", 7) });
    expect(moments.seenUntil).not.toBe(stored);
    expect(moments.takeOver(stored, false)).toBe(false);
    ready();
    expect(due()).toEqual([]);
    expect(moments.takeOver(stored, true)).toBe(true);
  });
});
