import { describe, expect, it } from "vitest";
import { type Resolved, resolveReferences } from "./reference.ts";

const document = {
  a: { "(b)": "text", n: 5, same: "$(./../b)", loop: "$(/a/loop)", list: ["x", "$(/a/list/0)"] },
  c: "{{ request.object.metadata.name }}",
};
const resolve = (text: string): Resolved => resolveReferences(text, ["a", "own"], document);

describe("references", () => {
  it.each([
    ["$(/a/b)", "text"],
    ["<$(./../b)>", "<text>"],
    ["$(/a/same)", "text"],
    ["$(/a/list/1)", "x"],
    ["$(>=./../n)", ">=5"],
    ["$(/c)", "{{ request.object.metadata.name }}"],
    ["$(NAME) $(date +%s) $$(X)", "$(NAME) $(date +%s) $$(X)"],
    ["\\$(/a/b) \\$(NAME)", "$(/a/b) $(NAME)"],
  ])("%s is %s", (text, expected) => {
    expect(resolve(text)).toEqual({ text: expected });
  });

  it.each([
    ["$(/a/nope)", /there is nothing/],
    ["$(./../n)", /no string/],
    ["$(/a)", /no string/],
    ["$(/constructor)", /there is nothing/],
    ["$(/a/loop)", /refers to itself/],
  ])("%s is refused", (text, message) => {
    expect(resolve(text)).toEqual({ problem: expect.stringMatching(message) });
  });
});
