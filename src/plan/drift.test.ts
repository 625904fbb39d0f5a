import { describe, expect, it } from "vitest";
import { type JsonObject, type KubernetesObject, printPointer } from "../object/index.ts";
import { notAccepted, planCorrection } from "./correction.ts";
import { findDrift, isInSync } from "./drift.ts";
import type { Strategy } from "./step.ts";
import { CONFIG_MAPS, changedBy } from "./world.fixture.ts";

type Content = JsonObject;

/** What the server keeps after we applied `content`, with `fields` as ours. */
function live(content: Content, fields: JsonObject, kind = "ConfigMap"): KubernetesObject {
  const entry = {
    manager: "perennial",
    operation: "Apply",
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1: fields,
  };
  return {
    ...content,
    apiVersion: "v1",
    kind,
    metadata: { name: "x", uid: "u", resourceVersion: "7", managedFields: [entry] },
  };
}

function desired(content: Content, kind = "ConfigMap"): KubernetesObject {
  return { ...content, apiVersion: "v1", kind, metadata: { name: "x" } };
}

const OURS = { "f:data": { "f:a": {} } };

describe("values", () => {
  it("are in sync when they are as applied", () => {
    expect(isInSync(findDrift(desired({ data: { a: "1" } }), live({ data: { a: "1" } }, OURS)))).toBe(true);
  });

  it.each<[string, Content, Content, JsonObject, string[]]>([
    ["an edited scalar", { data: { a: "1" } }, { data: { a: "2" } }, OURS, ["/data/a"]],
    ["a removed scalar", { data: { a: "1" } }, { data: {} }, OURS, ["/data/a"]],
    ["a removed section", { data: { a: "1" } }, {}, OURS, ["/data"]],
    ["another type", { data: { a: "1" } }, { data: { a: 1 } }, OURS, ["/data/a"]],
    [
      "a quantity that somebody else wrote as text of the same amount",
      { data: { a: "1000m" } },
      { data: { a: "1" } },
      {},
      [],
    ],
    ["a longer atomic list", { l: [1] }, { l: [1, 2] }, { "f:l": {} }, ["/l"]],
    ["an element of an atomic list", { l: [{ a: 1 }] }, { l: [{ a: 2 }] }, { "f:l": {} }, ["/l/0/a"]],
    ["content under an empty map that we own whole", { s: {} }, { s: { a: 1 } }, { "f:s": {} }, []],
    ["the order of a set", { l: ["a", "b"] }, { l: ["b", "a"] }, { "f:l": { 'v:"a"': {}, 'v:"b"': {} } }, ["/l"]],
    [
      "a missing element of a set",
      { l: ["a", "b"] },
      { l: ["a"] },
      { "f:l": { 'v:"a"': {}, 'v:"b"': {} } },
      ['/l/v:"b"'],
    ],
    [
      "an element of a keyed list that is gone, so that our entry has lost it too",
      { l: [{ name: "a" }, { name: "b" }] },
      { l: [{ name: "b" }] },
      { "f:l": { 'k:{"name":"b"}': { ".": {}, "f:name": {} } } },
      ["/l/0"],
    ],
    [
      "an element that is there twice, so that nobody owns it",
      { l: [{ name: "a" }, { name: "b" }] },
      { l: [{ name: "a" }, { name: "b" }, { name: "a" }] },
      { "f:l": { 'k:{"name":"b"}': { ".": {}, "f:name": {} } } },
      ["/l/0"],
    ],
    ["an integer beyond 2^53", { n: 9007199254740992n }, { n: 9007199254740993n }, { "f:n": {} }, ["/n"]],
    [
      "a key of the prototype",
      { data: { constructor: "x" } },
      { data: {} },
      { "f:data": { "f:constructor": {} } },
      ["/data/constructor"],
    ],
  ])("differ: %s", (_name, wanted, stored, fields, paths) => {
    expect(findDrift(desired(wanted), live(stored, fields)).values).toEqual(paths);
  });

  it("count a rewritten quantity as the same only while we own it", () => {
    const wanted = desired({ spec: { hard: { cpu: "4000m" } } });
    const owned = { "f:spec": { "f:hard": { "f:cpu": {} } } };
    expect(isInSync(findDrift(wanted, live({ spec: { hard: { cpu: "4" } } }, owned)))).toBe(true);
    expect(findDrift(wanted, live({ spec: { hard: { cpu: "4" } } }, { "f:spec": {} })).doubtful).toEqual([]);
    expect(findDrift(wanted, live({ spec: { hard: { cpu: "4" } } }, {})).doubtful).toEqual(["/spec/hard/cpu"]);
  });
});

