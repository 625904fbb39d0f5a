/**
 * List and watch of one resource, for ever.
 *
 * Guarantees: each stored object is reported at least once by a page or an event; after `synced` the union of pages and
 * events is the stored state up to that resourceVersion; a lost connection is resumed from the last event or bookmark,
 * and a resourceVersion that is too old, or that the server says nothing to, leads to a new list. Failures are signals, the stream never errors.
 * Assumptions: the server sends bookmarks about once a minute, so a watch that is silent for three is dead.
 */

import { setTimeout as delay } from "node:timers/promises";
import { Observable, type Subscriber } from "rxjs";
import {
  type ApiFailure,
  type ClusterClient,
  listPage,
  openWatch,
  type Selection,
  type WatchEvent,
} from "../cluster/index.ts";
import type { WatchSignal } from "./signal.ts";

export type ReflectorOptions = {
  /** A watch without events and bookmarks for this long is opened again, in milliseconds. */
  silence: number;
  /** The first and the longest wait after a failure, in milliseconds. */
  backoff: { first: number; most: number };
};

export const REFLECTOR_DEFAULTS: ReflectorOptions = { silence: 180_000, backoff: { first: 100, most: 3_000 } };

export function reflect(
  client: ClusterClient,
  selection: Selection,
  options: ReflectorOptions = REFLECTOR_DEFAULTS,
): Observable<WatchSignal> {
  return new Observable((subscriber) => {
    const abort = new AbortController();
    new Reflector(client, selection, options, subscriber, abort.signal).run().catch((error) => subscriber.error(error));
    return () => abort.abort();
  });
}

/** Where to go on: with a new list, or with a watch from here. */
type Position = { resourceVersion: string } | undefined;

class Reflector {
  readonly #client: ClusterClient;
  readonly #selection: Selection;
  readonly #options: ReflectorOptions;
  readonly #out: Subscriber<WatchSignal>;
  readonly #signal: AbortSignal;
  #position: Position;
  #failures = 0;
  /** The last list or watch was refused, and said so. */
  #isRefused = false;
  /** How often in a row a watch had to begin with a new list. */
  #expiries = 0;
  /** Milliseconds, from the last refusal's Retry-After. */
  #askedToWait = 0;

  constructor(
    client: ClusterClient,
    selection: Selection,
    options: ReflectorOptions,
    out: Subscriber<WatchSignal>,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#selection = selection;
    this.#options = options;
    this.#out = out;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const went = this.#position === undefined ? await this.#list() : await this.#watch(this.#position);
      this.#failures = went ? 0 : this.#failures + 1;
      if (!went) await delay(this.#waiting(), undefined, { signal: this.#signal }).catch(() => {});
    }
  }

