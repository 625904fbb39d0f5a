import { describe, expect, it } from "vitest";
import type { Json } from "../object/index.ts";
import type { Bindings, Environment } from "./language.ts";
import { compileTemplate } from "./template.ts";

const environment: Environment = { now: () => new Date(0), random: () => () => 0.5, hash: () => "digest" };
const roots = new Set(["request", "element", "elementIndex", "cm", "n", "m", "l", "s", "evil", "name"]);
const bindings: Bindings = {
  request: {
    object: { metadata: { name: "shop", labels: { "app/x": "y" } }, spec: { replicas: 3, list: [1, { a: null }] } },
    operation: "CREATE",
  },
  element: { name: "web" },
  elementIndex: 1,
  cm: { data: { web: "from-web", "it's": "quoted" } },
  n: 5,
  m: { a: "<&>", b: [1] },
  l: ["x", "y"],
  s: "text",
  evil: "{{ request.object.metadata.name }}",
  name: "a' || 'b",
};

function fill(value: Json, given: Bindings = bindings): Json {
  const compiled = compileTemplate(value, "spec.x", { roots });
  if ("issues" in compiled) throw new Error(compiled.issues.map((issue) => issue.message).join("; "));
  const result = compiled.template.evaluate(given, environment);
  if (!result.ok) throw new Error(`${result.error.path}: ${result.error.message}`);
  return result.value;
}

function issuesOf(value: Json): readonly { path: string; value: string; message: string }[] {
  const compiled = compileTemplate(value, "spec.x", { roots });
  return "issues" in compiled ? compiled.issues : [];
}

