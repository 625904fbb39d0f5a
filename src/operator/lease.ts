/**
 * One Lease: who holds it may write. The holder compares a monotonic clock with its deadline before each write, so a process
 * that was paused does not go on as if nothing had happened.
 */

import { setTimeout as timer } from "node:timers/promises";
import { type ClusterClient, printFailure, sendForObject } from "../cluster/index.ts";
import { isJsonObject, type JsonObject, type KubernetesObject } from "../object/index.ts";
import type { Log } from "../telemetry/index.ts";
import { SEEN_UNTIL } from "./seen-until.ts";

export const LEASE_NAME = "perennial";

export type LeaseTimes = { duration: number; renewDeadline: number; retry: number };

/** In milliseconds. */
export const LEASE_TIMES: LeaseTimes = { duration: 10_000, renewDeadline: 6_000, retry: 2_000 };

/** A renewal that hangs must leave time for another one before the deadline, and none waits behind the work of claims. */
const URGENT = { timeout: 2_000, ahead: true };

export interface Lease {
  /** True while this process may write. */
  readonly held: boolean;
  /** Why it is not held, as far as is known; of no meaning while it is. */
  readonly obstacle: string;
  /** What the one before had written there (`seenUntil`) when it was got last; undefined when there was no Lease. */
  readonly found: string | undefined;
  /** True when somebody else held it after we did, before it was got last; true as well when we never held it before. */
  readonly heldByOthers: boolean;
  /** Gets it, renews it, and gets it again when it was lost, until the signal aborts. */
  keep(signal: AbortSignal): Promise<void>;
  /** Gives it up, so that the next one need not wait. */
  release(): Promise<void>;
}

export type LeaseOptions = {
  namespace: string;
  identity: string;
  /** What is to stand on it from the next renewal on, as the annotation perennial.dev/seen-until. */
  seenUntil(): string | undefined;
  /** Told when it was got, and when it was lost. */
  onChange(held: boolean): void;
  /** The cluster's storage was put back to what it was earlier; the Lease is not held any more. */
  onWentBack(): void;
  log: Log;
  times?: LeaseTimes;
};

export function createLease(client: ClusterClient, options: LeaseOptions): Lease {
  return new StoredLease(client, options);
}

class StoredLease implements Lease {
  readonly #client: ClusterClient;
  readonly #options: LeaseOptions;
  readonly #times: LeaseTimes;
  found: string | undefined;
  heldByOthers = true;
  #wasHeld = false;
  obstacle = "the Lease was not asked for yet";
  #deadline = 0;
  #stored: KubernetesObject | undefined;
  /** The latest resourceVersion of it that was ever seen. */
  #newest = 0;
  /** The holder's record as we first saw it, and when: its clock is not compared with ours. */
  #observed = { holder: "", record: "", at: 0 };

  constructor(client: ClusterClient, options: LeaseOptions) {
    this.#client = client;
    this.#options = options;
    this.#times = options.times ?? LEASE_TIMES;
  }

