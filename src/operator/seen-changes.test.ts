/** Which changes edge rules are given, and when they are somebody else's. */

import { describe, expect, it } from "vitest";
import { type KubernetesObject, keyOf, type Resource } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "../rule/index.ts";
import type { ClaimKey, ObjectChange } from "../state/index.ts";
import { createLog } from "../telemetry/index.ts";
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

function scene() {
  const world = new ObservedWorld({ installation: "test", pruneDelay: 0, kyverno: false, systemNamespaces: new Set() });
  world.catalogue.replaceDiscovered([CONFIG_MAPS]);
  const parsed = parsePolicy(POLICY);
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy, world.catalogue);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  const { ref, rules } = compiled.policy;
  const [rule] = rules;
  if (rule === undefined) throw new Error("no rule");
  const changes = new SeenChanges({ world, queue: createQueue<ClaimKey>(), log: createLog("fatal") });
  const see = (before: KubernetesObject | undefined, after: KubernetesObject | undefined): void =>
    changes.note(ref, rule, { before, after } satisfies ObjectChange);
  const waiting = (): string[] =>
    [...world.changes.values()].flat().map(({ operation, trigger }) => `${operation} ${JSON.stringify(trigger.data)}`);
  return { world, changes, see, waiting, policy: keyOf(ref) };
}

function held() {
  const given = scene();
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