describe("owners", () => {
  const owner = (uid: string) => ({ apiVersion: "v1", kind: "Node", name: uid, uid });
  const withOwners = (object: KubernetesObject, ...uids: string[]): KubernetesObject => ({
    ...object,
    metadata: { ...object.metadata, ownerReferences: uids.map(owner) },
  });

  it.each([
    ["are in sync among others", ["b"], ["a", "b"], []],
    ["drift when one is missing", ["a", "b"], ["a"], ["/metadata/ownerReferences"]],
    ["of others are left", [], ["a"], []],
  ])("%s", (_what, wanted, found, values) => {
    const content = { data: { a: "1" } };
    expect(
      findDrift(withOwners(desired(content), ...wanted), withOwners(live(content, OURS), ...found)).values,
    ).toEqual(values);
  });
});

describe("what others added", () => {
  it.each<[string, (object: JsonObject) => void, JsonObject, string[]]>([
    ["a key", (o) => Object.assign(o, { data: { a: "1", b: "2" } }), { "f:data": { "f:b": {} } }, ["/data/b"]],
    [
      "a section",
      (o) => Object.assign(o, { extra: { x: 1 } }),
      { "f:extra": { ".": {}, "f:x": {} } },
      ["/extra", "/extra/x"],
    ],
    [
      "labels, which are theirs",
      (o) => Object.assign(o.metadata as object, { labels: { q: "1" } }),
      { "f:metadata": { "f:labels": { "f:q": {} } } },
      [],
    ],
    ["status", (o) => Object.assign(o, { status: { ok: true } }), { "f:status": { "f:ok": {} } }, []],
    ["a field that is not there any more", () => {}, { "f:data": { "f:gone": {} } }, []],
  ])("is extra: %s", (_name, change, fields, paths) => {
    const changed = changedBy("kubectl-edit", live({ data: { a: "1" } }, OURS), change, fields);
    expect(findDrift(desired({ data: { a: "1" } }), changed).extra.map(printPointer)).toEqual(paths);
  });

  it.each(["perennial", "before-first-apply"])(
    "is in doubt when %s owns it, who may only have been there",
    (manager) => {
      const add = (object: JsonObject) => Object.assign(object, { data: { a: "1", b: "2" } });
      const drift = findDrift(
        desired({ data: { a: "1" } }),
        changedBy(manager, live({ data: { a: "1" } }, OURS), add, { "f:data": { "f:b": {} } }),
      );
      expect(drift).toMatchObject({ extra: [], doubtful: [], residue: ["/data/b"] });
    },
  );

  it("is known only to the server when it was written in another API version", () => {
    const changed = changedBy("kubectl-edit", live({ data: { a: "1" } }, OURS), () => {}, { "f:other": {} });
    for (const entry of changed.metadata.managedFields ?? [])
      if (entry.manager === "kubectl-edit") entry.apiVersion = "v1beta1";
    expect(findDrift(desired({ data: { a: "1" } }), changed).foreignVersion).toBe(true);
  });

  it.each<[string, KubernetesObject, JsonObject]>([
    ["secrets of a ServiceAccount", desired({}, "ServiceAccount"), { "f:secrets": { 'k:{"name":"t"}': {} } }],
    ["rules of an aggregated ClusterRole", desired({ aggregationRule: {} }, "ClusterRole"), { "f:rules": {} }],
    [
      "the injected bundle of a webhook",
      desired({ webhooks: [{ name: "w" }] }, "ValidatingWebhookConfiguration"),
      { "f:webhooks": { 'k:{"name":"w"}': { "f:clientConfig": { "f:caBundle": {} } } } },
    ],
    [
      "the restart annotation",
      desired({ spec: {} }, "Deployment"),
      {
        "f:spec": {
          "f:template": { "f:metadata": { "f:annotations": { "f:kubectl.kubernetes.io/restartedAt": {} } } },
        },
      },
    ],
  ])("is left where the control plane writes: %s", (_name, wanted, fields) => {
    const stored = live(
      {
        secrets: [{ name: "t" }],
        rules: [],
        webhooks: [{ name: "w", clientConfig: { caBundle: "x" } }],
        spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "x" } } } },
      },
      { "f:aggregationRule": {} },
      wanted.kind,
    );
    const changed = changedBy("kube-controller-manager", stored, () => {}, fields);
    expect(findDrift(wanted, changed).extra).toEqual([]);
  });
});

