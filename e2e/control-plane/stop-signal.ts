/** Ctrl-C, and the other ways to ask a program to end. */
import { once } from "node:events";
import { constants } from "node:os";

export const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export type StopSignal = (typeof stopSignals)[number];

/**
 * Resolves with the first one; a second one, be it another, ends the process at once. So does the first one when nobody has
 * called this yet, so call it when there is something to stop in order: what must not remain is in the death pact.
 */
export async function stopSignal(): Promise<StopSignal> {
  const rest = new AbortController();
  const all = stopSignals.map((name) => once(process, name, { signal: rest.signal }).then(() => name));
  return await Promise.race(all).finally(() => rest.abort());
}

/** As a shell shows a process that the signal has ended. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}
