/**
 * The deep check: after a start each target that is in sync by ownership is compared once with a fresh object made by the
 * server, for what ownership cannot show. At a low rate, behind all other work, and only by who holds the Lease; targets
 * that were made or compared since the start need none. At rest it does nothing.
 */

import type { ObjectKey } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";

export type DeepCheckOptions = {
  /** Targets a second; 0: none is compared. */
  rate: number;
  /** The targets that are to be compared now, for the planner to see. */
  due: Set<ObjectKey>;
  mayAsk(): boolean;
  /** Nothing else waits to be planned. */
  isIdle(): boolean;
  plan(claim: ClaimKey): void;
  /** How many targets wait. */
  onPending(count: number): void;
  /** What the policy's status says of the check has begun, or ended. */
  onTold(policy: ObjectKey): void;
};

export type Checkable = { policy: ObjectKey; claim: ClaimKey; target: ObjectKey };

export interface DeepCheck {
  /** A target was judged in sync: for certain (`checked`), or by ownership alone. */
  note(of: Checkable, checked: boolean): void;
  /** No answer could be had now: it is asked for again later. */
  postpone(target: ObjectKey): void;
  /** A run of the claim has ended, and with it what was due for it. */
  ended(claim: ClaimKey): void;
  /** Asking may have become possible. */
  wake(): void;
  /** How many targets of a policy wait, as far as people need to know: a check that is over soon is not told. */
  pendingOf(policy: ObjectKey): number;
  stop(): void;
}

export function createDeepCheck(options: DeepCheckOptions): DeepCheck {
  return options.rate === 0 ? NO_CHECK : new PacedCheck(options);
}

const NO_CHECK: DeepCheck = {
  note: () => {},
  postpone: () => {},
  ended: () => {},
  wake: () => {},
  pendingOf: () => 0,
  stop: () => {},
};

/** Milliseconds. */
const WHILE_BUSY = 200;
const AFTER_FAILURE = 2_000;
const TOLD_AFTER = 2_000;

/** `again`: what came out of it does not count, such as a plan that was made before the target was due. */
type Waiting = Checkable & { again: boolean };

class PacedCheck implements DeepCheck {
  readonly #options: DeepCheckOptions;
  /** In the order in which they are taken; those that are due are still here. */
  readonly #waiting = new Map<ObjectKey, Waiting>();
  readonly #ofPolicy = new Map<ObjectKey, number>();
  #timer: NodeJS.Timeout | undefined;
  /** When the first of those that wait was taken; undefined while none waits. */
  #since: number | undefined;
  #told = false;
  #stopped = false;

  constructor(options: DeepCheckOptions) {
    this.#options = options;
  }

  note(of: Checkable, checked: boolean): void {
    const known = this.#waiting.get(of.target);
    if (checked) {
      if (known !== undefined) this.#remove(known);
    } else if (known === undefined) {
      this.#waiting.set(of.target, { ...of, again: false });
      this.#count(of.policy, 1);
      this.#schedule(WHILE_BUSY);
    } else {
      known.again = true;
    }
  }

  postpone(target: ObjectKey): void {
    const known = this.#waiting.get(target);
    if (known === undefined) return;
    known.again = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule(AFTER_FAILURE);
  }

  ended(claim: ClaimKey): void {
    for (const target of this.#options.due) {
      const known = this.#waiting.get(target);
      if (known !== undefined && known.claim !== claim) continue;
      this.#options.due.delete(target);
      if (known?.again === true) this.#moveToEnd(known);
      else if (known !== undefined) this.#remove(known);
    }
  }

  wake(): void {
    if (this.#waiting.size > 0) this.#schedule(WHILE_BUSY);
  }

  pendingOf(policy: ObjectKey): number {
    return this.#told ? (this.#ofPolicy.get(policy) ?? 0) : 0;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #moveToEnd(waiting: Waiting): void {
    this.#waiting.delete(waiting.target);
    this.#waiting.set(waiting.target, { ...waiting, again: false });
  }

  #remove({ target, policy }: Waiting): void {
    this.#waiting.delete(target);
    this.#options.due.delete(target);
    this.#count(policy, -1);
  }

  #count(policy: ObjectKey, change: 1 | -1): void {
    const count = (this.#ofPolicy.get(policy) ?? 0) + change;
    if (count > 0) this.#ofPolicy.set(policy, count);
    else this.#ofPolicy.delete(policy);
    this.#options.onPending(this.#waiting.size);
    if (count === 0 && this.#told) this.#options.onTold(policy);
    if (this.#waiting.size > 0) return;
    this.#since = undefined;
    this.#told = false;
  }

  #schedule(millis: number): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#next(), millis).unref();
  }

  #next(): void {
    this.#timer = undefined;
    const { mayAsk, isIdle, rate, due, plan } = this.#options;
    if (!mayAsk()) return; // woken when that changes
    if (!isIdle()) return this.#schedule(WHILE_BUSY);
    const next = this.#waiting.values().find(({ target }) => !due.has(target));
    if (next === undefined) return;
    next.again = false;
    due.add(next.target);
    plan(next.claim);
    this.#tell();
    this.#schedule(1_000 / rate);
  }

  #tell(): void {
    const now = performance.now();
    this.#since ??= now;
    if (this.#told || now - this.#since < TOLD_AFTER) return;
    this.#told = true;
    for (const policy of this.#ofPolicy.keys()) this.#options.onTold(policy);
  }
}
