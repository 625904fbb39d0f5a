/** Which changes edge rules are given, and when they are somebody else's. */

import { describe, expect, it } from "vitest";
import type { KubernetesObject, Resource } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "../rule/index.ts";
import { type ClaimKey, claimRef, type ObjectChange } from "../state/index.ts";
import { createLog } from "../telemetry/index.ts";
import type { Room } from "./change-room.ts";
import { ObservedWorld } from "./observed-world.ts";
import { createQueue } from "./queue.ts";
import { SeenChanges } from "./seen-changes.ts";

const CONFIG_MAPS: Resource = {
  ...{ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  verbs: ["create", "list", "patch", "watch"],
};

const POLICY = {
  ...{ apiVersion: "perennial.dev/v1", kind: "ClusterPolicy", metadata: { name: "audit" } },
  spec: {
    rules: [
      {
        name: "audit",
        match: {
          any: [
            {
              resources: {
                ...{ kinds: ["ConfigMap"], operations: ["UPDATE", "DELETE"] },
                selector: { matchLabels: { audit: "yes" } },
              },
            },
          ],
        },
        generate: { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "archive", data: {} },
      },
    ],
  },
};

function object(size: string, metadata: Partial<KubernetesObject["metadata"]> = {}): KubernetesObject {
  const labels = { audit: "yes" };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "m", namespace: "n", uid: "1", labels, ...metadata },
    data: { size },
  };
}

function scene(room?: Room) {
  const world = new ObservedWorld({ installation: "test", pruneDelay: 0, kyverno: false, systemNamespaces: new Set() });
  world.catalogue.replaceDiscovered([CONFIG_MAPS]);
  const parsed = parsePolicy(POLICY);
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy, world.catalogue);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  const { ref, rules } = compiled.policy;
  const [rule] = rules;
  if (rule === undefined) throw new Error("no rule");
  const lost: string[] = [];
  const changes = new SeenChanges({
    ...{ world, queue: createQueue<ClaimKey>(), log: createLog("fatal") },
    onLost: (claim, because) => lost.push(`${claimRef(claim).policy.name}/${claimRef(claim).trigger.name}: ${because}`),
    ...(room === undefined ? {} : { room }),
  });
  const see = (before: KubernetesObject | undefined, after: KubernetesObject | undefined, policy = ref.name): void =>
    changes.note({ ...ref, name: policy }, rule, { before, after } satisfies ObjectChange);
  const waiting = (): string[] =>
    [...world.changes.values()].flat().map(({ operation, trigger }) => `${operation} ${JSON.stringify(trigger.data)}`);
  return { world, changes, see, waiting, lost };
}

function held(room?: Room) {
  const given = scene(room);
  given.changes.onLease(true, true);
  return given;
}

describe("the changes of an edge rule", () => {
  it("wait one after the other, each with the object as it was before", () => {
    const { see, world, changes } = held();
    see(object("1"), object("2"));
    see(object("2"), object("3"));
    see(object("3"), undefined);
    const [key] = world.changes.keys();
    if (key === undefined) throw new Error("nothing waits");
    const seen: unknown[] = [];
    for (let change = world.changeOf(key); change !== undefined; change = world.changeOf(key)) {
      seen.push([change.operation, change.oldObject?.data]);
      changes.done(key);
    }
    expect(seen).toEqual([
      ["UPDATE", { size: "1" }],
      ["UPDATE", { size: "2" }],
      ["DELETE", { size: "3" }],
    ]);
    expect(world.changes.size).toBe(0);
  });

  it("are a deletion and a creation when the object was replaced unseen", () => {
    const { see, waiting } = held();
    see(object("1"), object("2", { uid: "2" }));
    expect(waiting()).toEqual(['DELETE {"size":"1"}']); // it listens to no creation
  });

  it.each<[what: string, before: KubernetesObject | undefined, after: KubernetesObject | undefined]>([
    ["a creation, to which it does not listen", undefined, object("1")],
    ["a change of what only the server tells", object("1"), { ...object("1", { resourceVersion: "7" }), status: {} }],
    ["the beginning of a deletion", object("1"), object("1", { deletionTimestamp: "2026-01-01T00:00:00Z" })],
    ["a change on the way out", object("1"), object("2", { deletionTimestamp: "2026-01-01T00:00:00Z" })],
    ["a change to what it does not select", object("1"), object("2", { labels: {} })],
  ])("are none for %s", (_what, before, after) => {
    const { see, waiting } = held();
    see(before, after);
    expect(waiting()).toEqual([]);
  });
});

