/** What the calls of rules came to when they were last made; bounded, as each answer is kept whole. */

import type { Call, CallResult } from "../rule/index.ts";

export interface CallResults {
  get(call: Call): CallResult | undefined;
  /** `size`: of the answer, in bytes. */
  set(call: Call, result: CallResult, size: number): void;
  forget(call: Call): void;
}

/** Bytes of all answers together; parsed they take several times as much. */
export const MOST_BYTES = 16 * 1024 * 1024;

export function createCallResults(most: number = MOST_BYTES): CallResults {
  return new BoundedResults(most);
}

class BoundedResults implements CallResults {
  readonly #most: number;
  readonly #results = new Map<string, { result: CallResult; size: number }>();
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get({ key }: Call): CallResult | undefined {
    return this.#results.get(key)?.result;
  }

  set(call: Call, result: CallResult, size: number): void {
    this.forget(call);
    const fits = this.#bytes + size <= this.#most;
    const kept = fits ? { result, size } : { result: { ok: false as const, message: tooMuch(this.#most) }, size: 0 };
    this.#bytes += kept.size;
    this.#results.set(call.key, kept);
  }

  forget({ key }: Call): void {
    this.#bytes -= this.#results.get(key)?.size ?? 0;
    this.#results.delete(key);
  }
}

function tooMuch(most: number): string {
  return `the answers to all calls are more than ${most / 1024 / 1024} MiB together; ask for less`;
}
