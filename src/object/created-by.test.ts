import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CREATED_BY, readCreator, signCreator } from "./created-by.ts";
import type { KubernetesObject } from "./object.ts";

const KEY = Buffer.from("an example key");
const ANN = { username: "ann", uid: "", groups: ["devs"] };

function object(metadata: object, kind = "Namespace"): KubernetesObject {
  return { apiVersion: "v1", kind, metadata: metadata as KubernetesObject["metadata"] }; // perhaps without a name
}

function signed(metadata: object, creator = ANN, kind = "Namespace"): string {
  return signCreator(KEY, object(metadata, kind), creator) ?? "";
}

function read(metadata: object, value: string, kind = "Namespace", key = KEY) {
  return readCreator(key, object({ ...metadata, annotations: { [CREATED_BY]: value } }, kind));
}

const SHOP = { name: "shop" };

describe("who created an object", () => {
  it("is read as it was written", () => {
    const creator = { username: "ann", uid: "u1", groups: ["devs", "größe"] };
    expect(read(SHOP, signed(SHOP, creator))).toEqual({ creator });
  });

  it.each<[what: string, object: object, kind?: string]>([
    ["another name", { name: "other" }],
    ["another namespace", { name: "shop", namespace: "shop" }],
    ["another kind", SHOP, "Node"],
  ])("is not believed of an object of %s", (_what, metadata, kind) => {
    expect(read(metadata, signed(SHOP), kind)).toEqual({
      unknown: expect.stringContaining("was written by somebody else"),
    });
  });

  it.each<[what: string, change: (value: string) => string]>([
    ["another user", (value) => value.replace("ann", "bob")],
    ["another group", (value) => value.replace("devs", "admins")],
    ["no groups", (value) => value.replace(',"groups":["devs"]', "")],
    ["a group more", (value) => value.replace('["devs"]', '["devs","x"]')],
    ["a uid", (value) => value.replace(',"groups"', ',"uid":"u","groups"')],
    ["no signature", (value) => value.replace(/,"signature":"[^"]+"/, "")],
    ["another signature", (value) => value.replace(/"signature":"./, '"signature":"z')],
    ["no JSON", (value) => value.slice(1)],
    ["a list", () => "[]"],
    ["nothing", () => ""],
  ])("is not believed with %s", (_what, change) => {
    const value = change(signed(SHOP));
    expect(value).not.toBe(signed(SHOP));
    expect(read(SHOP, value)).toEqual({ unknown: expect.stringContaining("was written by somebody else") });
  });

  it("is not believed under another key", () => {
    expect(read(SHOP, signed(SHOP), "Namespace", Buffer.from("another key"))).toHaveProperty("unknown");
  });

  it("is not told by an object without the annotation", () => {
    expect(readCreator(KEY, object(SHOP))).toEqual({ unknown: "Namespace shop does not say who created it" });
  });
});

describe("what has no name yet", () => {
  const LONG = "x".repeat(80);
  const value = signed({ generateName: "shop-" });

  it.each<[what: string, metadata: object, value: string, isKnown: boolean]>([
    ["its name", { generateName: "shop-", name: "shop-x7k2p" }, value, true],
    ["a name that begins otherwise", { generateName: "shop-", name: "other" }, value, false],
    ["a name without what it begins with", { name: "shop-x7k2p" }, value, false],
    ["a longer name", { generateName: "shop-", name: "shop-x7k2p1" }, value, false],
    [
      "a name that was cut",
      { generateName: LONG, name: `${"x".repeat(58)}abcde` },
      signed({ generateName: LONG }),
      true,
    ],
    ["a name of another beginning", { generateName: "other-", name: "other-x7k2p" }, value, false],
  ])("is known under %s", (_what, metadata, annotation, isKnown) => {
    expect("creator" in read(metadata, annotation)).toBe(isKnown);
  });
});

describe("the size", () => {
  const groups = Array.from({ length: 40 }, (_, i) => `a-rather-long-group-name-${i}`);

  it("is bounded: groups that do not fit are left out, which is signed, too", () => {
    const value = signed(SHOP, { ...ANN, groups });
    expect(Buffer.byteLength(value)).toBeLessThanOrEqual(1024);
    expect(read(SHOP, value)).toEqual({ creator: { ...ANN, groups: undefined } });
    expect(read(SHOP, value.replace(',"signature"', ',"groups":[],"signature"'))).toHaveProperty("unknown");
  });

  it("is bounded: a user whose name does not fit is not told", () => {
    expect(signCreator(KEY, object(SHOP), { ...ANN, username: "x".repeat(1_000) })).toBeUndefined();
    expect(signCreator(KEY, object(SHOP), { ...ANN, username: "ü".repeat(500) })).toBeUndefined();
  });
});

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/reference/created-by.md"), "utf8");

describe("the test vectors of docs/reference/created-by.md", () => {
  const rows = Array.from(PAGE.matchAll(/^\| `([^`]+)` +\| `([0-9a-f]{64})` +\|$/gm));

  it("are there", () => expect(rows).toHaveLength(3));

  it.each(rows.map(([, text = "", signature = ""]) => [text, signature]))("%s", (text, signature) => {
    const derived = createHmac("sha256", KEY).update("perennial.dev/created-by").digest();
    expect(createHmac("sha256", derived).update(text).digest("hex")).toBe(signature);
  });

  it.each<[metadata: object, creator: typeof ANN, kind?: string]>([
    [SHOP, ANN],
    [{ generateName: "job-", namespace: "shop" }, { username: "größe", uid: "u1", groups: [] }, "ConfigMap"],
    [SHOP, { ...ANN, groups: Array.from({ length: 40 }, () => "x".repeat(40)) }],
  ])("are what the program makes of %j", (metadata, creator, kind) => {
    const { signature } = JSON.parse(signed(metadata, creator, kind));
    expect(rows.map(([, , found]) => found)).toContain(signature);
  });
});
