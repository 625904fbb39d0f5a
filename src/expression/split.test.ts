import { describe, expect, it } from "vitest";
import { hasVariables, splitTemplate } from "./split.ts";

describe("splitTemplate", () => {
  it.each<[text: string, parts: string[]]>([
    ["/a/b", ["", "a", "b"]],
    ["/{{ x }}/b", ["", "{{ x }}", "b"]],
    ["/{{ split(x, '/') }}/b", ["", "{{ split(x, '/') }}", "b"]],
    ["/a-{{ x.{{ '/' }} }}-{{ y }}b/", ["", "a-{{ x.{{ '/' }} }}-{{ y }}b", ""]],
    ["/\\{{ a/b }}", ["", "\\{{ a", "b }}"]],
    ["/{{ a/b", ["", "\\{{ a", "b"]],
    ["", [""]],
  ])("takes %s apart", (text, parts) => {
    expect(splitTemplate(text, "/")).toEqual(parts);
  });

  it("gives nothing for what is nested too deeply", () => {
    expect(splitTemplate("{{ ".repeat(20) + "}}".repeat(20), "/")).toBeUndefined();
  });
});

describe("hasVariables", () => {
  it.each([
    ["a", false],
    ["{{ a }}", true],
    ["a{{ b }}c", true],
    ["\\{{ a }}", false],
    ["{{ a", false],
  ])("of %s is %s", (text, has) => {
    expect(hasVariables(text)).toBe(has);
  });
});
