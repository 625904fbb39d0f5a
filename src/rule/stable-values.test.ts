import { describe, expect, it } from "vitest";
import { type Json, type JsonObject, type KubernetesObject, keyedNumbers } from "../object/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compilePolicy } from "./compile.ts";
import {
  compiledRule,
  dataOf,
  desiredBy,
  ListSnapshot,
  making,
  ruleWith,
  SERVED,
  TRIGGER,
} from "./language.fixture.ts";

const PASSWORD = "{{ random('[a-z0-9]{20}') }}";

/** What the rule makes of the pattern, in a policy that may differ from the others. */
function passwordIn(
  { policy = "p", before = [] as JsonObject[], name = "r", at = "password", uid = "u1" } = {},
  pattern = PASSWORD,
): Json {
  const rules = [...before, making({ [at]: pattern }, { name })];
  const parsed = parsePolicy({
    apiVersion: "perennial.dev/v1",
    kind: "ClusterPolicy",
    metadata: { name: policy },
    spec: { rules },
  });
  if ("issues" in parsed) throw new Error(JSON.stringify(parsed.issues));
  const compiled = compilePolicy(parsed.policy, SERVED);
  const rule = compiled.ok ? compiled.policy.rules.at(-1) : undefined;
  if (rule === undefined) throw new Error(JSON.stringify(compiled));
  const trigger: KubernetesObject = { ...TRIGGER, metadata: { ...TRIGGER.metadata, uid } };
  return dataOf(desiredBy(rule, { trigger }));
}

describe("random() in a target", () => {
  it("gives the text that the format of docs/reference/marks.md says, computed by other means", () => {
    expect(passwordIn()).toEqual({ password: "y1d6y3kllxbi2ro9d4ft" });
  });

  it("gives the same again, and also when other rules come before", () => {
    expect(passwordIn()).toEqual(passwordIn());
    expect(passwordIn({ before: [making({ a: "b" }, { name: "other" })] })).toEqual(passwordIn());
  });

  it.each([
    ["policy", { policy: "q" }],
    ["rule", { name: "s" }],
    ["trigger", { uid: "u2" }],
  ])("gives another value for another %s", (_what, other) => {
    expect(passwordIn(other)).not.toEqual(passwordIn());
  });

  it("gives another value at another place, and for another call at the same place", () => {
    const [one, two] = [passwordIn({ at: "one" }), passwordIn({ at: "two" })] as JsonObject[];
    expect(one?.one).not.toBe(two?.two);
    const twice = passwordIn({}, `${PASSWORD} ${PASSWORD}`) as JsonObject;
    const [first, second] = String(twice.password).split(" ");
    expect(first).not.toBe(second);
  });

  it("gives another value under another key", () => {
    const snapshot = new ListSnapshot([]);
    snapshot.numbers = (fields) => keyedNumbers(new TextEncoder().encode("another key"), fields);
    expect(dataOf(compiledRule(making({ password: PASSWORD })).desired(TRIGGER, snapshot))).not.toEqual(passwordIn());
  });

  it("is the same wherever a context entry is named", () => {
    const context = [{ name: "token", variable: { jmesPath: "random('[a-z]{12}')" } }];
    const made = dataOf(desiredBy(making({ a: "{{ token }}", b: "{{ token }}" }, { context }))) as JsonObject;
    expect(made.a).toMatch(/^[a-z]{12}$/);
    expect(made.b).toBe(made.a);
  });
});

describe("random() in an apiCall", () => {
  it("differs from trigger to trigger, though all of them ask about the same object", () => {
    const urlPath = "/api/v1/namespaces/config/configmaps/shared";
    const context = [{ name: "token", apiCall: { urlPath, jmesPath: "random('[a-z]{12}')" } }];
    const rule = compiledRule(making({ a: "{{ token }}" }, { context }));
    const shared = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "shared", namespace: "config" } };
    const snapshot = new ListSnapshot([shared]);
    const [one, two] = ["u1", "u2"].map((uid) =>
      dataOf(rule.desired({ ...TRIGGER, metadata: { ...TRIGGER.metadata, uid } }, snapshot)),
    );
    expect(one).toEqual({ a: expect.stringMatching(/^[a-z]{12}$/) });
    expect(two).not.toEqual(one);
  });
});

