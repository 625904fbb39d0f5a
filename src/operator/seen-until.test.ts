import { describe, expect, it } from "vitest";
import { type GroupKindKey, groupKindKey, type KubernetesObject } from "../object/index.ts";
import { isUnseen, parseSeenUntil, printSeenUntil } from "./seen-until.ts";

const NAMESPACE: GroupKindKey = groupKindKey({ group: "", kind: "Namespace" });

describe("what the Lease says was seen", () => {
  const seen = {
    kinds: new Map([[NAMESPACE, { version: "12", time: "2026-01-01T00:00:00Z" }]]),
    rules: new Set(["a"]),
    open: new Set(["b"]),
  };

  it("is read as it was written", () => {
    expect(parseSeenUntil(printSeenUntil(seen))).toEqual(seen);
  });

  it.each(["", "yesterday", "[]", '{"kinds":{},"rules":[]}', '{"rules":[],"open":[]}'])(
    "is not known when it says %j",
    (text) => {
      expect(parseSeenUntil(text)).toBeUndefined();
    },
  );

  it("leaves out a kind of which it says nothing sensible", () => {
    const text = '{"kinds":{"/Namespace":{"version":"12"},"/Pod":7},"rules":[],"open":[]}';
    expect(parseSeenUntil(text)).toEqual({ kinds: new Map(), rules: new Set(), open: new Set() });
  });
});

describe("an object", () => {
  it.each<[what: string, resourceVersion: string, creationTimestamp: string, unseen: boolean]>([
    ["written before is seen", "100", "2026-01-01T12:00:00Z", false],
    ["written and created later is unseen", "101", "2026-01-01T12:00:05Z", true],
    ["written later, and dated a little earlier while it was admitted, is unseen", "101", "2026-01-01T11:59:05Z", true],
    ["of long ago that was only changed later is seen", "101", "2026-01-01T11:00:00Z", false],
    ["of a server with versions that do not compare goes by its date", "x", "2026-01-01T12:00:05Z", true],
  ])("%s", (_what, resourceVersion, creationTimestamp, unseen) => {
    const metadata = { name: "shop", resourceVersion, creationTimestamp };
    const object: KubernetesObject = { apiVersion: "v1", kind: "Namespace", metadata };
    expect(isUnseen(object, { version: "100", time: "2026-01-01T12:00:00Z" })).toBe(unseen);
  });

  it("is unseen when there was none of its kind before", () => {
    const metadata = { name: "shop", resourceVersion: "101", creationTimestamp: "2020-01-01T00:00:00Z" };
    expect(isUnseen({ apiVersion: "v1", kind: "Namespace", metadata }, { version: "100", time: "" })).toBe(true);
  });
});
