/** How much of its triggers a rule reads, decided before there is any. */

import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../object/index.ts";
import { type Changes, compiledRule, making, ruleWith } from "./language.fixture.ts";

const NAME = "request.object.metadata.name";
const FIXED = { apiVersion: "v1", kind: "ConfigMap", name: "made", namespace: "shop" };

function reading(expression: string): JsonObject {
  return making({ a: `{{ ${expression} }}` });
}

function asking(key: Json, value: Json = "a"): JsonObject {
  return making({ a: "b" }, { preconditions: [{ key, operator: "Equals", value }] });
}

function knowing(variable: JsonObject): JsonObject {
  return making({ a: "b" }, { context: [{ name: "known", variable }] });
}

function listening(operations: string[]): Changes {
  return { match: { resources: { kinds: ["Namespace"], operations } } };
}

function generating(more: JsonObject): JsonObject {
  return ruleWith({ generate: { ...FIXED, data: { data: { a: `{{ ${NAME} }}` } }, ...more } });
}

describe("metadata is all that has to be known of triggers", () => {
  it.each<[rule: string, rule: JsonObject]>([
    ["without expressions", making({ a: "b" })],
    ["with a name", reading(NAME)],
    ["with a name in quotes", reading('request."object".metadata.name')],
    ["with labels and a default", reading("request.object.metadata.labels.team || 'none'")],
    ["with all of metadata", reading("to_string(request.object.metadata)")],
    ["with a filter of a list in it", reading("request.object.metadata.ownerReferences[?kind == 'A'].name | [0]")],
    ["with its kind and apiVersion", reading("join('/', [request.object.apiVersion, request.object.kind])")],
    ["with other fields of the request", reading("join('/', [request.name, request.namespace, request.operation])")],
    ["with a nested variable below metadata", reading(`request.object.metadata.labels."{{ request.name }}"`)],
    ["with preconditions about labels", asking("{{ request.object.metadata.labels.team }}")],
    ["with preconditions about the operation", asking("{{ request.operation }}", "CREATE")],
    ["with a match by labels, names and annotations", making({ a: "b" }, { match: selecting() })],
    ["with an exclude", making({ a: "b" }, { exclude: selecting() })],
    ["with context about labels", knowing({ value: "{{ request.object.metadata.labels }}", jmesPath: "team" })],
    ["with context whose own data is named as the trigger's", knowing({ value: { data: "a" }, jmesPath: "data" })],
    ["with foreach over annotations", ruleWith({ generate: each("request.object.metadata.annotations.values(@)") })],
    [
      "with a clone by its name",
      ruleWith({ generate: { ...FIXED, clone: { name: `{{ ${NAME} }}`, namespace: "o" } } }),
    ],
    ["with owners in what it makes", generating({ name: "{{ request.object.metadata.uid }}" })],
  ])("for a rule %s", (_, rule) => {
    expect(compiledRule(rule).readsContent).toBe(false);
  });

  function selecting(): JsonObject {
    const selector = { matchLabels: { team: "*" } };
    return { any: [{ resources: { kinds: ["Namespace"], names: ["a*"], annotations: { b: "c" }, selector } }] };
  }
});

describe("triggers are needed whole", () => {
  it.each<[rule: string, rule: JsonObject]>([
    ["with a field of its spec", reading("request.object.spec.a")],
    ["with a field that is called like metadata", reading("request.object.spec.metadata.name")],
    ["with its status", reading("request.object.status.phase")],
    ["with all of the object", reading("to_string(request.object)")],
    ["with all of the request", reading("to_string(request)")],
    ["with everything there is", reading("to_string(@)")],
    ["with its metadata, behind a pipe", reading("request.object | metadata.name")],
    ["with its metadata, in a hash", reading("request.{a: object.metadata.name}.a")],
    ["with any value of the object", reading("to_string(request.object.*)")],
    ["with a name that is filled in", reading(`request.object."{{ request.name }}"`)],
    ["with content in a nested variable", reading('request.object.metadata.labels."{{ request.object.spec.a }}"')],
    ["with content as an argument", reading("length(request.object.spec.a)")],
    ["with content behind its metadata", reading("request.object.metadata.name || request.object.spec.a")],
    ["with content in a filter", reading("request.object.metadata.finalizers[?@ == 'a'] || request.object.data")],
    ["with the value at its own place", making({ a: "{{ @ }}" })],
    ["with images", reading("images.containers.a.name")],
    ["with preconditions about content", asking("{{ request.object.spec.a }}")],
    ["with preconditions that compare with content", asking("a", "{{ request.object.data.a }}")],
    ["with content in a value of context", knowing({ value: "{{ request.object.spec }}" })],
    ["with content in a jmesPath of context", knowing({ jmesPath: "request.object.spec.a" })],
    [
      "with content as a default in context",
      knowing({ value: "b", jmesPath: "a", default: "{{ request.object.spec }}" }),
    ],
    ["with foreach over content", ruleWith({ generate: each("request.object.spec.items") })],
    ["with content in its foreach", ruleWith({ generate: each("['a']", "{{ request.object.spec.a }}") })],
    ["with content in a name", generating({ name: "{{ request.object.spec.a }}" })],
    ["with content in a key", making({ "{{ request.object.spec.a }}": "b" })],
    ["with the old object", asking("{{ request.oldObject.metadata.name || 'a' }}")],
    ["for updates", making({ a: "b" }, listening(["UPDATE"]))],
    ["for deletions", making({ a: "b" }, listening(["DELETE"]))],
    ["that makes something once", generating({ synchronize: false })],
    ["for new triggers", generating({ generateExisting: false })],
  ])("for a rule %s", (_, rule) => {
    expect(compiledRule(rule).readsContent).toBe(true);
  });
});

function each(list: string, data = "{{ element }}"): JsonObject {
  return { foreach: [{ ...FIXED, list, name: "made-{{ elementIndex }}", data: { data: { a: data } } }] };
}