/** The password of each element, by the name of what is made for it. */
function passwordsFor(list: string, name = "made-{{ element }}"): { [name: string]: Json } {
  const target = { apiVersion: "v1", kind: "ConfigMap", name, namespace: "shop", data: { data: { a: PASSWORD } } };
  const desired = desiredBy(ruleWith({ generate: { foreach: [{ list, ...target }] } }));
  if (!desired.ok) throw new Error(desired.message);
  return Object.fromEntries(
    desired.targets.map(({ ref, object }) => [ref.name, (object.data as JsonObject).a ?? null]),
  );
}

describe("random() in a foreach", () => {
  it("belongs to the element, wherever that stands", () => {
    const three = passwordsFor("split('a,b,c', ',')");
    expect(new Set(Object.values(three)).size).toBe(3);
    expect(passwordsFor("split('c,b', ',')")).toEqual({ "made-c": three["made-c"], "made-b": three["made-b"] });
  });

  it("does not depend on the order of an element's fields", () => {
    const name = "made-{{ element.name }}";
    expect(passwordsFor('`[{"name": "a", "size": 1}]`', name)).toEqual(
      passwordsFor('`[{"size": 1, "name": "a"}]`', name),
    );
  });

  it("tells equal elements apart", () => {
    const made = passwordsFor("split('a,a', ',')", "made-{{ elementIndex }}");
    expect(made["made-0"]).not.toBe(made["made-1"]);
  });
});

const NOW = "{{ time_now_utc() }}";
const FIRST = "1970-01-01T00:00:00Z";
const REAL = "1970-01-01T00:16:40Z";

describe("the time", () => {
  it("is that of the first apply in a target, also through context", () => {
    const context = [{ name: "now", variable: { jmesPath: "time_now_utc()" } }];
    expect(dataOf(desiredBy(making({ a: NOW, b: "{{ now }}" }, { context })))).toEqual({ a: FIRST, b: FIRST });
  });

  it.each([
    ["real", REAL, { a: FIRST }],
    ["not that of the first apply", FIRST, "idle: spec.rules[0].preconditions.all[0] (Equals) does not hold"],
  ])("is %s in preconditions, also through context", (_what, value, made) => {
    const context = [{ name: "now", variable: { jmesPath: "time_now_utc()" } }];
    const preconditions = { all: [{ key: "{{ now }}", operator: "Equals", value }] };
    const rule = compiledRule(making({ a: "{{ now }}" }, { context, preconditions }));
    expect(dataOf(desiredBy(rule))).toEqual(made);
    expect(rule.decidesByClock).toBe(true);
  });

  it("is real in the preconditions of an element", () => {
    const preconditions = { all: [{ key: NOW, operator: "Equals", value: REAL }] };
    const entry = { list: "['a']", apiVersion: "v1", kind: "ConfigMap", name: "made", namespace: "shop" };
    const foreach = [{ ...entry, preconditions, data: { data: { a: NOW } } }];
    const rule = compiledRule(ruleWith({ generate: { foreach } }));
    expect(dataOf(desiredBy(rule))).toEqual({ a: FIRST });
    expect(rule.decidesByClock).toBe(true);
  });

  it.each<[boolean, string, JsonObject]>([
    [true, "data that asks for it", making({ a: NOW })],
    [true, "data that measures from now", making({ a: "{{ time_since('', '2020-01-01T00:00:00Z', '') }}" })],
    [false, "data that does not", making({ a: "{{ time_parse('2006', '2020') }}" })],
    [
      false,
      "preconditions only",
      making({ a: "b" }, { preconditions: { all: [{ key: NOW, operator: "NotEquals", value: "" }] } }),
    ],
  ])("is noted (%s) on the targets of a rule with %s", (usesClock, _what, rule) => {
    expect(compiledRule(rule).usesClock).toBe(usesClock);
  });
});