  get held(): boolean {
    return performance.now() < this.#deadline;
  }

  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!(await this.#tryAcquire())) {
        await delay(this.#times.retry * (0.5 + Math.random() / 2), signal);
        continue;
      }
      this.#options.onChange(true);
      await this.#renewUntilLost(signal);
      if (!signal.aborted) this.#options.onChange(false);
    }
  }

  async release(): Promise<void> {
    if (!this.held || this.#stored === undefined) return;
    const given = { ...this.#record(), holderIdentity: "", leaseDurationSeconds: 1 };
    await this.#write(given, this.#options.seenUntil());
    this.#deadline = 0;
  }

  async #tryAcquire(): Promise<boolean> {
    const answer = await sendForObject(this.#client, { method: "GET", path: this.#path, ...URGENT });
    if (!answer.ok && answer.failure.status !== 404) {
      this.#options.log.warn({ reason: printFailure(answer.failure) }, "cannot read the Lease; trying again");
      this.obstacle = `cannot read the Lease: ${printFailure(answer.failure)}`;
      return false;
    }
    this.#stored = answer.ok ? answer.object : undefined;
    if (this.#stored !== undefined && this.#wentBack(this.#stored)) return false;
    if (this.#stored !== undefined && !this.#isExpired(this.#stored)) return false;
    this.found = this.#stored === undefined ? undefined : (this.#stored.metadata.annotations?.[SEEN_UNTIL] ?? "");
    this.heldByOthers = !this.#wasHeld || !this.#isOurs(this.#stored);
    const isHeld = await this.#write(this.#record(), this.found);
    this.#wasHeld ||= isHeld;
    return isHeld;
  }

  /** A Lease that is not there any more nobody else got meanwhile. */
  #isOurs(lease: KubernetesObject | undefined): boolean {
    return lease === undefined || specOf(lease).holderIdentity === this.#options.identity;
  }

  #isExpired(lease: KubernetesObject): boolean {
    const spec = specOf(lease);
    const holder = String(spec.holderIdentity ?? "");
    if (holder === "" || holder === this.#options.identity) return true;
    this.obstacle = "another process holds the Lease";
    const record = JSON.stringify(spec);
    if (holder !== this.#observed.holder)
      this.#options.log.info({ holder }, "another process holds the Lease; waiting until it is given up or expires");
    if (record !== this.#observed.record) this.#observed = { holder, record, at: performance.now() };
    return performance.now() - this.#observed.at > Number(spec.leaseDurationSeconds ?? 0) * 1000;
  }

  /**
   * From one try to the next, not from one answer: else a single one that hangs would cost the Lease. One that is answered when
   * the deadline has passed ends it too: meanwhile nothing was written, and who is told of the next holding makes up for that.
   */
  async #renewUntilLost(signal: AbortSignal): Promise<void> {
    let next = performance.now() + this.#times.retry;
    while (this.held) {
      await delay(Math.max(0, next - performance.now()), signal);
      if (signal.aborted) return;
      next = performance.now() + this.#times.retry;
      const deadline = this.#deadline;
      await this.#write(this.#record(), this.#options.seenUntil());
      if (performance.now() >= deadline) return;
    }
  }

  /** The deadline counts from before the request: what the server stored is at least as late. */
  async #write(spec: JsonObject, seenUntil = ""): Promise<boolean> {
    const before = performance.now();
    const { [SEEN_UNTIL]: _seen, ...others } = this.#stored?.metadata.annotations ?? {};
    const annotations = seenUntil === "" ? others : { ...others, [SEEN_UNTIL]: seenUntil };
    const metadata = { name: LEASE_NAME, namespace: this.#options.namespace, annotations };
    const resourceVersion = this.#stored?.metadata.resourceVersion;
    const body = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { ...metadata, ...(resourceVersion ? { resourceVersion } : {}) },
      spec,
    };
    const answer = await sendForObject(this.#client, {
      method: this.#stored === undefined ? "POST" : "PUT",
      path: this.#stored === undefined ? this.#collection : this.#path,
      body,
      ...URGENT,
    });
    if (!answer.ok) {
      this.#options.log.warn({ reason: printFailure(answer.failure) }, "cannot write the Lease; trying again");
      this.obstacle = `cannot write the Lease: ${printFailure(answer.failure)}`;
      if (answer.failure.status === 409) await this.#reread();
      return false;
    }
    if (this.#wentBack(answer.object)) return false;
    this.#stored = answer.object;
    this.#deadline = before + this.#times.renewDeadline;
    return true;
  }

  /** Versions grow with every write of anything, unless the storage was restored from a backup. */
  #wentBack({ metadata }: KubernetesObject): boolean {
    const version = Number(metadata.resourceVersion);
    if (!(version < this.#newest)) {
      this.#newest = version;
      return false;
    }
    this.#deadline = 0;
    this.#options.onWentBack();
    return true;
  }

  /** A lost answer leaves us with an old version of what we wrote ourselves; a foreign holder ends our time. */
  async #reread(): Promise<void> {
    const answer = await sendForObject(this.#client, { method: "GET", path: this.#path, ...URGENT });
    if (!answer.ok || this.#wentBack(answer.object)) return;
    if (specOf(answer.object).holderIdentity === this.#options.identity) this.#stored = answer.object;
    else this.#deadline = 0;
  }

  #record(): JsonObject {
    const now = new Date().toISOString().replace("Z", "000Z"); // microseconds
    const before = specOf(this.#stored);
    const mine = before.holderIdentity === this.#options.identity;
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#times.duration / 1000,
      acquireTime: mine ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: Number(before.leaseTransitions ?? 0) + (mine ? 0 : 1),
    };
  }

  get #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`;
  }

  get #path(): string {
    return `${this.#collection}/${LEASE_NAME}`;
  }
}

function specOf(lease: KubernetesObject | undefined): JsonObject {
  return isJsonObject(lease?.spec) ? lease.spec : {};
}

/** Ends early when the signal aborts, without an error. */
async function delay(millis: number, signal: AbortSignal): Promise<void> {
  await timer(millis, undefined, { signal }).catch(() => {});
}
