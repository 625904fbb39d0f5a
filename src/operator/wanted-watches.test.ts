import { describe, expect, it } from "vitest";
import { type Selection, selectionKey, widerSelections } from "../cluster/index.ts";
import type { Resource } from "../object/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import { createCatalogue } from "../state/index.ts";
import { policyOf, resourceOf, ruleOf } from "./policies.fixture.ts";
import { selectionsOf, wantedWatches } from "./wanted-watches.ts";

const NAMESPACES = resourceOf("Namespace", "namespaces", false);
const SECRETS = resourceOf("Secret", "secrets", true);
const CONFIG_MAPS = resourceOf("ConfigMap", "configmaps", true);

function rule(looks: Partial<CompiledRule>): CompiledRule {
  return ruleOf({ triggers: [NAMESPACES], ...looks });
}

function print({ resource: { plural }, namespace, name, labelSelector, metadataOnly }: Selection): string {
  const level = metadataOnly ? "metadata" : undefined;
  return [plural, namespace, name, labelSelector, level].filter((part) => part !== undefined).join(" ");
}

function watched(rules: CompiledRule[], options: { written?: Resource[]; refused?: Selection[] } = {}) {
  const catalogue = createCatalogue();
  catalogue.replaceDiscovered([NAMESPACES, SECRETS, CONFIG_MAPS]);
  const refused = new Set((options.refused ?? []).map(selectionKey));
  const { selections, kept } = wantedWatches({
    system: [NAMESPACES],
    policies: [policyOf("p", ...rules)],
    read: [],
    written: options.written ?? [],
    catalogue,
    others: [],
    isRefused: (selection) => refused.has(selectionKey(selection)),
  });
  return { selections: new Set(selections.map(print)), kept: new Set(kept.map(print)) };
}

const MARKED = "secrets perennial.dev/target";

describe("what is watched", () => {
  it("is what triggers, whole, and of what is only made the marked objects", () => {
    expect(watched([rule({ targets: [SECRETS] })])).toEqual({
      selections: new Set(["namespaces", MARKED]),
      kept: new Set(["namespaces"]),
    });
  });

  it("is one object for a source that is written out, and no others of its kind", () => {
    const reads = [{ resource: SECRETS, namespace: "origin", name: "pull" }];
    expect(watched([rule({ targets: [SECRETS], reads }), rule({ targets: [SECRETS], reads })])).toEqual({
      selections: new Set(["namespaces", MARKED, "secrets origin pull"]),
      kept: new Set(["namespaces", "secrets origin pull"]),
    });
  });

  it("is as much as is written out", () => {
    const reads = [{ resource: SECRETS, namespace: "origin" }, { resource: CONFIG_MAPS }];
    expect(watched([rule({ targets: [SECRETS, CONFIG_MAPS], reads })]).selections).toEqual(
      new Set(["configmaps", "namespaces", MARKED, "secrets origin"]),
    );
  });

  it("is nothing twice: a wider watch serves for narrower ones", () => {
    const named = { resource: SECRETS, namespace: "origin", name: "pull" };
    const inNamespace = { resource: SECRETS, namespace: "origin" };
    expect(watched([rule({ reads: [named, inNamespace] })]).selections).toEqual(
      new Set(["namespaces", "secrets origin"]),
    );
    const triggering = rule({ triggers: [SECRETS], targets: [SECRETS], reads: [named, inNamespace] });
    expect(watched([triggering]).selections).toEqual(new Set(["namespaces", "secrets"]));
  });

  it("is what may be seen beside a wider watch that is refused", () => {
    const named = { resource: SECRETS, namespace: "origin", name: "pull" };
    const triggering = rule({ triggers: [SECRETS], reads: [named] });
    expect(watched([triggering], { refused: [{ resource: SECRETS }] }).selections).toEqual(
      new Set(["namespaces", "secrets", "secrets origin pull"]),
    );
  });

  it("is what was made by rules that are gone, also when objects of that kind are read", () => {
    const reads = [{ resource: SECRETS, namespace: "origin", name: "pull" }];
    expect(watched([rule({ reads })], { written: [SECRETS] }).selections).toContain(MARKED);
    expect(watched([rule({ targets: [SECRETS], reads })], { written: [SECRETS] }).selections).toContain(MARKED);
    expect(watched([rule({ triggers: [SECRETS] })], { written: [SECRETS] }).selections).not.toContain(MARKED);
  });
});

describe("of triggers", () => {
  const slight = rule({ triggers: [SECRETS], targets: [CONFIG_MAPS], readsContent: false });
  const MAPS = "configmaps perennial.dev/target";
  const NEWER = { ...SECRETS, version: "v2" };

  it("no more is watched and kept than their metadata where no rule reads more", () => {
    expect(watched([slight, { ...slight, name: "s" }])).toEqual({
      selections: new Set(["namespaces", "secrets metadata", MAPS]),
      kept: new Set(["namespaces", "secrets metadata"]),
    });
  });

  it.each<[what: string, more: CompiledRule[], options?: { written: Resource[] }]>([
    ["another rule reads more of them", [rule({ triggers: [SECRETS] })]],
    ["another rule reads more of them in another version", [rule({ triggers: [NEWER] })]],
    ["a rule makes such objects", [rule({ targets: [SECRETS], readsContent: false })]],
    ["a rule reads such an object", [rule({ reads: [{ resource: SECRETS, namespace: "origin", name: "pull" }] })]],
    ["such objects were ever made", [], { written: [SECRETS] }],
  ])("all is watched, once, when %s", (_, more, options = { written: [] }) => {
    const { selections, kept } = watched([slight, ...more], options);
    expect(selections).toContain("secrets");
    expect(kept).toContain("secrets");
    expect([...selections].filter((found) => found !== "secrets" && found.startsWith("secrets"))).toEqual([]);
  });

  it("all is watched where the operator needs the kind itself", () => {
    const { selections } = watched([rule({ triggers: [NAMESPACES], readsContent: false })]);
    expect(selections).toEqual(new Set(["namespaces"]));
  });

  it("metadata is no more than a part for who needs them whole", () => {
    const whole = { resource: SECRETS };
    const half = { ...whole, metadataOnly: true as const };
    expect(widerSelections(half).map(selectionKey)).toContain(selectionKey(whole));
    expect(widerSelections(whole)).toEqual([]);
    expect(selectionKey(half)).not.toBe(selectionKey(whole));
  });
});

describe("a rule", () => {
  it("waits for no more of its triggers than it reads", () => {
    const found = selectionsOf(rule({ triggers: [SECRETS], targets: [CONFIG_MAPS], readsContent: false })).map(print);
    expect(found).toEqual(["secrets metadata", "configmaps perennial.dev/target"]);
  });

  it("waits for its triggers, its sources and the marks on its targets", () => {
    const reads = [{ resource: SECRETS, namespace: "origin", name: "pull" }];
    const found = selectionsOf(rule({ targets: [SECRETS], reads })).map(print);
    expect(found).toEqual(["namespaces", "secrets origin pull", MARKED]);
  });

  it("does not wait for objects that nobody can watch", () => {
    expect(selectionsOf(rule({ targets: [{ ...SECRETS, verbs: ["create"] }] })).map(print)).toEqual(["namespaces"]);
  });
});