  async #list(): Promise<boolean> {
    let token = "";
    this.#out.next({ type: "listing" });
    do {
      const page = await listPage(this.#client, this.#selection, token);
      if (this.#signal.aborted) return true;
      if (!page.ok) return this.#failed(page.failure);
      if (page.objects.length > 0) this.#out.next({ type: "page", objects: page.objects });
      token = page.continue;
      if (token === "") this.#position = { resourceVersion: page.resourceVersion };
    } while (token !== "");
    this.#askedToWait = 0;
    this.#isRefused = false;
    this.#out.next({ type: "synced", resourceVersion: this.#position?.resourceVersion ?? "" });
    return true;
  }

  /** One connection, until it ends. True when it was of use, so that the next one may follow at once. */
  async #watch(from: { resourceVersion: string }): Promise<boolean> {
    const connection = new AbortController();
    const stop = (): void => connection.abort();
    this.#signal.addEventListener("abort", stop, { once: true });
    const silence = new SilenceTimer(this.#options.silence, stop);
    try {
      const timeoutSeconds = 300 + Math.floor(Math.random() * 300); // spread, so that watches do not end together
      const opened = await openWatch(this.#client, this.#selection, { ...from, timeoutSeconds }, connection.signal);
      if (!opened.ok && silence.fired) return this.#fellSilent(false);
      if (!opened.ok) return this.#refused(opened.failure.status, () => this.#failed(opened.failure));
      this.#recovered();
      return await this.#follow(opened.events, silence);
    } finally {
      silence.stop();
      connection.abort();
      this.#signal.removeEventListener("abort", stop);
    }
  }

  async #follow(events: AsyncIterable<WatchEvent>, silence: SilenceTimer): Promise<boolean> {
    let seen = false;
    try {
      for await (const event of events) {
        if (this.#signal.aborted) return true;
        silence.restart();
        if (event.type === "ERROR") return this.#refused(event.object.code ?? 0, () => this.#reopen("failed"));
        seen = true;
        this.#emit(event);
      }
      this.#reopen("ended");
      return seen;
    } catch {
      if (this.#signal.aborted) return true;
      if (silence.fired) return this.#fellSilent(seen);
      this.#reopen("failed"); // a reset or a cut line: go on from the last event
      return seen;
    }
  }

  /**
   * A watch that never said anything is not resumed: to a server that went back to before our resourceVersion (etcd was
   * restored) it is a watch of the future, which is neither refused nor given anything [tried].
   */
  #fellSilent(seen: boolean): true {
    if (!seen) this.#position = undefined;
    this.#reopen("silent");
    return true;
  }

  #recovered(): void {
    this.#askedToWait = 0;
    if (this.#isRefused) this.#out.next({ type: "recovered" });
    this.#isRefused = false;
  }

  #emit(event: Exclude<WatchEvent, { type: "ERROR" }>): void {
    const { resourceVersion } = event.object.metadata;
    if (resourceVersion === undefined || resourceVersion === "") throw new Error("an event without a resourceVersion");
    if (event.type === "BOOKMARK") this.#out.next({ type: "bookmark", resourceVersion });
    else if (event.type === "DELETED") this.#out.next({ type: "deleted", object: event.object });
    else if (CHANGES.has(event.type)) this.#out.next({ type: "changed", object: event.object });
    else throw new Error(`an event of type ${event.type}`);
    this.#position = { resourceVersion };
    this.#expiries = 0;
  }

  /** 410: the resourceVersion is too old. 504 "too large resource version": etcd went back. Both need a list. */
  #refused(status: number, tell: () => void): boolean {
    const expired = status === 410 || status === 504;
    if (expired || status === 404) this.#position = undefined;
    if (expired) this.#reopen("expired");
    else tell();
    // the first time that is ordinary; a server that says so every time is given time
    this.#expiries += expired ? 1 : 0;
    return status === 410 && this.#expiries === 1;
  }

  #failed(failure: ApiFailure): false {
    this.#askedToWait = failure.retryAfter ?? 0;
    this.#isRefused = true;
    this.#out.next({ type: "failed", failure });
    return false;
  }

  #reopen(because: "ended" | "failed" | "silent" | "expired"): void {
    this.#out.next({ type: "reopened", because });
  }

  #waiting(): number {
    const { first, most } = this.#options.backoff;
    const failures = Math.max(this.#failures, this.#expiries);
    const wait = Math.min(first * 2 ** Math.min(failures - 1, 16), most) * (0.5 + Math.random() / 2);
    return Math.max(wait, this.#askedToWait);
  }
}

/** What came over the wire may be anything. */
const CHANGES: ReadonlySet<string> = new Set(["ADDED", "MODIFIED"]);

class SilenceTimer {
  readonly #millis: number;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout;
  fired = false;

  constructor(millis: number, onSilence: () => void) {
    this.#millis = millis;
    this.#onSilence = onSilence;
    this.#timer = setTimeout(() => this.#fire(), this.#millis);
  }

  restart(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #fire(): void {
    this.fired = true;
    this.#onSilence();
  }
}
