import { describe, expect, it } from "vitest";
import type { PolicyStatus } from "../policy/index.ts";
import { isSameStatus, type PolicyFigures, statusOf } from "./status.ts";

const NOW = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-01T00:01:00.000Z";
const QUIET: PolicyFigures = {
  generation: 3,
  issues: [],
  blocked: [],
  notes: [],
  awaited: 0,
  ready: true,
  triggers: 5,
  rules: [{ name: "r", type: "Generate", triggers: 5, desired: 5, inSync: 5, failed: 0 }],
  failures: [],
  drifts: [],
  corrected: 2,
  deepCheckPending: 0,
};
const FAILURE = { rule: "r", reason: "Rejected" as const, message: "exceeded quota", time: NOW };

function conditions(figures: Partial<PolicyFigures>): { [type: string]: string } {
  const status = statusOf({ ...QUIET, ...figures }, undefined, NOW);
  return Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: value, reason }) => [type, `${value} ${reason}`]),
  );
}

describe("the status of a policy", () => {
  it("counts, and says for which generation", () => {
    expect(statusOf(QUIET, undefined, NOW)).toMatchObject({
      mode: "Correct",
      observedGeneration: 3,
      summary: { triggers: 5, desired: 5, inSync: 5, corrected: 2, ratio: "5/5" },
    });
  });

  it.each<[string, Partial<PolicyFigures>, { [type: string]: string }]>([
    [
      "all is well",
      {},
      {
        Ready: "True Planned",
        InSync: "True AllInSync",
        Reconciling: "False Planned",
        Stalled: "False Progressing",
        PermissionsGranted: "True Granted",
      },
    ],
    [
      "it is being planned",
      { awaited: 2 },
      { Ready: "False Planning", InSync: "Unknown Planning", Reconciling: "True Planning" },
    ],
    ["its watches start", { ready: false }, { Ready: "False Planning", Reconciling: "True Planning" }],
    [
      "it is invalid",
      { issues: [{ code: "InvalidKind", path: "spec", message: "m" }] },
      { Ready: "False InvalidPolicy", Stalled: "True InvalidPolicy", Reconciling: "False Planned" },
    ],
    [
      "it uses what is not served",
      { issues: [{ code: "UnsupportedField", path: "spec", message: "m" }] },
      { Ready: "False UnsupportedField" },
    ],
    [
      "a tenant's quota is exhausted",
      { failures: [FAILURE] },
      { Ready: "True Planned", InSync: "False Rejected", Stalled: "False Progressing" },
    ],
    [
      "a permission is missing for a watch",
      { blocked: [{ reason: "PermissionMissing", message: "m" }], ready: false },
      { Ready: "False PermissionMissing", PermissionsGranted: "False PermissionMissing" },
    ],
    [
      "a permission is missing for a write",
      { failures: [{ ...FAILURE, reason: "PermissionMissing" as const }] },
      { PermissionsGranted: "False PermissionMissing", InSync: "False PermissionMissing" },
    ],
    [
      "a kind is not served",
      { blocked: [{ reason: "KindUnknown", message: "m" }], ready: false },
      { Ready: "False KindUnknown" },
    ],
  ])("has the conditions for: %s", (_name, figures, expected) => {
    expect(conditions(figures)).toMatchObject(expected);
  });

  it("keeps the time of a condition that did not turn, and takes a new one for one that did", () => {
    const before = statusOf(QUIET, undefined, NOW);
    const after = statusOf({ ...QUIET, failures: [FAILURE] }, before, LATER);
    const time = (status: PolicyStatus, type: string) =>
      status.conditions?.find((found) => found.type === type)?.lastTransitionTime;
    expect(time(after, "Ready")).toBe(NOW);
    expect(time(after, "InSync")).toBe(LATER);
  });

  it("never grows: ten examples, and messages of bounded length", () => {
    const failures = Array.from({ length: 50 }, () => ({ ...FAILURE, message: "x".repeat(100_000) }));
    const status = statusOf({ ...QUIET, failures }, undefined, NOW);
    expect(status.failures).toHaveLength(10);
    expect(JSON.stringify(status).length).toBeLessThan(64 * 1024);
  });

  it("is written again only when it says something new", () => {
    const status = statusOf({ ...QUIET, failures: [FAILURE] }, undefined, NOW);
    expect(isSameStatus(undefined, status)).toBe(false);
    expect(isSameStatus(status, statusOf({ ...QUIET, failures: [{ ...FAILURE, time: LATER }] }, status, LATER))).toBe(
      true,
    );
    expect(isSameStatus(status, statusOf(QUIET, status, LATER))).toBe(false);
  });

  it("tells how many targets wait for the deep check, and is news only when that begins and ends", () => {
    const [none, many, few] = [0, 700, 20].map((deepCheckPending) =>
      statusOf({ ...QUIET, deepCheckPending }, undefined, NOW),
    );
    if (none === undefined || many === undefined || few === undefined) throw new Error("three were made");
    expect(many.summary?.deepCheckPending).toBe(700);
    expect(none.summary).not.toHaveProperty("deepCheckPending");
    expect(isSameStatus(none, many)).toBe(false);
    expect(isSameStatus(many, few)).toBe(true);
    expect(isSameStatus(few, none)).toBe(false);
  });
});