describe("a change that is seen", () => {
  it("before the Lease is held is nobody's", () => {
    const { see, waiting, changes } = scene();
    see(object("1"), object("2"));
    changes.onLease(true, true);
    expect(waiting()).toEqual([]);
  });

  it.each([
    ["ours when nobody else got it", false, ['UPDATE {"size":"2"}', 'UPDATE {"size":"3"}']],
    ["the other one's when somebody did", true, ['UPDATE {"size":"2"}']],
  ])("while the Lease had lapsed is %s", (_what, heldByOthers, expected) => {
    const { see, waiting, changes } = held();
    see(object("1"), object("2"));
    changes.onLease(false, false);
    see(object("2"), object("3"));
    changes.onLease(true, heldByOthers);
    expect(waiting()).toEqual(expected);
  });
});

describe("the line of changes that wait", () => {
  const SMALL: Room = { changes: 50, bytes: 2 ** 20 };
  const POLICY_FULL = "the changes of this policy that were waiting took up all the room that one policy gets";

  /** Of as many objects, so that no claim has two. */
  function seeMany({ see }: ReturnType<typeof held>, count: number, policy: string, size = "1"): void {
    for (let i = 0; i < count; i++) see(object("0", { name: `m${i}` }), object(size, { name: `m${i}` }), policy);
  }

  const waitingOf = ({ world }: ReturnType<typeof held>, policy: string): number =>
    [...world.changes].filter(([key]) => claimRef(key).policy.name === policy).flatMap(([, found]) => found).length;

  it("holds a hundred changes of one object, the first ones, and tells of the others", () => {
    const given = held();
    for (let i = 0; i < 103; i++) given.see(object(`${i}`), object(`${i + 1}`));
    expect(given.waiting().at(-1)).toBe('UPDATE {"size":"100"}');
    const told = "audit/m: 100 earlier changes of the same object were still waiting";
    expect(given.lost).toEqual([told, told, told]);
  });

  it("holds two thousand changes of one policy", () => {
    const given = held();
    seeMany(given, 2_100, "greedy");
    expect(waitingOf(given, "greedy")).toBe(2_000);
    expect(given.lost).toHaveLength(100);
    expect(given.lost.at(-1)).toBe(`greedy/m2099: ${POLICY_FULL}`);
  });

  it("holds 12.8 MiB of one policy, whatever becomes of the number", () => {
    const given = held();
    seeMany(given, 20, "greedy", "x".repeat(2 ** 20));
    expect(waitingOf(given, "greedy")).toBe(12);
    expect(given.lost).toHaveLength(8);
  });

  it("has room for one policy whatever another one fills it with", () => {
    const given = held(SMALL);
    seeMany(given, 40, "greedy");
    seeMany(given, 5, "modest");
    expect([waitingOf(given, "greedy"), waitingOf(given, "modest")]).toEqual([10, 5]);
    expect(given.lost.filter((told) => !told.startsWith("greedy/"))).toEqual([]);
  });

  it("has room for one more policy when ten fill it, and never more than there is", () => {
    const given = held(SMALL);
    for (let i = 0; i < 10; i++) seeMany(given, 40, `greedy-${i}`);
    seeMany(given, 1, "modest");
    expect(waitingOf(given, "modest")).toBe(1);
    expect(given.waiting().length).toBeLessThan(50);
  });

  it("has the room again of what is done, and of what is somebody else's", () => {
    const given = held(SMALL);
    seeMany(given, 10, "greedy");
    for (const key of [...given.world.changes.keys()].slice(0, 4)) given.changes.done(key);
    given.changes.onLease(false, false);
    seeMany(given, 4, "greedy");
    given.changes.onLease(true, true);
    expect(waitingOf(given, "greedy")).toBe(6);
    seeMany(given, 8, "greedy");
    expect(waitingOf(given, "greedy")).toBe(10);
    expect(given.lost).toHaveLength(4);
  });
});