describe("a template", () => {
  it.each<[string, Json, Json]>([
    ["puts a value into a text", "{{ request.object.metadata.name }}-x", "shop-x"],
    ["gives the raw value of a lone variable", "{{request.object.spec.replicas}}", 3],
    ["keeps lists as lists", ["{{ l }}"], [["x", "y"]]],
    ["turns a value in longer text into text", " {{n}}", " 5"],
    ["writes null in longer text", "a {{ request.object.spec.list[1].a }}", "a null"],
    ["writes maps as compact JSON with <>& escaped", "v={{ m }}", 'v={"a":"\\u003c\\u0026\\u003e","b":[1]}'],
    ["fills keys", { "{{ s }}-k": { "{{element.name}}": 1 } }, { "text-k": { web: 1 } }],
    ["reads \\{{ as {{", "\\{{ n }} and {{ n }}", "{{ n }} and 5"],
    ["resolves nested variables first", '{{ cm.data."{{ element.name }}" }}', "from-web"],
    ["takes a nested variable as one bare name", "{{ cm.data.{{ element.name }} }}", "from-web"],
    ["takes a nested variable as an index", "{{ l[{{ elementIndex }}] }}", "y"],
    ["takes a nested variable as text", "{{ to_string('<{{ m.b }}>') }}", "<[1]>"],
    ["takes a nested variable as a literal", '{{ `{"a": {{ n }}, "b": "{{ name }}"}` }}', { a: 5, b: "a' || 'b" }],
    ["accepts {{- }}", "{{- s }}", "text"],
    ["allows one level of braces in a variable", "{{ request.{o: operation} }}", { o: "CREATE" }],
    ["leaves braces that do not close", "{{ n } {{n", "{{ n } {{n"],
    ["reaches keys with dots and slashes", '{{ request.object.metadata.labels."app/x" }}', "y"],
    ["calls functions after a dot", "{{ element.keys(@) }}", ["name"]],
  ])("%s", (_name, value, expected) => {
    expect(fill(value)).toEqual(expected);
  });

  it("never scans inserted text again", () => {
    expect(fill("{{ evil }}")).toBe("{{ request.object.metadata.name }}");
    expect(fill("x {{ evil }}")).toBe("x {{ request.object.metadata.name }}");
    expect(fill("{{ to_string('{{ evil }}') }}")).toBe("{{ request.object.metadata.name }}");
  });

  it("never lets inserted text become code", () => {
    expect(fill("{{ to_string('{{ name }}') }}")).toBe("a' || 'b");
    expect(fill("{{ cm.data.\"{{ name }}\" || 'none' }}")).toBe("none");
    expect(fill("{{ cm.data.{{ name }} || 'none' }}")).toBe("none");
  });

  it("shares what has no variables, and is constant when nothing has", () => {
    const value = { plain: { a: [1] }, filled: "{{ n }}" };
    const filled = fill(value);
    expect(filled).toEqual({ plain: { a: [1] }, filled: 5 });
    expect((filled as typeof value).plain).toBe(value.plain);
    const compiled = compileTemplate(value.plain, "", { roots });
    expect("template" in compiled && compiled.template.constant).toBe(true);
    expect(fill(value.plain)).toBe(value.plain);
    expect(fill({ a: "\\{{ x }}", b: value.plain })).toEqual({ a: "{{ x }}", b: value.plain });
  });

  it("knows what it reads", () => {
    const value = {
      a: "{{ request.object.metadata.name }}",
      b: '{{ cm.data."{{ element.name }}" }}',
      "{{ s }}": "{{ l[?@ == 'n'] | [0] }} {{ `{}` }} {{ request.operation || name }}",
    };
    const compiled = compileTemplate(value, "", { roots });
    expect("template" in compiled && compiled.template.reads).toEqual(
      new Set(["cm", "element", "l", "name", "request.object", "request.operation", "s"]),
    );
  });

  it("knows the list of which it reads one element", () => {
    const fields = new Map([["request", new Set(["roles"])]]);
    const compile = (text: string) => compileTemplate(text, "x", { roots: new Set(["request"]), fields });
    const compiled = compile("{{ request.roles[0][1] }}");
    expect("template" in compiled && [...compiled.template.reads]).toContain("request.roles");
    expect(compile("{{ request.rolls[0] }}")).toHaveProperty("issues");
  });

  it("reads a lazy root only when it is named", () => {
    let reads = 0;
    const lazy = {
      ...bindings,
      get cm() {
        reads++;
        return { data: {} };
      },
    };
    fill("{{ n }}", lazy);
    expect(reads).toBe(0);
    expect(fill("{{ cm.data }}", lazy)).toEqual({});
    expect(reads).toBe(1);
  });

  it.each<[string, Json, string, RegExp]>([
    ["an unknown root", { a: ["{{ reqest.object }}"] }, "spec.x.a[0]", /reqest.*neither a variable.*request/],
    ["an unknown function", { "a.b": "{{ to_uper(s) }}" }, 'spec.x["a.b"]', /no function to_uper/],
    ["a wrong number of arguments", "{{ join(', ') }}", "spec.x", /join takes 2 arguments, not 1/],
    ["a literal of the wrong type", "{{ join(`1`, l) }}", "spec.x", /argument 1 must be a string/],
    ["wrong syntax", "{{ request.. }}", "spec.x", /not expected.*at character/],
    ["an empty variable", "{{ }}", "spec.x", /empty/],
    ["a nested variable as a root", "{{ {{ s }}.data }}", "spec.x", /cannot stand for the first name/],
    ["a nested variable as a function", "{{ {{ s }}(l) }}", "spec.x", /function's name/],
  ])("refuses %s with its path", (_name, value, path, message) => {
    expect(issuesOf(value)).toEqual([
      expect.objectContaining({ path, value: expect.any(String), message: expect.stringMatching(message) }),
    ]);
  });

  it("tells an unknown root from other mistakes", () => {
    const issues = compileTemplate(["{{ nope }}", "{{ to_upper(nope) }}", "{{ ( }}"], "", { roots });
    expect("issues" in issues && issues.issues.map((issue) => issue.unknownRoot)).toEqual([true, true, false]);
  });

  it("says where and what was not found", () => {
    const compiled = compileTemplate({ a: "x{{ request.object.metadata.nope.deep }}" }, "spec", { roots });
    if ("issues" in compiled) throw new Error("does not compile");
    expect(compiled.template.evaluate(bindings, environment)).toEqual({
      ok: false,
      error: {
        path: "spec.a",
        notFound: true,
        message:
          "{{ request.object.metadata.nope.deep }}: \"nope\" is not found in request.object.metadata; if it may be missing, give a default: ... || 'default'",
      },
    });
  });

  it("refuses a key that is no string, and a key that is there twice", () => {
    expect(() => fill({ "{{ n }}": 1 })).toThrow('spec.x["{{ n }}"]: a key must be a string, not 5');
    expect(() => fill({ "{{ s }}": 1, text: 2 })).toThrow('the key "text" is already there');
  });

  it("reads {{@}} as the value at the same place in the object", () => {
    expect(
      fill({
        metadata: { "(name)": "{{@}}-x" },
        spec: { replicas: "{{ @ }}", list: ["{{ abs('{{@}}' | to_number(@)) }}"] },
      }),
    ).toEqual({
      metadata: { "(name)": "shop-x" },
      spec: { replicas: 3, list: [1] },
    });
  });
});
