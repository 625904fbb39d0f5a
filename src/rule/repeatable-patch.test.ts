import { expect, it } from "vitest";
import type { Json } from "../object/index.ts";
import { isRepeatable } from "./repeatable-patch.ts";

it.each<[what: string, patch: Json, repeatable: boolean]>([
  ["a field that is set", [{ op: "add", path: "/metadata/labels/a", value: "1" }], true],
  ["a field that is removed", [{ op: "remove", path: "/spec/nodeName" }], true],
  ["what is replaced, also in a list", [{ op: "replace", path: "/spec/containers/0/image", value: "x" }], true],
  ["a field of an element", [{ op: "add", path: "/spec/containers/0/image", value: "x" }], true],
  ["what is put at the end of a list", [{ op: "add", path: "/spec/volumes/-", value: {} }], false],
  ["what is put into a list", [{ op: "add", path: "/spec/volumes/0", value: {} }], false],
  ["the last of a list that is removed", [{ op: "remove", path: "/spec/volumes/-1" }], false],
  ["what a variable places", [{ op: "add", path: "/spec/volumes/{{ elementIndex }}", value: {} }], false],
  ["what is moved", [{ op: "move", from: "/data/a", path: "/data/b" }], false],
  [
    "one of several",
    [
      { op: "test", path: "/a", value: 1 },
      { op: "add", path: "/b/-", value: 1 },
    ],
    false,
  ],
  ["a list that a variable gives", "{{ patch }}", false],
])("%s", (_what, patch, repeatable) => expect(isRepeatable(patch)).toBe(repeatable));
