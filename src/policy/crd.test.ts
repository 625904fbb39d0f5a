import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { isJsonObject, type Json, type JsonObject, valueAt } from "../object/index.ts";
import { customResourceDefinition, definitionFile, POLICY_KINDS } from "./crd.ts";

const SCHEMA = ["spec", "versions", 0, "schema", "openAPIV3Schema"];

type Node = { path: string; schema: JsonObject };

/** Every schema of the definition with its path, `[]` for the entries of lists. */
function nodesOf(definition: JsonObject): Node[] {
  const root = valueAt(definition, SCHEMA);
  return isJsonObject(root) ? collect({ path: "", schema: root }) : [];
}

function collect(node: Node): Node[] {
  const { properties, items } = node.schema;
  const fields = Object.entries(isJsonObject(properties) ? properties : {});
  const children = [...fields.map(([name, child]) => [`.${name}`, child] as const), ["[]", items] as const];
  const below = children.flatMap(([step, child]) =>
    isJsonObject(child) ? collect({ path: node.path + step, schema: child }) : [],
  );
  return [node, ...below];
}

/** `path message` of every rule the API server holds. */
function rulesOf({ path, schema }: Node): string[] {
  const rules = schema["x-kubernetes-validations"];
  return Array.isArray(rules) ? rules.map((rule) => `${path} ${String(valueAt(rule, ["message"]))}`) : [];
}

function has(node: Node, keyword: string): boolean {
  return Object.hasOwn(node.schema, keyword);
}

describe.each(POLICY_KINDS)("the definition of %s", (kind) => {
  const definition = customResourceDefinition(kind);
  const nodes = nodesOf(definition);

  it("is what stands in crds/", () => {
    const file = join(import.meta.dirname, "../../crds", definitionFile(kind));
    expect(load(readFileSync(file, "utf8"))).toEqual(definition);
  });

  it("describes every field", () => {
    const bare = nodes.filter((node) => !has(node, "description") && !node.path.startsWith(".metadata"));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  it("fills in no defaults", () => {
    expect(nodes.filter((node) => has(node, "default")).map(({ path }) => path)).toEqual([]);
  });

  it("bounds every list and string of the spec", () => {
    const inSpec = nodes.filter(({ path }) => path.startsWith(".spec"));
    const isUnbounded = (node: Node) =>
      (node.schema.type === "array" && !has(node, "maxItems")) ||
      (node.schema.type === "string" && !has(node, "maxLength") && !has(node, "enum"));
    expect(inSpec.filter(isUnbounded).map(({ path }) => path)).toEqual([]);
  });

  it("has only values that are served in the enums of served fields", () => {
    const served = (path: string) => valueAt(nodes.find((node) => node.path === path)?.schema, ["enum"]);
    expect([served(".spec.mode"), served(".spec.adoption")]).toEqual([["Correct"], ["Always", "IfUnmanaged", "Never"]]);
  });

  it.each([
    ".spec.drift spec.drift.recreate",
    ".spec.rules[] spec.rules[].celPreconditions",
    ".spec.rules[].context[] spec.rules[].context[].globalReference",
  ])("refuses by name: %s", (where) => {
    const [path = "", field = ""] = where.split(" ");
    const message = `${path} UnsupportedField: ${field} is not served by this version of Perennial`;
    expect(nodes.flatMap(rulesOf).filter((rule) => rule.startsWith(message))).toEqual([
      expect.stringMatching(/(; |: .+; )remove it$/),
    ]);
  });

  it("spells nested foreach out three deep and leaves it free-form below", () => {
    const deepest = nodes.filter(({ path }) => path.startsWith(".spec.rules[].mutate.foreach[].foreach[].foreach[]"));
    expect(deepest.map(({ path }) => path)).toContain(".spec.rules[].mutate.foreach[].foreach[].foreach[].list");
    expect(deepest.find(({ path }) => path.endsWith(".foreach[].foreach[].foreach[].foreach[]"))?.schema).toMatchObject(
      {
        type: "object",
        "x-kubernetes-preserve-unknown-fields": true,
      },
    );
  });

  it("serves the whole language once the markers are gone", () => {
    const rules = nodesOf(customResourceDefinition(kind, { serveAll: true })).flatMap(rulesOf);
    expect(rules.filter((rule) => rule.includes("UnsupportedField"))).toEqual([]);
  });
});

it("says only to a Policy that namespaces are out of its reach", () => {
  const confined = (definition: JsonObject): Json[] =>
    nodesOf(definition)
      .flatMap(rulesOf)
      .filter((rule) => rule.includes("a Policy matches only in its own namespace"));
  expect(confined(customResourceDefinition("ClusterPolicy"))).toEqual([]);
  expect(confined(customResourceDefinition("Policy"))).toHaveLength(6);
});
