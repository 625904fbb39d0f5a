import { describe, expect, it } from "vitest";
import type { ObjectKey } from "../object/index.ts";
import { RecordedUsers } from "./recorded-users.ts";

const key = (name: string): ObjectKey => `/ConfigMap/shop/${name}` as ObjectKey; // of its form

describe("recorded users", () => {
  it("are told once, the last one of each object", () => {
    const users = new RecordedUsers();
    users.note(key("a"), "ann", 0);
    users.note(key("a"), "bob", 1);
    users.note(key("b"), "eve", 2);
    expect([users.take(key("a"), 3), users.take(key("a"), 3), users.take(key("b"), 3)]).toEqual([
      "bob",
      undefined,
      "eve",
    ]);
  });

  it("are forgotten after a minute", () => {
    const users = new RecordedUsers();
    users.note(key("a"), "ann", 0);
    users.note(key("b"), "ann", 30_000);
    expect(users.take(key("a"), 60_001)).toBeUndefined();
    users.note(key("a"), "ann", 30_001);
    users.note(key("c"), "ann", 90_002);
    expect(users.size).toBe(1);
  });

  it("are those of a thousand objects at most, of which the oldest go", () => {
    const users = new RecordedUsers();
    for (let i = 0; i < 1_200; i++) users.note(key(`m${i}`), "ann", i);
    expect(users.size).toBe(1_000);
    expect([users.take(key("m199"), 1_200), users.take(key("m200"), 1_200)]).toEqual([undefined, "ann"]);
  });
});