describe("what we applied once and no longer want", () => {
  it("is stale", () => {
    const stored = live({ data: { a: "1", old: "x" } }, { "f:data": { "f:a": {}, "f:old": {} } });
    expect(findDrift(desired({ data: { a: "1" } }), stored).stale).toEqual([["f:data", "f:old"]]);
  });
});

describe("a correction", () => {
  function strategy(stored: KubernetesObject, tried: Strategy[] = []): string {
    const wanted = desired({ data: { a: "1" } });
    const drifted = { desired: wanted, digest: "d", live: stored, resource: CONFIG_MAPS, tried: new Set(tried) };
    return planCorrection(drifted, findDrift(wanted, stored))?.attempt?.strategy ?? "none";
  }

  const edited = live({ data: { a: "2" } }, OURS);
  const added = changedBy(
    "m",
    live({ data: { a: "1" } }, OURS),
    (o) => Object.assign(o, { data: { a: "1", b: "2" } }),
    { "f:data": { "f:b": {} } },
  );
  const both = changedBy("m", live({ data: { a: "2" } }, {}), (o) => Object.assign(o, { data: { a: "2", b: "2" } }), {
    "f:data": { "f:a": {}, "f:b": {} },
  });

  const left = changedBy(
    "perennial",
    live({ data: { a: "1" } }, OURS),
    (o) => Object.assign(o, { data: { a: "1", b: "2" } }),
    { "f:data": { "f:b": {} } },
  );

  it.each<[string, KubernetesObject, Strategy[], string]>([
    ["an apply for an edited value", edited, [], "apply"],
    ["a patch for an addition alone", added, [], "patch"],
    ["a move of ownership for both", both, [], "move"],
    ["the next strategy when one changed nothing", added, ["patch"], "move"],
    ["no move when nobody else owns anything", edited, ["apply"], "none"],
    ["another apply after ownership was moved", both, ["apply", "move"], "apply"],
    ["none when nothing helps", both, ["move", "patch-stale", "apply"], "none"],
    ["a move for what the default that came back left", left, [], "move"],
  ])("is %s", (_name, stored, tried, expected) => {
    expect(strategy(stored, tried)).toBe(expected);
  });

  it("never shows the content of a Secret", () => {
    const wanted = desired({ data: { p: "c2VjcmV0" } }, "Secret");
    const stored = live({ data: { p: "b3RoZXI=" } }, { "f:data": { "f:p": {} } }, "Secret");
    const drifted = { desired: wanted, digest: "d", live: stored, resource: CONFIG_MAPS, tried: new Set<string>() };
    const step = planCorrection(drifted, findDrift(wanted, stored));
    const told = JSON.stringify(step?.correction) + JSON.stringify(notAccepted(wanted, stored, "/data/p"));
    expect(told).toContain("(masked)");
    expect(told).not.toContain("c2VjcmV0");
    expect(told).not.toContain("b3RoZXI=");
  });
});
