import { describe, expect, it } from "vitest";
import { onlyLabels } from "./named-labels.ts";

type Filter = Parameters<typeof onlyLabels>[0]["resources"];

function labelled(matchLabels: { [key: string]: string }): NonNullable<Filter> {
  return { kinds: ["Namespace"], selector: { matchLabels } };
}

describe("the labels of which every trigger carries one", () => {
  it.each<[what: string, match: Parameters<typeof onlyLabels>[0], labels: ReturnType<typeof onlyLabels>]>([
    ["a label with its value", { resources: labelled({ team: "a" }) }, [{ key: "team", value: "a" }]],
    ["a label with any value", { resources: labelled({ team: "?*" }) }, [{ key: "team" }]],
    ["the one whose value is written out", { resources: labelled({ a: "*", b: "1" }) }, [{ key: "b", value: "1" }]],
    ["none where the key is a pattern", { resources: labelled({ "te*": "a" }) }, undefined],
    ["none without a selector", { resources: { kinds: ["Namespace"] } }, undefined],
    [
      "none of expressions",
      { resources: { selector: { matchExpressions: [{ key: "a", operator: "Exists" }] } } },
      undefined,
    ],
    [
      "one of each filter of any",
      { any: [{ resources: labelled({ a: "1" }) }, { resources: labelled({ b: "2" }) }] },
      [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ],
    ],
    [
      "none where one filter of any has none",
      { any: [{ resources: labelled({ a: "1" }) }, { resources: { kinds: ["Pod"] } }] },
      undefined,
    ],
    [
      "that of one filter of all",
      { all: [{ resources: { kinds: ["Pod"] } }, { resources: labelled({ a: "1" }) }] },
      [{ key: "a", value: "1" }],
    ],
  ])("is %s", (_what, match, labels) => {
    expect(onlyLabels(match)).toEqual(labels);
  });
});
