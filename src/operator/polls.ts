/**
 * What rules ask and no watch answers: asked when a claim needs it, again and again as long as one does, and once for all
 * that ask the same. A plan never waits: until there is an answer its claim is held.
 */

import type { Call } from "../rule/index.ts";
import type { CallResults, ClaimKey } from "../state/index.ts";
import { type Called, laneOf, type MakeCall } from "./caller.ts";
import { Turns } from "./turns.ts";

export interface Polls {
  /** All that the claim needs from now on; nothing: it needs none any more. */
  need(claim: ClaimKey, calls: readonly Call[]): void;
  /** Asks what waited until it might be asked. */
  wake(): void;
  stop(): void;
}

export type PollsOptions = {
  /** Where the answers go. */
  results: CallResults;
  make: MakeCall;
  /** Milliseconds. */
  interval: number;
  /** False: somebody else is in charge. */
  mayAsk(): boolean;
  /** There is an answer, perhaps the same as before, to what these claims asked, who wait for no other. */
  onAnswered(call: Call, claims: readonly ClaimKey[]): void;
  onCalled(call: Call, called: Called): void;
};

export function createPolls(options: PollsOptions): Polls {
  return new RunningPolls(options);
}

type Poll = { call: Call; claims: Set<ClaimKey>; failures: number; timer?: NodeJS.Timeout; isDue: boolean };

/** At once to one host, and to the API server. */
const AT_ONCE = 8;
/** What fails is asked again sooner, then ever later, up to the interval. */
const FIRST_RETRY = 1_000;

class RunningPolls implements Polls {
  readonly #options: PollsOptions;
  readonly #polls = new Map<string, Poll>();
  readonly #needs = new Map<ClaimKey, readonly Call[]>();
  readonly #turns = new Turns(AT_ONCE);
  readonly #stopping = new AbortController();

  constructor(options: PollsOptions) {
    this.#options = options;
  }

  need(claim: ClaimKey, calls: readonly Call[]): void {
    const before = this.#needs.get(claim);
    if (before === undefined && calls.length === 0) return;
    if (calls.length === 0) this.#needs.delete(claim);
    else this.#needs.set(claim, calls);
    for (const call of calls) this.#want(call, claim);
    const wanted = new Set(calls.map(({ key }) => key));
    for (const { key } of before ?? []) if (!wanted.has(key)) this.#forget(key, claim);
  }

  wake(): void {
    for (const poll of this.#polls.values()) if (poll.isDue) this.#ask(poll);
  }

  stop(): void {
    this.#stopping.abort();
    for (const { timer } of this.#polls.values()) clearTimeout(timer);
  }

  #want(call: Call, claim: ClaimKey): void {
    const known = this.#polls.get(call.key);
    if (known !== undefined) {
      known.claims.add(claim);
      return;
    }
    const poll: Poll = { call, claims: new Set([claim]), failures: 0, isDue: false };
    this.#polls.set(call.key, poll);
    this.#ask(poll);
  }

  #forget(key: string, claim: ClaimKey): void {
    const poll = this.#polls.get(key);
    poll?.claims.delete(claim);
    if (poll === undefined || poll.claims.size > 0) return;
    clearTimeout(poll.timer);
    this.#polls.delete(key);
    this.#options.results.forget(poll.call);
  }

  #ask(poll: Poll): void {
    poll.isDue = !this.#options.mayAsk();
    if (poll.isDue || this.#stopping.signal.aborted) return;
    void this.#turns.run(laneOf(poll.call), () => this.#askNow(poll));
  }

  async #askNow(poll: Poll): Promise<void> {
    if (!this.#isNeeded(poll)) return;
    const { make, results, onAnswered, onCalled } = this.#options;
    const { call } = poll;
    const called = await make(call, this.#stopping.signal);
    if (!this.#isNeeded(poll)) return;
    onCalled(call, called);
    results.set(call, called.result, called.size);
    poll.failures = called.result.ok ? 0 : poll.failures + 1;
    poll.timer = setTimeout(() => this.#ask(poll), this.#wait(poll)).unref();
    const claims = [...poll.claims].filter((claim) => this.#isAnswered(claim));
    if (claims.length > 0) onAnswered(call, claims);
  }

  /** Until all that it asks is answered, to plan a claim again would only find it held. */
  #isAnswered(claim: ClaimKey): boolean {
    const { results } = this.#options;
    return this.#needs.get(claim)?.every((call) => results.get(call) !== undefined) === true;
  }

  #isNeeded(poll: Poll): boolean {
    return !this.#stopping.signal.aborted && this.#polls.get(poll.call.key) === poll;
  }

  /** Spread, so that not all are asked at once for ever. */
  #wait({ failures }: Poll): number {
    const { interval } = this.#options;
    const wait = failures === 0 ? interval : Math.min(FIRST_RETRY * 2 ** (failures - 1), interval);
    return wait * (0.9 + Math.random() / 5);
  }
}
