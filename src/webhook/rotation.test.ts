import { describe, expect, it } from "vitest";
import { afterStep, type Kept, NOTHING_KEPT, nextStep, type RotationOptions, type Serving } from "./rotation.ts";

const DAY = 24 * 3600 * 1000;
const NAMES = ["perennial-webhook.perennial-system.svc"];

function serving(name: string, daysLeft: number, names: readonly string[] = NAMES): Serving {
  return { certificate: name, key: `key of ${name}`, notAfter: daysLeft * DAY, names };
}

function at(more: Partial<RotationOptions> = {}): RotationOptions {
  return { now: 0, lifetime: 90 * DAY, names: NAMES, toldSince: undefined, ...more };
}

const ONE: Kept = { trusted: ["a"], current: serving("A", 89), next: undefined };
const TWO: Kept = { trusted: ["a", "b"], current: serving("A", 29), next: serving("B", 90) };

describe("what is to be done about certificates", () => {
  it.each<[string, Kept, Partial<RotationOptions>, ReturnType<typeof nextStep>]>([
    ["nothing is kept", NOTHING_KEPT, {}, "makeFirst"],
    ["what is served is young", ONE, {}, undefined],
    ["what is served has a third of its life left", { ...ONE, current: serving("A", 30) }, {}, undefined],
    ["what is served has less than a third left", { ...ONE, current: serving("A", 29.9) }, {}, "makeNext"],
    ["what is served has ended", { ...ONE, current: serving("A", -1) }, {}, "makeFirst"],
    ["we are called by another name now", ONE, { names: ["192.0.2.1"] }, "makeFirst"],
    ["the API server was not told of the next one", TWO, {}, undefined],
    ["it was told just now", TWO, { toldSince: -1_000 }, undefined],
    ["it was told a minute ago", TWO, { toldSince: -60_000 }, "serveNext"],
    ["the next one has ended itself", { ...TWO, next: serving("B", -1) }, { toldSince: -60_000 }, "makeNext"],
    [
      "lives are short, and it was told a twelfth of one ago",
      TWO,
      { lifetime: 36_000, toldSince: -3_000 },
      "serveNext",
    ],
  ])("where %s", (_case, kept, options, step) => {
    expect(nextStep(kept, at(options))).toBe(step);
  });
});

describe("a rotation", () => {
  const made = { serving: serving("C", 90), authority: "c" };

  it("begins with one of each", () => {
    expect(afterStep(NOTHING_KEPT, "makeFirst", made)).toEqual({
      trusted: ["c"],
      current: made.serving,
      next: undefined,
    });
  });

  it("has the new authority trusted before the new certificate is served", () => {
    expect(afterStep(ONE, "makeNext", made)).toEqual({ ...ONE, trusted: ["a", "c"], next: made.serving });
  });

  it("keeps the old authority trusted when the new certificate is served, as open calls may still be of the old one", () => {
    const served = afterStep(TWO, "serveNext", made);
    expect(served).toEqual({ trusted: ["a", "b"], current: TWO.next, next: undefined });
    expect(afterStep(served, "makeNext", made).trusted).toEqual(["b", "c"]);
  });

  it("never trusts less than what is served, also when a next one is made twice", () => {
    expect(afterStep(TWO, "makeNext", made).trusted).toEqual(["a", "c"]);
  });

  it("comes to rest: after each step there is another one only when time passes", () => {
    let kept = NOTHING_KEPT;
    const steps: unknown[] = [];
    for (let day = 0; day < 400; day++) {
      const now = day * DAY;
      const step = nextStep(kept, at({ now, toldSince: now - 60_000 }));
      if (step === undefined) continue;
      const next = { serving: serving(`of day ${day}`, day + 90), authority: `authority of day ${day}` };
      kept = afterStep(kept, step, next);
      steps.push([day, step]);
      expect(kept.current?.notAfter).toBeGreaterThan(now);
      expect(kept.trusted.length).toBeLessThanOrEqual(2);
    }
    expect(steps.slice(0, 4)).toEqual([
      [0, "makeFirst"],
      [61, "makeNext"],
      [62, "serveNext"],
      [122, "makeNext"],
    ]);
  });
});
