import { Subject } from "rxjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubernetesObject } from "../object/index.ts";
import type { WatchSignal } from "../watch/index.ts";
import { KYVERNO_LEASES, KyvernoPresence, UNKNOWN } from "./kyverno-presence.ts";

const TODAY = Date.parse("2026-01-01T00:00:00Z");

function lease(renewTime: string, spec: object = {}): KubernetesObject {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "kyverno", namespace: "kyverno" },
    spec: { holderIdentity: "kyverno-0", leaseDurationSeconds: 15, renewTime, ...spec },
  };
}

const NOW = "2026-01-01T00:00:00.000000Z";

describe("whether Kyverno is alive", () => {
  let told: (string | undefined)[];
  let signals: Map<string, Subject<WatchSignal>>;
  let presence: KyvernoPresence;

  beforeEach(() => {
    vi.useFakeTimers({ now: TODAY });
    told = [];
    signals = new Map(KYVERNO_LEASES.map((name) => [name, new Subject<WatchSignal>()]));
    presence = new KyvernoPresence({
      reflect: ({ name = "" }) => signals.get(name) ?? expect.fail(`${name} is watched`),
      onChange: (suspended) => told.push(suspended),
      now: () => Date.now(),
      today: () => Date.now(),
    });
    presence.start();
  });

  afterEach(() => {
    presence.stop();
    vi.useRealTimers();
  });

  function say(signal: WatchSignal, name: string = KYVERNO_LEASES[0]): void {
    signals.get(name)?.next(signal);
  }

  /** Each list is whole; the first one has these. */
  function list(...objects: KubernetesObject[]): void {
    for (const name of KYVERNO_LEASES) {
      say({ type: "listing" }, name);
      if (name === KYVERNO_LEASES[0]) say({ type: "page", objects }, name);
      say({ type: "synced", resourceVersion: "1" }, name);
    }
  }

  it("is not known before all lists are", () => {
    say({ type: "synced", resourceVersion: "1" });
    expect(told).toEqual([]);
  });

  it("no, when it has no Lease", () => {
    list();
    expect(told).toEqual([undefined]);
  });

  it("yes, as long as one is renewed, and no once it is not", () => {
    list(lease(NOW));
    expect(told).toEqual(["Kyverno is alive, as Lease kyverno/kyverno is held"]);
    vi.advanceTimersByTime(20_000);
    say({ type: "changed", object: lease("2026-01-01T00:00:20.000000Z") });
    vi.advanceTimersByTime(29_000);
    expect(told).toHaveLength(1);
    vi.advanceTimersByTime(2_000);
    expect(told.at(-1)).toBeUndefined();
  });

  it.each([
    ["it was given up", lease(NOW, { holderIdentity: "" })],
    ["it was left behind long ago", lease("2025-12-31T23:00:00.000000Z")],
  ])("no, when there is one and %s", (_what, object) => {
    list(object);
    expect(told).toEqual([undefined]);
  });

  it("yes again when it comes back", () => {
    list(lease("2025-12-31T23:00:00.000000Z"));
    say({ type: "changed", object: lease(NOW) });
    expect(told).toEqual([undefined, expect.stringContaining("is alive")]);
  });

  it("no, when its Lease is deleted, or is missing in a later list", () => {
    list(lease(NOW));
    say({ type: "deleted", object: lease(NOW) });
    list(lease(NOW));
    list();
    expect(told.map((text) => text === undefined)).toEqual([false, true, false, true]);
  });

  it("is not known while its Leases may not be watched; after that it has its time again", () => {
    list(lease(NOW));
    say({ type: "failed", failure: { status: 403, reason: "Forbidden", message: "", causes: [] } });
    vi.advanceTimersByTime(60_000);
    expect(told.at(-1)).toBe(UNKNOWN);
    say({ type: "recovered" });
    expect(told.at(-1)).toContain("is alive");
    vi.advanceTimersByTime(31_000);
    expect(told.at(-1)).toBeUndefined();
  });
});
