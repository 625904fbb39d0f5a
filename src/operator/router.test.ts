/** What signals of watches do to the world. */

import { describe, expect, it } from "vitest";
import { type KubernetesObject, keyOf, marksFor, type Resource, refOf } from "../object/index.ts";
import { type ClaimKey, claimKey } from "../state/index.ts";
import { createLog } from "../telemetry/index.ts";
import { ObservedWorld } from "./observed-world.ts";
import { createQueue } from "./queue.ts";
import { Repairs } from "./repairs.ts";
import { createRouter } from "./router.ts";
import { SeenChanges } from "./seen-changes.ts";

const CONFIG_MAPS: Resource = {
  ...{ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" },
  namespaced: true,
  verbs: ["list", "watch"],
};
const IDENTITY = {
  policy: { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name: "baseline" },
  rule: "settings",
  trigger: { group: "", kind: "Namespace", namespace: "", name: "shop" },
  triggerUid: "1",
};
const SETTINGS = { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" };

function settings(resourceVersion: string, labelled: boolean): KubernetesObject {
  const { labels, annotations } = marksFor("test", IDENTITY, SETTINGS);
  const metadata = { name: "settings", namespace: "shop", uid: "2", resourceVersion, annotations };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: labelled ? { ...metadata, labels } : metadata };
}

function scene() {
  const world = new ObservedWorld({
    installation: "test",
    pruneDelay: 0,
    kyverno: false,
    systemNamespaces: new Set(),
  });
  const queue = createQueue<ClaimKey>();
  const router = createRouter({
    ...{
      world,
      queue,
      repairs: new Repairs(() => {}),
      changes: new SeenChanges({ world, queue, log: createLog("fatal"), onLost: () => {} }),
    },
    ...{ triggeredBy: () => [], lookedAtBy: () => [], onSystemChange: () => {}, onSynced: () => {} },
  });
  const show = (object: KubernetesObject, level: { metadataOnly?: true } = {}): void =>
    router.handle({ selection: { resource: CONFIG_MAPS, ...level }, synced: true }, { type: "changed", object });
  return { inventory: world.inventory, show };
}

describe("an object that loses its marks", () => {
  it("before the answer to its creation comes is known without them, whatever that answer says", () => {
    const { inventory, show } = scene();
    const answered = inventory.expectAnswer(keyOf(SETTINGS), claimKey(IDENTITY));
    show(settings("10", true));
    show(settings("11", false));
    answered();
    inventory.observe(settings("10", true), { resource: CONFIG_MAPS, by: "creation", now: 0 });
    expect(inventory.get(keyOf(SETTINGS))).toMatchObject({ resourceVersion: "11", marks: undefined });
  });

  it("and that nobody wants is forgotten", () => {
    const { inventory, show } = scene();
    show(settings("10", true));
    expect(inventory.get(keyOf(refOf(settings("10", true))))).toBeDefined();
    show(settings("11", false));
    expect(inventory.get(keyOf(SETTINGS))).toBeUndefined();
  });
});

describe("an object with marks of which only metadata is shown", () => {
  it("is no target before it is shown whole", () => {
    const { inventory, show } = scene();
    show(settings("10", true), { metadataOnly: true });
    expect(inventory.get(keyOf(SETTINGS))).toBeUndefined();
    show(settings("10", true));
    expect(inventory.get(keyOf(SETTINGS))).toBeDefined();
  });
});
