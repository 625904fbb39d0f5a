import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf, keyedNumbers } from "./digest.ts";
import {
  ADOPTED,
  CLAIM,
  claimDigest,
  FIRST_APPLIED,
  MANAGED_BY,
  marksFor,
  POLICY,
  POLICY_REF,
  RULE,
  readClaimIdentity,
  readMarks,
  TARGET,
  TRIGGER,
  targetDigest,
} from "./marks.ts";
import type { KubernetesObject } from "./object.ts";
import type { ObjectRef } from "./reference.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/reference/marks.md"), "utf8");

type Vector = { digest: string; text: string; value: string };

function vectorsOf(page: string): Vector[] {
  const rows = page.matchAll(/^\| (claim|target) +\| `([^`]+)` +\| `([0-9a-f]{32})` +\|$/gm);
  return Array.from(rows, ([, digest = "", text = "", value = ""]) => ({ digest, text, value }));
}

const EXAMPLE_KEY = "an example key";

function randomVectorsOf(page: string): Omit<Vector, "digest">[] {
  const rows = page.matchAll(/^\| `([^`]+)` +\| `([0-9a-f]{128})` +\|$/gm);
  return Array.from(rows, ([, text = "", value = ""]) => ({ text, value }));
}

/** The fields of a length-prefixed text, read back by bytes. */
function fieldsOf(text: string): string[] {
  const fields: string[] = [];
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    const colon = rest.indexOf(":");
    const end = colon + 1 + Number(rest.subarray(0, colon).toString());
    fields.push(rest.subarray(colon + 1, end).toString());
    rest = rest.subarray(end);
  }
  return fields;
}

function refFrom([group = "", kind = "", namespace = "", name = ""]: string[]): ObjectRef {
  return { group, kind, namespace, name };
}

/** The digest as the program makes it, from the fields of the row. */
function programDigest({ digest, text }: Vector): string {
  const fields = fieldsOf(text);
  if (digest === "claim") {
    const [policy, rule = "", trigger, triggerUid = ""] = [
      refFrom(fields),
      fields[4],
      refFrom(fields.slice(5)),
      fields[9],
    ];
    return claimDigest({ policy, rule, trigger, triggerUid });
  }
  const [installation = "", claim = ""] = fields;
  return targetDigest(installation, claim as ReturnType<typeof claimDigest>, refFrom(fields.slice(2))); // a claim's digest by its row
}

describe("the test vectors of docs/reference/marks.md", () => {
  const vectors = vectorsOf(PAGE);

  it("are there, for both digests and for more than ASCII", () => {
    expect(vectors.map(({ digest }) => digest)).toEqual(["claim", "target", "claim", "target"]);
    expect(vectors.some(({ text }) => Buffer.byteLength(text) > text.length)).toBe(true);
  });

  it.each(vectors)("$digest $value is what the program makes", (vector) => {
    expect(programDigest(vector)).toBe(vector.value);
  });

  it.each(vectors)("$digest $value is the beginning of the SHA-256 of its text", ({ text, value }) => {
    expect(createHash("sha256").update(text).digest("hex").slice(0, 32)).toBe(value);
  });

  it.each(randomVectorsOf(PAGE))("$value is where random numbers come from", ({ text, value }) => {
    expect(createHmac("sha512", EXAMPLE_KEY).update(text).digest("hex")).toBe(value);
    const next = keyedNumbers(Buffer.from(EXAMPLE_KEY), fieldsOf(text).slice(0, -1));
    for (let at = 0; at < 128; at += 8) expect(next()).toBe(Number.parseInt(value.slice(at, at + 8), 16) / 2 ** 32);
    expect(next()).not.toBe(Number.parseInt(value.slice(0, 8), 16) / 2 ** 32);
  });

  it("are there for random numbers too, with and without an element", () => {
    expect(randomVectorsOf(PAGE).map(({ text }) => fieldsOf(text)[7])).toEqual(["", '{"name":"a"}']);
  });

  it("stand on a page that names every mark", () => {
    for (const key of [MANAGED_BY, CLAIM, TARGET, POLICY, POLICY_REF, RULE, TRIGGER, ADOPTED, FIRST_APPLIED]) {
      expect(PAGE).toContain(`\`${key}\``);
    }
  });
});

describe("digests", () => {
  it("keep fields apart", () => {
    expect(digestOf(["ab", "c"])).not.toBe(digestOf(["a", "bc"]));
  });
});

const policy: ObjectRef = { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name: "baseline" };
const trigger: ObjectRef = { group: "", kind: "Namespace", namespace: "", name: "shop" };
const identity = { policy, rule: "deny", trigger, triggerUid: "u-1" };
const target: ObjectRef = { group: "", kind: "ConfigMap", namespace: "shop", name: "info" };

function marked(change: Partial<KubernetesObject["metadata"]> = {}): KubernetesObject {
  const metadata = { name: target.name, namespace: target.namespace, ...marksFor("blue", identity, target), ...change };
  return { apiVersion: "v1", kind: "ConfigMap", metadata };
}

describe("marks", () => {
  it("tell the claim of the object that they were made for", () => {
    expect(readMarks("blue", marked())).toEqual({ claim: claimDigest(identity), adopted: false });
    expect(readClaimIdentity(marked())).toEqual(identity);
  });

  it.each([
    ["a copy under another name", { name: "copy" }],
    ["a copy in another namespace", { namespace: "other" }],
    ["an object without labels", { labels: {} }],
  ])("do not hold for %s", (_case, change) => {
    expect(readMarks("blue", marked(change))).toBeUndefined();
  });

  it("do not hold for another installation", () => {
    expect(readMarks("green", marked())).toBeUndefined();
  });

  it("name nobody when an annotation was changed", () => {
    const annotations = { ...marked().metadata.annotations, [RULE]: "another" };
    expect(readClaimIdentity(marked({ annotations }))).toBeUndefined();
  });

  it("shorten the policy's name to a valid label value, and keep long names apart", () => {
    const labelOf = (name: string) =>
      marksFor("blue", { ...identity, policy: { ...policy, name } }, target).labels[POLICY];
    const [a, b] = [labelOf(`${"x".repeat(80)}a`), labelOf(`${"x".repeat(80)}b`)];
    expect(a).toMatch(/^[a-z0-9][-a-z0-9]{1,61}[a-z0-9]$/);
    expect(a).not.toBe(b);
  });
});
