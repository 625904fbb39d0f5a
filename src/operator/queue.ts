/**
 * Keyed work: a key is never worked on twice at once, a thousand additions of a waiting key are one run, and a key added
 * while it is worked on runs once more. Fresh keys go before the others. A failing key waits alone.
 */

export type Priority = "fresh" | "resync";

export interface KeyedQueue<K> {
  add(key: K, priority?: Priority): void;
  /** Adds the key after a while, unless it is added before. */
  addLater(key: K, millis: number): void;
  /** How long a key that failed so many times in a row has to wait: capped and jittered. */
  retry(key: K, atLeast?: number): void;
  /** The key came to an end: its failures are forgotten. */
  forgive(key: K): void;
  readonly depth: number;
  /** Whether such a key waits for its turn, or is being worked on. */
  has(test: (key: K) => boolean): boolean;
  /** Works until `stop`; resolves when all that had begun has ended. */
  run(work: (key: K) => Promise<void>, concurrency: number): Promise<void>;
  stop(): void;
}

const FIRST_RETRY = 200;
const LONGEST_RETRY = 300_000;

export function createQueue<K>(onDepth: (depth: number) => void = () => {}): KeyedQueue<K> {
  return new TwoLevelQueue(onDepth);
}

class TwoLevelQueue<K> implements KeyedQueue<K> {
  readonly #waiting = { fresh: new Set<K>(), resync: new Set<K>() };
  readonly #working = new Set<K>();
  readonly #again = new Map<K, Priority>();
  readonly #timers = new Map<K, NodeJS.Timeout>();
  readonly #failures = new Map<K, number>();
  readonly #onDepth: (depth: number) => void;
  #wake: () => void = () => {};
  #stopped = false;

  constructor(onDepth: (depth: number) => void) {
    this.#onDepth = onDepth;
  }

  get depth(): number {
    return this.#waiting.fresh.size + this.#waiting.resync.size;
  }

  has(test: (key: K) => boolean): boolean {
    const { fresh, resync } = this.#waiting;
    return [fresh, resync, this.#working].some((keys) => keys.values().some(test));
  }

  add(key: K, priority: Priority = "resync"): void {
    this.#cancelTimer(key);
    if (this.#working.has(key)) {
      if (this.#again.get(key) !== "fresh") this.#again.set(key, priority);
      return;
    }
    if (priority === "resync" && this.#waiting.fresh.has(key)) return;
    if (priority === "fresh") this.#waiting.resync.delete(key);
    this.#waiting[priority].add(key);
    this.#onDepth(this.depth);
    this.#wake();
  }

  addLater(key: K, millis: number): void {
    this.#cancelTimer(key);
    if (this.#stopped) return;
    this.#timers.set(
      key,
      setTimeout(() => this.add(key), millis),
    );
  }

  retry(key: K, atLeast = 0): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const wait = Math.min(FIRST_RETRY * 2 ** failures, LONGEST_RETRY) * (0.5 + Math.random() / 2);
    this.addLater(key, Math.max(wait, atLeast));
  }

  forgive(key: K): void {
    this.#failures.delete(key);
  }

  async run(work: (key: K) => Promise<void>, concurrency: number): Promise<void> {
    const running = new Set<Promise<void>>();
    while (!this.#stopped) {
      const key = running.size < concurrency ? this.#take() : undefined;
      if (key === undefined) {
        await this.#changed();
        continue;
      }
      const worked: Promise<void> = this.#work(key, work).finally(() => {
        running.delete(worked);
        this.#wake();
      });
      running.add(worked);
    }
    await Promise.all(running);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#wake();
  }

  async #work(key: K, work: (key: K) => Promise<void>): Promise<void> {
    try {
      await work(key);
    } finally {
      this.#working.delete(key);
      const again = this.#again.get(key);
      this.#again.delete(key);
      if (again !== undefined) this.add(key, again);
    }
  }

  #take(): K | undefined {
    for (const keys of [this.#waiting.fresh, this.#waiting.resync]) {
      const [key] = keys;
      if (key === undefined) continue;
      keys.delete(key);
      this.#working.add(key);
      this.#onDepth(this.depth);
      return key;
    }
    return undefined;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #cancelTimer(key: K): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }
}
