import { expect, it } from "vitest";
import type { PolicyStatus } from "../policy/index.ts";
import { kyvernoStatusOf, storedKyvernoStatus } from "./kyverno-status.ts";

const COUNTS = { validate: 0, generate: 1, mutate: 0, verifyimages: 0 };
const [EARLIER, LATER] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];

function ready(status: "True" | "False", message = "1 of 1 objects in sync", lastTransitionTime = LATER): PolicyStatus {
  return { conditions: [{ type: "Ready", status, reason: "Planned", message, lastTransitionTime }] };
}

it("has one condition, with the reason of that group, and the rules by kind", () => {
  expect(
    kyvernoStatusOf(ready("True"), { isServed: true, counts: COUNTS, notes: ["rule v is left out"] }, undefined),
  ).toEqual({
    conditions: [
      {
        ...{ type: "Ready", status: "True", reason: "Succeeded", lastTransitionTime: LATER },
        message: "1 of 1 objects in sync; rule v is left out",
      },
    ],
    rulecount: COUNTS,
  });
});

it("keeps its time while it does not turn", () => {
  const before = ready("True", "another", EARLIER);
  const status = kyvernoStatusOf(ready("True"), { isServed: true, counts: COUNTS, notes: [] }, before);
  expect(status.conditions[0]?.lastTransitionTime).toBe(EARLIER);
  const turned = kyvernoStatusOf(ready("False"), { isServed: true, counts: COUNTS, notes: [] }, before);
  expect(turned.conditions[0]).toMatchObject({ status: "False", reason: "Planned", lastTransitionTime: LATER });
});

it("is not Ready when no rule of it is served", () => {
  const status = kyvernoStatusOf(
    ready("True"),
    { isServed: false, counts: { ...COUNTS, generate: 0 }, notes: ["why"] },
    undefined,
  );
  expect(status.conditions).toMatchObject([{ status: "False", reason: "UnsupportedField", message: "why" }]);
});

it("counts of a stored status only what it writes itself", () => {
  const stored = { ...ready("True"), rulecount: COUNTS, autogen: {}, ready: true };
  expect(storedKyvernoStatus(stored)).toEqual({ ...ready("True"), rulecount: COUNTS });
});
