import { describe, expect, it } from "vitest";
import type { Json, Path } from "../object/index.ts";
import { removePaths } from "./removal.ts";

const LIVE: Json = { a: { b: [1, 2, 3], c: { d: 1 } }, e: { f: 1 } };

describe("removing paths", () => {
  it.each<[string, Path[], string[]]>([
    ["drops what lies below another one", [["a"], ["a", "c"]], ["/a"]],
    [
      "takes later list elements first",
      [
        ["a", "b", 0],
        ["a", "b", 2],
      ],
      ["/a/b/2", "/a/b/0"],
    ],
    ["takes a container that becomes empty with it", [["e", "f"]], ["/e"]],
    [
      "takes all containers that become empty",
      [
        ["a", "c", "d"],
        ["a", "b"],
      ],
      ["/a"],
    ],
    ["takes nothing when nothing is named", [], []],
  ])("%s", (_name, paths, expected) => {
    expect(removePaths(LIVE, paths, () => false).map(({ path }) => path)).toEqual(expected);
  });

  it("leaves an empty container that is desired", () => {
    expect(removePaths(LIVE, [["e", "f"]], (path) => path[0] === "e").map(({ path }) => path)).toEqual(["/e/f"]);
  });
});
