import { describe, expect, it } from "vitest";
import { keyOf, type ObjectRef } from "../object/index.ts";
import { type Repair, Repairs } from "./repairs.ts";

const TARGET: ObjectRef = { group: "", kind: "Namespace", namespace: "", name: "shop" };
const KEY = keyOf(TARGET);
const OF = { policy: keyOf({ ...TARGET, kind: "ClusterPolicy", name: "p" }), rule: "r", target: TARGET };

function recorded(act: (repairs: Repairs) => void): Repair[] {
  const done: Repair[] = [];
  act(new Repairs((repair) => done.push(repair)));
  return done;
}

describe("a drift", () => {
  it("is told once it is put right, with the time since it was first seen, though the first write came too late", () => {
    const found = recorded((repairs) => {
      repairs.noticed(KEY, 100, { paths: ["/a"], manager: "first" });
      repairs.noticed(KEY, 130, { paths: ["/a"], manager: "second" });
      repairs.corrected(KEY, 150, { paths: ["/a"], manager: "second" });
      repairs.settled(KEY, OF, 160);
      repairs.settled(KEY, OF, 170);
    });
    expect(found).toMatchObject([{ ...OF, paths: ["/a"], manager: "second", millis: 60 }]);
  });

  it("that ended by itself is not told", () => {
    const found = recorded((repairs) => {
      repairs.noticed(KEY, 100, { paths: ["/a"] });
      repairs.settled(KEY, OF, 160);
    });
    expect(found).toEqual([]);
  });
});
