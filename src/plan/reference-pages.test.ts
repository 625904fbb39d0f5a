/** The closed lists of the planner and their pages in docs/reference say the same. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { copyOf } from "../rule/index.ts";
import { otherManagerOf } from "./adoption.ts";
import { ALLOCATED, IGNORED, isIgnored, leaveOut, placesLeftOut } from "./ignored.ts";

const REFERENCE = join(import.meta.dirname, "../../docs/reference");

/** First and second cell of each row, without the head. */
function rowsOf(page: string): [first: string, second: string][] {
  const rows = readFileSync(join(REFERENCE, page), "utf8").matchAll(
    /^\| (?!-|kind |owner )([^|]+?) +\| ([^|]+?) +\|/gm,
  );
  return Array.from(rows, ([, first = "", second = ""]) => [first.replaceAll("`", ""), second]);
}

/** How many entries a list of the sources has. */
function countEntries(file: string, entry: RegExp): number {
  return Array.from(readFileSync(join(import.meta.dirname, file), "utf8").matchAll(entry)).length;
}

describe("docs/reference/drift.md", () => {
  const rows = rowsOf("drift.md");
  const ignored = rows.slice(0, IGNORED.length);
  const allocated = rows.slice(IGNORED.length);

  it("has as many places as the program", () => {
    expect(rows).toHaveLength(IGNORED.length + ALLOCATED.length);
  });

  it.each(allocated)("names for %s a place that is not compared with a fresh object: %s", (kind, field) => {
    const path = field.replaceAll("`", "").split(".");
    const object = { apiVersion: "v1", kind, metadata: { name: "x" } };
    const content = path.reduceRight<Json>((inner, name) => {
      const [, plain = name, list] = /^(.*?)(\[\*\])?$/.exec(name) ?? [];
      return { [plain]: list === undefined ? inner : [inner] };
    }, "allocated") as JsonObject; // as built here
    expect(JSON.stringify(leaveOut(content, placesLeftOut(object)))).not.toContain("allocated");
  });

  it.each(ignored)("names for %s a place that the program ignores: %s", (kind, field) => {
    const [path = "", ...code] = Array.from(field.matchAll(/`([^`]+)`/g), ([, text = ""]) => text);
    const object = { apiVersion: "v1", kind: kind === "any" ? "Deployment" : kind, metadata: { name: "x" } };
    const desired: KubernetesObject = kind === "ClusterRole" ? { ...object, aggregationRule: {} } : object;
    expect(isIgnored(desired, fieldPath(path), code[0])).toBe(true);
    expect(isIgnored(desired, ["f:spec", "f:another"], code[0])).toBe(false);
  });
});

/** Any element of a keyed list. */
const KEY = 'k:{"name":"x"}';

/** Keys with dots and a slash, such as the restart annotation, are one element. */
function fieldPath(path: string): string[] {
  const [, before = path, annotation] = /^(.*\.annotations)\.(.+)$/.exec(path) ?? [];
  const fields = before
    .split(".")
    .flatMap((name) => (name.endsWith("[*]") ? [`f:${name.slice(0, -3)}`, KEY] : [`f:${name}`]));
  return [...fields, ...(annotation === undefined ? [] : [`f:${annotation}`])];
}

describe("docs/reference/ownership.md", () => {
  const rows = rowsOf("ownership.md");

  it("has as many marks as the program", () => {
    expect(rows).toHaveLength(countEntries("adoption.ts", /\{ name: "/g));
  });

  it.each(rows)("names for %s a mark that the program respects: %s", (owner, mark) => {
    expect(otherManagerOf(objectWith(mark))).toMatch(new RegExp(`^${owner} `));
  });

  it.each(rows)("names for %s a mark that a copy does not take over: %s", (_owner, mark) => {
    const source = objectWith(mark);
    expect(otherManagerOf({ ...source, ...copyOf(source) } as KubernetesObject)).toBeUndefined(); // has all but a name
  });

  it("respects no other", () => {
    expect(otherManagerOf(objectWith("label `app.kubernetes.io/name`"))).toBeUndefined();
  });
});

function objectWith(mark: string): KubernetesObject {
  const [, place = "", key = ""] = /^(?:an )?(\w+)[^`]* `([^`]+)`/.exec(mark) ?? [];
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "x", uid: "u", controller: true };
  const metadata = {
    annotation: { annotations: { [key]: "x" } },
    label: { labels: { [key]: "x" } },
    ownerReference: { ownerReferences: [owner] },
  }[place];
  if (metadata === undefined) throw new Error(`cannot read the mark: ${mark}`);
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", ...metadata } };
}
