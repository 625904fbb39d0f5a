import { describe, expect, it } from "vitest";
import type { Resource } from "../object/index.ts";
import { createInventory } from "../state/index.ts";
import { Strangers } from "./strangers.ts";

const CONFIG_MAPS: Resource = {
  ...{ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  verbs: ["list", "watch"],
};

function named(name: string): { resource: Resource; name: string } {
  return { resource: CONFIG_MAPS, name };
}

describe("names under which strangers are watched", () => {
  it("are watched once, however many namespaces have one", () => {
    const strangers = new Strangers();
    expect(strangers.add(named("settings"))).toBe(true);
    expect(strangers.add(named("settings"))).toBe(false);
    expect(strangers.selections).toEqual([named("settings")]);
  });

  it("are no more than so many connections", () => {
    const strangers = new Strangers();
    const added = Array.from({ length: 40 }, (_, i) => strangers.add(named(`settings-${i}`)));
    expect(added.filter((isNew) => isNew)).toHaveLength(32);
    expect(strangers.selections).toHaveLength(32);
  });

  it("are watched no more when the last stranger of the name is gone", () => {
    const strangers = new Strangers();
    for (const name of ["settings", "limits"]) strangers.add(named(name));
    const inventory = createInventory("test");
    const metadata = { name: "settings", namespace: "shop", uid: "u", resourceVersion: "1" };
    inventory.observe(
      { apiVersion: "v1", kind: "ConfigMap", metadata },
      { resource: CONFIG_MAPS, by: "write", now: 0 },
    );
    expect(strangers.tidy(inventory.values())).toBe(true);
    expect(strangers.selections).toEqual([named("settings")]);
    expect(strangers.tidy(inventory.values())).toBe(false);
  });
});
