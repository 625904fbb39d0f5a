/**
 * Whether a controller of Kyverno is alive: then its policies are its business. A Lease that is renewed says so; one that was left
 * behind is believed for a while, as the clocks of two machines are not to be compared.
 */

import type { Observable, Subscription } from "rxjs";
import type { Selection } from "../cluster/index.ts";
import { isJsonObject, type JsonObject, type KubernetesObject } from "../object/index.ts";
import type { WatchSignal } from "../watch/index.ts";
import { LEASES } from "./system-resources.ts";

export type PresenceOptions = {
  reflect(selection: Selection): Observable<WatchSignal>;
  /** Why its policies are left alone from now on; undefined when nothing of it is alive. */
  onChange(suspended: string | undefined): void;
  /** Monotonic milliseconds. */
  now(): number;
  /** Milliseconds since 1970. */
  today(): number;
};

/** Of the controllers that act on policies, in whichever namespace. */
export const KYVERNO_LEASES = ["kyverno", "kyverno-health", "kyverno-background-controller"] as const;

export const UNKNOWN = "whether a controller of Kyverno is alive is not known yet";

const PATIENCE = 30_000;

/** A Lease that nobody renewed for so long, by whatever clock, was left behind. */
const LONG_AGO = 600_000;

/** Until when a Lease counts as held, in monotonic milliseconds. */
type Held = { until: number; renewed: string };

/** What is known by one watch. */
type Seen = { synced: boolean; broken: boolean; leases: Map<string, Held>; listed: Set<string> };

export class KyvernoPresence {
  readonly #options: PresenceOptions;
  readonly #subscriptions: Subscription[] = [];
  /** By the name of the Leases; those of one name are told apart by their namespace. */
  readonly #seen = new Map<string, Seen>();
  #timer: NodeJS.Timeout | undefined;
  #told: string | undefined = UNKNOWN;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  start(): void {
    for (const name of KYVERNO_LEASES)
      this.#seen.set(name, { synced: false, broken: false, leases: new Map(), listed: new Set() });
    for (const [name, seen] of this.#seen) {
      const signals = this.#options.reflect({ resource: LEASES, name });
      this.#subscriptions.push(signals.subscribe((signal) => this.#onSignal(seen, signal)));
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #onSignal(seen: Seen, signal: WatchSignal): void {
    switch (signal.type) {
      case "listing":
        seen.listed.clear();
        break;
      case "page":
        for (const lease of signal.objects) this.#see(seen, lease);
        break;
      case "synced":
        for (const namespace of seen.leases.keys()) if (!seen.listed.has(namespace)) seen.leases.delete(namespace);
        Object.assign(seen, { synced: true, broken: false });
        break;
      case "changed":
        this.#see(seen, signal.object);
        break;
      case "deleted":
        seen.leases.delete(signal.object.metadata.namespace ?? "");
        break;
      case "failed":
        seen.broken = true;
        break;
      case "recovered":
        this.#recover(seen);
        break;
    }
    this.#judge();
  }

  /** What was renewed meanwhile is about to be told. */
  #recover(seen: Seen): void {
    seen.broken = false;
    const until = this.#options.now() + PATIENCE;
    for (const [namespace, { renewed }] of seen.leases) seen.leases.set(namespace, { renewed, until });
  }

  #see({ leases, listed }: Seen, lease: KubernetesObject): void {
    const namespace = lease.metadata.namespace ?? "";
    listed.add(namespace);
    const renewed = String(specOf(lease).renewTime ?? "");
    const before = leases.get(namespace);
    if (!isHeld(lease)) leases.delete(namespace);
    else if (before === undefined && this.#isLongAgo(renewed)) leases.set(namespace, { until: 0, renewed });
    else if (before?.renewed !== renewed)
      leases.set(namespace, { until: this.#options.now() + patienceWith(lease), renewed });
  }

  #isLongAgo(renewed: string): boolean {
    return this.#options.today() - Date.parse(renewed) > LONG_AGO;
  }

  #judge(): void {
    clearTimeout(this.#timer);
    const now = this.#options.now();
    const held = [...this.#seen].flatMap(([name, { leases }]) =>
      Array.from(leases, ([namespace, { until }]) => ({ lease: `${namespace}/${name}`, until })),
    );
    const alive = held.filter(({ until }) => until > now);
    const [first] = alive;
    const isUnknown = [...this.#seen.values()].some(({ synced, broken }) => !synced || broken);
    if (first !== undefined) this.#tell(`Kyverno is alive, as Lease ${first.lease} is held`);
    else this.#tell(isUnknown ? UNKNOWN : undefined);
    if (alive.length === 0) return;
    const next = Math.min(...alive.map(({ until }) => until)) - now;
    this.#timer = setTimeout(() => this.#judge(), next + 1).unref();
  }

  #tell(suspended: string | undefined): void {
    if (this.#told === suspended) return;
    this.#told = suspended;
    this.#options.onChange(suspended);
  }
}

/** Who stops in order gives it up. */
function isHeld(lease: KubernetesObject): boolean {
  return String(specOf(lease).holderIdentity ?? "") !== "";
}

/** Milliseconds that a Lease is believed without a renewal: twice its duration, as one may be late. */
function patienceWith(lease: KubernetesObject): number {
  const { leaseDurationSeconds } = specOf(lease);
  return typeof leaseDurationSeconds === "number" ? 2_000 * leaseDurationSeconds : PATIENCE;
}

function specOf({ spec }: KubernetesObject): JsonObject {
  return isJsonObject(spec) ? spec : {};
}
