/** Waiting for something that becomes true in its own time. */
import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  /** Milliseconds. Default 60,000. */
  readonly deadline?: number;
  /** Milliseconds between two questions. Default 50. */
  readonly interval?: number;
  /** Nobody needs the answer any more: rejects. */
  readonly signal?: AbortSignal;
}

/** Asks until the answer is true; an error counts as "not yet". At the deadline rejects; the cause is the last error. */
export async function waitUntil(
  what: string,
  isTrue: () => Promise<boolean>,
  options: WaitOptions = {},
): Promise<void> {
  const { deadline = 60_000, interval = 50, signal } = options;
  const end = performance.now() + deadline;
  for (;;) {
    const [done, error] = await isTrue().then(
      (answer) => [answer, undefined],
      (reason: unknown) => [false, reason],
    );
    if (done) return;
    if (performance.now() > end) throw new Error(`${what}: not within ${deadline / 1000} s`, { cause: error });
    await delay(interval, undefined, signal === undefined ? {} : { signal });
  }
}
