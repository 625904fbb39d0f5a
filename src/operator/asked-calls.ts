/**
 * What rules ask while somebody waits for their answer: asked now, unless it was asked a moment ago, and once for all who ask
 * the same. However slow who is asked, nobody waits longer than he wants to.
 */

import type { Call, CallResult } from "../rule/index.ts";
import { createCallResults } from "../state/index.ts";
import { type Called, laneOf, type MakeCall } from "./caller.ts";
import { Turns } from "./turns.ts";

export interface AskedCalls {
  /** What it came to a moment ago. */
  recent(call: Call): CallResult | undefined;
  /** By the keys of the calls. What has no answer within `patience` milliseconds has failed. Never rejects. */
  ask(calls: readonly Call[], patience: number): Promise<ReadonlyMap<string, CallResult>>;
}

export type AskedCallsOptions = { make: MakeCall; onCalled(call: Call, called: Called): void };

export function createAskedCalls(options: AskedCallsOptions): AskedCalls {
  return new RunningCalls(options);
}

/** Milliseconds that an answer counts: as long as it takes an API server to ask again about the same request. */
const RECENT = 5_000;
/** The same of a failure, so that who is down is not asked for each request. */
const FAILED = 1_000;
/** At once to one host, and to the API server. */
const AT_ONCE = 8;
/** Requests at once, each of which is kept in memory. */
const MOST_WAITING = 100;

/** Bytes of all answers within the time that a request may take: who waits keeps those that he got. */
const MOST_BYTES = 64 * 1024 * 1024;
const LONGEST_REQUEST = 30_000;

const LATE: CallResult = { ok: false, message: "there was no answer in the time that a request may take" };
const BUSY: CallResult = {
  ok: false,
  message: `more than ${MOST_WAITING} requests wait for answers just now: try again`,
};

const TOO_MUCH: CallResult = {
  ok: false,
  message: `more than ${MOST_BYTES} bytes were answered within ${LONGEST_REQUEST / 1_000} s: try again`,
};

type Flight = { result: Promise<CallResult>; waiting: number; abort: AbortController };

class RunningCalls implements AskedCalls {
  readonly #options: AskedCallsOptions;
  readonly #results = createCallResults();
  readonly #flights = new Map<string, Flight>();
  readonly #turns = new Turns(AT_ONCE);
  #waiting = 0;
  #bytes = 0;

  constructor(options: AskedCallsOptions) {
    this.#options = options;
  }

  recent(call: Call): CallResult | undefined {
    return this.#results.get(call);
  }

  async ask(calls: readonly Call[], patience: number): Promise<ReadonlyMap<string, CallResult>> {
    if (this.#waiting >= MOST_WAITING) return new Map(calls.map(({ key }) => [key, BUSY]));
    this.#waiting++;
    const answers = await Promise.all(calls.map(async (call) => [call.key, await this.#wait(call, patience)] as const));
    this.#waiting--;
    return new Map(answers);
  }

  async #wait(call: Call, patience: number): Promise<CallResult> {
    const flight = this.#flights.get(call.key) ?? this.#send(call);
    flight.waiting++;
    const result = await within(patience, flight.result);
    flight.waiting--;
    if (flight.waiting === 0) this.#leave(call, flight);
    return result;
  }

  /** Nobody waits for it any more. */
  #leave({ key }: Call, flight: Flight): void {
    flight.abort.abort();
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  #send(call: Call): Flight {
    const abort = new AbortController();
    const result = this.#turns.run(laneOf(call), () => this.#sendNow(call, abort.signal));
    const flight = { result, waiting: 0, abort };
    this.#flights.set(call.key, flight);
    return flight;
  }

  async #sendNow(call: Call, signal: AbortSignal): Promise<CallResult> {
    if (signal.aborted) return LATE;
    if (this.#bytes > MOST_BYTES) return TOO_MUCH;
    const called = await this.#options.make(call, signal);
    this.#options.onCalled(call, called);
    this.#count(called);
    if (!signal.aborted) this.#keep(call, called);
    return called.result;
  }

  #count({ size }: Called): void {
    this.#bytes += size;
    setTimeout(() => {
      this.#bytes -= size;
    }, LONGEST_REQUEST).unref();
  }

  #keep(call: Call, { result, size }: Called): void {
    this.#results.set(call, result, size);
    setTimeout(() => this.#results.forget(call), result.ok ? RECENT : FAILED).unref();
  }
}

async function within(patience: number, result: Promise<CallResult>): Promise<CallResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CallResult>((resolve) => {
    timer = setTimeout(() => resolve(LATE), patience);
  });
  const first = await Promise.race([result, late]);
  clearTimeout(timer);
  return first;
}
