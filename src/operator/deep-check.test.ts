import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ObjectKey } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import { createDeepCheck, type DeepCheck } from "./deep-check.ts";

const POLICY = "perennial.dev/ClusterPolicy//base" as ObjectKey;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

type Scene = {
  check: DeepCheck;
  due: Set<ObjectKey>;
  planned: ClaimKey[];
  pending: number[];
  told: ObjectKey[];
  state: { leads: boolean; idle: boolean };
  /** So many targets, each of a claim of its own, are judged in sync by ownership. */
  judge(count: number): void;
  /** The claim of a target is planned, and the target compared for certain. */
  settle(number: number): void;
};

function scene(rate: number): Scene {
  const due = new Set<ObjectKey>();
  const planned: ClaimKey[] = [];
  const pending: number[] = [];
  const told: ObjectKey[] = [];
  const state = { leads: true, idle: true };
  const check = createDeepCheck({
    rate,
    due,
    mayAsk: () => state.leads,
    isIdle: () => state.idle,
    plan: (claim) => planned.push(claim),
    onPending: (count) => pending.push(count),
    onTold: (policy) => told.push(policy),
  });
  return {
    ...{ check, due, planned, pending, told, state },
    judge(count) {
      for (let i = 0; i < count; i++) check.note(of(i), false);
    },
    settle(number) {
      check.note(of(number), true);
      check.ended(of(number).claim);
    },
  };
}

function of(number: number) {
  return { policy: POLICY, claim: `claim-${number}` as ClaimKey, target: `target-${number}` as ObjectKey }; // as keys go
}

describe("the deep check", () => {
  it("takes one target after the other, at its rate, and then rests", () => {
    const { due, planned, pending, judge, settle } = scene(20);
    judge(3);
    vi.advanceTimersByTime(200);
    expect(planned).toEqual(["claim-0"]);
    expect([...due]).toEqual(["target-0"]);
    settle(0);
    vi.advanceTimersByTime(49);
    expect(planned).toHaveLength(1);
    vi.advanceTimersByTime(1);
    settle(1);
    vi.advanceTimersByTime(50);
    settle(2);
    expect(planned).toEqual(["claim-0", "claim-1", "claim-2"]);
    expect(pending.at(-1)).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(planned).toHaveLength(3);
  });

  it("asks for nothing at a rate of 0", () => {
    const { planned, pending, judge } = scene(0);
    judge(3);
    vi.advanceTimersByTime(60_000);
    expect(planned).toEqual([]);
    expect(pending).toEqual([]);
  });

  it("waits while other work does, and while another replica leads", () => {
    const { check, planned, state, judge } = scene(20);
    state.idle = false;
    judge(1);
    vi.advanceTimersByTime(10_000);
    expect(planned).toEqual([]);
    state.idle = true;
    state.leads = false;
    vi.advanceTimersByTime(10_000);
    expect(planned).toEqual([]);
    expect(vi.getTimerCount()).toBe(0); // it costs nothing to be ready
    state.leads = true;
    check.wake();
    vi.advanceTimersByTime(200);
    expect(planned).toEqual(["claim-0"]);
  });

  it("does not take a target that was settled meanwhile", () => {
    const { planned, judge, settle } = scene(20);
    judge(2);
    settle(0);
    vi.advanceTimersByTime(1_000);
    expect(planned).toEqual(["claim-1"]);
  });

  it("asks again later, after the others, where no answer could be had", () => {
    const { check, due, planned, judge } = scene(20);
    judge(2);
    vi.advanceTimersByTime(200);
    check.postpone(of(0).target);
    check.ended(of(0).claim);
    expect(due.size).toBe(0);
    vi.advanceTimersByTime(1_999);
    expect(planned).toEqual(["claim-0"]);
    vi.advanceTimersByTime(1_000);
    expect(planned).toEqual(["claim-0", "claim-1", "claim-0"]);
  });

  it("asks again when what came out was planned before the target was due", () => {
    const { check, due, planned, judge } = scene(20);
    judge(1);
    vi.advanceTimersByTime(200);
    check.note(of(0), false);
    check.ended(of(0).claim);
    expect(due.size).toBe(0);
    vi.advanceTimersByTime(200);
    expect(planned).toEqual(["claim-0", "claim-0"]);
  });

  it("gives a target up whose claim cannot be planned, until it can", () => {
    const { check, planned, pending, judge } = scene(20);
    judge(1);
    vi.advanceTimersByTime(200);
    check.ended(of(0).claim);
    expect(pending.at(-1)).toBe(0);
    judge(1);
    vi.advanceTimersByTime(200);
    expect(planned).toEqual(["claim-0", "claim-0"]);
  });

  it("is told when it takes longer than two seconds, and when it is over", () => {
    const { check, told, judge, settle } = scene(1);
    judge(4);
    vi.advanceTimersByTime(200);
    expect(check.pendingOf(POLICY)).toBe(0);
    settle(0);
    vi.advanceTimersByTime(1_000);
    settle(1);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([POLICY]);
    expect(check.pendingOf(POLICY)).toBe(2);
    settle(2);
    vi.advanceTimersByTime(1_000);
    settle(3);
    expect(told).toEqual([POLICY, POLICY]);
    expect(check.pendingOf(POLICY)).toBe(0);
  });

  it("is not told when it is over soon", () => {
    const { told, judge, settle } = scene(20);
    judge(10);
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(i === 0 ? 200 : 50);
      settle(i);
    }
    expect(told).toEqual([]);
  });
});
