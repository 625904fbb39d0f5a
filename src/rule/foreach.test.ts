import { describe, expect, it } from "vitest";
import type { Json, JsonObject, KubernetesObject } from "../object/index.ts";
import { compiledRule, desiredBy, issuesOf, ruleWith, TRIGGER } from "./language.fixture.ts";

const SECRET: KubernetesObject = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "pull", namespace: "origin", labels: { copy: "yes" } },
  data: { a: "Yg==" },
};

const ENTRY: JsonObject = {
  list: "split('a,b', ',')",
  apiVersion: "v1",
  kind: "ConfigMap",
  name: "made-{{ element }}",
  namespace: "shop",
  data: { data: { at: "{{ elementIndex }}" } },
};

/** Undefined leaves a part of the good entry out. */
function foreach(...entries: { [field: string]: Json | undefined }[]): JsonObject {
  const written = entries.map((entry) => ({ ...ENTRY, ...entry }));
  return ruleWith({ generate: JSON.parse(JSON.stringify({ foreach: written })) as Json });
}

/** `name at` of each object, then what failed. */
function outcome(rule: JsonObject, objects: KubernetesObject[] = [TRIGGER]): string[] {
  const desired = desiredBy(rule, { objects });
  if (!desired.ok) return [`${desired.reason}: ${desired.message}`];
  return [
    ...desired.targets.map(({ object: { metadata, data } }) => `${metadata.name} ${JSON.stringify(data)}`),
    ...desired.unmet.map(({ reason }) => reason),
    ...(desired.failed ?? []).map(({ reason, message }) => `${reason}: ${message}`),
  ];
}

const AT = "spec.rules[0].generate.foreach[0]";

describe("foreach", () => {
  it.each<[what: string, entry: JsonObject, made: string[]]>([
    ["makes an object for each element", {}, ['made-a {"at":0}', 'made-b {"at":1}']],
    ["takes what is no list for its only element", { list: "request.object.metadata.name" }, ['made-shop {"at":0}']],
    [
      "takes a map for its only element",
      { list: "request.object.metadata.labels", name: "{{ element.team }}" },
      ['checkout {"at":0}'],
    ],
    ["skips null elements, and counts them", { list: "[`null`, 'b']" }, ['made-b {"at":1}']],
    ["makes nothing for an empty list", { list: "`[]`" }, []],
    ["makes nothing for null", { list: "request.object.metadata.finalizers || `null`" }, []],
    [
      "takes variables in the list",
      { list: "request.object.metadata.labels | keys(@) | [?@ == '{{ 'team' }}']" },
      ['made-team {"at":0}'],
    ],
    [
      "knows the outermost element by number",
      { data: { data: { at: "{{ element0 }}{{ elementIndex0 }}" } } },
      ['made-a {"at":"a0"}', 'made-b {"at":"b1"}'],
    ],
    [
      "asks preconditions of each element",
      { preconditions: [{ key: "{{ element }}", operator: "NotEquals", value: "a" }] },
      ['made-b {"at":1}'],
    ],
    [
      "loads context for each element",
      { context: [{ name: "up", variable: { jmesPath: "to_upper(element)" } }], data: { data: { at: "{{ up }}" } } },
      ['made-a {"at":"A"}', 'made-b {"at":"B"}'],
    ],
    [
      "goes on after an element that fails",
      { list: "[{n: 'a'}, {m: 'b'}, {n: 'c'}]", name: "{{ element.n }}" },
      ['a {"at":0}', 'c {"at":2}', expect.stringMatching(/^ExpressionFailed: element 1: .*foreach\[0\].name/)],
    ],
    ["shares one object that elements agree on", { name: "same", data: { data: { at: "x" } } }, ['same {"at":"x"}']],
    [
      "tells when elements disagree",
      { name: "same" },
      ['same {"at":0}', expect.stringMatching(/^Conflict: .*ConfigMap shop\/same/)],
    ],
    [
      "tells when the list fails",
      { list: "request.object.spec.ports" },
      [expect.stringMatching(/^ExpressionFailed: .*foreach\[0\].list/)],
    ],
    [
      "copies for each element",
      {
        kind: "Secret",
        name: "pull",
        namespace: "{{ element }}",
        data: undefined as never,
        clone: { name: "pull", namespace: "origin" },
      },
      ['pull {"a":"Yg=="}', 'pull {"a":"Yg=="}'],
    ],
    [
      "copies lists for each element",
      {
        apiVersion: undefined as never,
        kind: undefined as never,
        name: undefined as never,
        namespace: "{{ element }}",
        data: undefined as never,
        cloneList: { kinds: ["v1/Secret"], namespace: "origin" },
      },
      ['pull {"a":"Yg=="}', 'pull {"a":"Yg=="}'],
    ],
    [
      "waits for a missing source of each element",
      {
        kind: "Secret",
        namespace: "{{ element }}",
        data: undefined as never,
        clone: { name: "{{ element }}", namespace: "origin" },
      },
      ["SourceMissing", "SourceMissing"],
    ],
  ])("%s", (_what, entry, made) => {
    expect(outcome(foreach(entry), [TRIGGER, SECRET])).toEqual(made);
  });

  it("takes several lists, of which one may fail", () => {
    const failing = { list: "request.object.spec" };
    expect(outcome(foreach(failing, { list: "'x'" }))).toEqual(['made-x {"at":0}', expect.stringMatching(/^Expr/)]);
  });

  it("sees the rule's context, loaded once, and may give a name another meaning", () => {
    const variable = (name: string, value: string): JsonObject => ({ name, variable: { value } });
    const rule = {
      ...foreach({
        context: [variable("b", "{{ b }}{{ element }}"), variable("c", "{{ b }}{{ a }}")],
        data: { data: { at: "{{ a }} {{ b }} {{ c }}" } },
      }),
      context: [variable("a", "1"), variable("b", "2")],
    };
    expect(outcome(rule)).toEqual(['made-a {"at":"1 2a 2a1"}', 'made-b {"at":"1 2b 2b1"}']);
  });

  it("has the targets and reads of all entries", () => {
    const rule = compiledRule(
      foreach({}, {}, { kind: "Secret", data: undefined, clone: { name: "a", namespace: "{{ element }}" } }),
    );
    expect(rule.targets.map(({ kind }) => kind)).toEqual(["ConfigMap", "Secret"]);
    expect(rule.reads.map(({ resource }) => resource.kind)).toEqual(["Secret"]);
  });

  it.each<[mistake: string, entry: { [field: string]: Json | undefined }, ...issues: string[]]>([
    ["no list", { list: undefined }, `MissingField ${AT}.list`],
    ["a list that does not parse", { list: "a.[" }, `InvalidExpression ${AT}.list`],
    ["an element in the list", { list: "element" }, `UnknownVariable ${AT}.list`],
    ["no kind", { kind: undefined }, `MissingField ${AT}.kind`],
    ["no content", { data: undefined }, `MissingField ${AT}.data`],
    ["two contents", { clone: { name: "a", namespace: "b" } }, `ExclusiveFields ${AT}`],
    ["foreach within", { foreach: [ENTRY] }, `UnknownField ${AT}.foreach`],
    ["an unknown variable", { name: "{{ elementIndex1 }}" }, `UnknownVariable ${AT}.name`],
    ["no namespace", { namespace: undefined }, `NamespaceRequired ${AT}.namespace`],
    [
      "a wrong precondition",
      { preconditions: [{ key: "a", operator: "Is", value: 1 }] },
      `InvalidValue ${AT}.preconditions[0].operator`,
    ],
    ["a wrong name", { name: "a/b" }, `InvalidName ${AT}.name`],
  ])("is refused for %s", (_mistake, entry, ...issues) => {
    expect(issuesOf(foreach(entry))).toEqual(issues);
  });

  it("is refused beside what its entries say", () => {
    const { generate } = foreach({});
    const beside = (more: JsonObject): string[] =>
      issuesOf(ruleWith({ generate: { ...(generate as JsonObject), ...more } }));
    expect(beside({ name: "a" })).toEqual(["ExclusiveFields spec.rules[0].generate.foreach"]);
    expect(beside({ data: {} })).toEqual(["ExclusiveFields spec.rules[0].generate"]);
    expect(issuesOf(ruleWith({ generate: { foreach: [] } }))).toEqual(["OutOfBounds spec.rules[0].generate.foreach"]);
  });
});

