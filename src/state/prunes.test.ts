import { expect, it } from "vitest";
import { keyOf, type ObjectRef } from "../object/index.ts";
import { type ClaimKey, claimKey } from "./claim-key.ts";
import { createPrunes } from "./prunes.ts";

const POLICY: ObjectRef = { group: "perennial.dev", kind: "ClusterPolicy", namespace: "", name: "base" };
const KEY = keyOf(POLICY);

function claim(trigger: string, policy = POLICY): ClaimKey {
  return claimKey({ policy, rule: "r", trigger: { group: "", kind: "Namespace", namespace: "", name: trigger } });
}

function map(name: string): ObjectRef {
  return { group: "", kind: "ConfigMap", namespace: "vault", name };
}

function gathered(...names: string[]) {
  const prunes = createPrunes();
  for (const name of names) prunes.note(claim(name), [map(name)]);
  return prunes;
}

it("nothing may be deleted before it was decided on", () => {
  expect(gathered("a").mayDelete(keyOf(map("a")))).toBe(false);
});

it("as many as the limit may go, and all claims that wait are told", () => {
  const prunes = gathered("a", "b");
  expect(prunes.decide(KEY, 2)).toEqual({ verdict: "delete", claims: [claim("a"), claim("b")] });
  expect(["a", "b"].map((name) => prunes.mayDelete(keyOf(map(name))))).toEqual([true, true]);
  expect(prunes.heldOf(KEY)).toEqual([]);
});

it("of more than the limit none may go, also not what might have gone before", () => {
  const prunes = gathered("a", "b");
  prunes.decide(KEY, 2);
  prunes.note(claim("c"), [map("c")]);
  expect(prunes.decide(KEY, 2).verdict).toBe("hold");
  expect(["a", "b", "c"].some((name) => prunes.mayDelete(keyOf(map(name))))).toBe(false);
  expect(prunes.heldOf(KEY)).toEqual([map("a"), map("b"), map("c")]);
});

it("what is wanted again counts no more, and the rest may go", () => {
  const prunes = gathered("a", "b", "c");
  prunes.decide(KEY, 2);
  expect(prunes.note(claim("c"), [])).toBe(true);
  expect(prunes.decide(KEY, 2).verdict).toBe("delete");
});

it("what was approved and is wanted again has to be decided on anew", () => {
  const prunes = gathered("a");
  prunes.decide(KEY, 1);
  prunes.note(claim("a"), []);
  prunes.note(claim("a"), [map("a")]);
  expect(prunes.mayDelete(keyOf(map("a")))).toBe(false);
});

it("the same again is nothing new, in whatever order", () => {
  const prunes = createPrunes();
  prunes.note(claim("a"), [map("x"), map("y")]);
  expect(prunes.note(claim("a"), [map("y"), map("x")])).toBe(false);
  expect(prunes.note(claim("b"), [])).toBe(false);
});

it("each policy has a limit of its own", () => {
  const prunes = gathered("a", "b");
  const other = { ...POLICY, name: "other" };
  prunes.note(claim("a", other), [map("z")]);
  expect([prunes.decide(KEY, 1).verdict, prunes.decide(keyOf(other), 1).verdict]).toEqual(["hold", "delete"]);
});

it("a policy that is gone is forgotten", () => {
  const prunes = gathered("a", "b");
  prunes.decide(KEY, 1);
  prunes.forget(KEY);
  expect([prunes.heldOf(KEY), prunes.countOf(KEY)]).toEqual([[], 0]);
});