describe("a long list", () => {
  /** A trigger with as many words in an annotation. */
  const wordy = (count: number): KubernetesObject => ({
    ...TRIGGER,
    metadata: { ...TRIGGER.metadata, annotations: { words: Array(count).fill("w").join(",") } },
  });
  const words = "split(request.object.metadata.annotations.words, ',')";

  it("is refused as a whole, and deletes nothing, when it has more elements than are served", () => {
    const desired = desiredBy(foreach({ list: words, name: "made-{{ elementIndex }}" }), { trigger: wordy(5_001) });
    const message = `${AT}.list gives 5001 elements; at most 5000 are served: select fewer`;
    expect(desired).toMatchObject({ ok: true, targets: [], failed: [{ reason: "ExpressionFailed", message }] });
  });

  it("of which each element is much work ends soon, whatever each of them may cost", () => {
    const much = "{{ sort(split(request.object.metadata.annotations.words, '')) | length(@) }}";
    const rule = foreach({ list: words, name: "made-{{ elementIndex }}", data: { data: { much } } });
    const start = performance.now();
    const desired = desiredBy(rule, { trigger: wordy(5_000) });
    expect(performance.now() - start).toBeLessThan(20_000);
    if (!desired.ok) throw new Error(desired.message);
    expect(desired.targets.length).toBeGreaterThan(1);
    expect(desired.failed?.at(-1)?.message).toContain("too much; compute less");
  });

  it("of which each element gives much ends before all of them fill the memory", () => {
    const trigger = wordy(1_000);
    const annotations = { ...trigger.metadata.annotations, large: "x".repeat(250_000) };
    const data = { data: { large: "{{ request.object.metadata.annotations.large }}" } };
    const rule = foreach({ list: words, name: "made-{{ elementIndex }}", data });
    const desired = desiredBy(rule, { trigger: { ...trigger, metadata: { ...trigger.metadata, annotations } } });
    if (!desired.ok) throw new Error(desired.message);
    expect(desired.targets.length).toBeGreaterThan(100);
    expect(desired.targets.length).toBeLessThan(200);
    expect(desired.failed?.at(-1)?.message).toContain("too much; compute less");
  });

  it("has its say again at the next plan", () => {
    const rule = compiledRule(foreach({ list: words, name: "made-{{ elementIndex }}" }));
    for (let plan = 0; plan < 3; plan++)
      expect(desiredBy(rule, { trigger: wordy(5_000) })).toMatchObject({ ok: true, targets: { length: 5_000 } });
  });
});
