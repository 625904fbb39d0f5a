/**
 * Asks claims' questions again when something that they are about has changed. Only another answer makes a claim be planned
 * again; what changes all the time is looked at once a second.
 */

import { type ClaimKey, type Dependency, isAnsweredOtherwise } from "../state/index.ts";
import type { ObservedWorld } from "./observed-world.ts";

export type AnswerChecksOptions = {
  world: ObservedWorld;
  onOtherAnswer(claim: ClaimKey): void;
};

/** Milliseconds. */
const REST = 1_000;

export class AnswerChecks {
  readonly #options: AnswerChecksOptions;
  /** Those that were checked within the last second, and whether something has changed since. */
  readonly #resting = new Map<Dependency, boolean>();

  constructor(options: AnswerChecksOptions) {
    this.#options = options;
  }

  onChange(answer: Dependency): void {
    if (this.#options.world.claims.dependents(answer).size === 0) return;
    if (this.#resting.has(answer)) this.#resting.set(answer, true);
    else this.#check(answer);
  }

  #check(answer: Dependency): void {
    const { world, onOtherAnswer } = this.#options;
    this.#resting.set(answer, false);
    setTimeout(() => this.#wake(answer), REST).unref();
    for (const claim of world.claims.dependents(answer)) {
      const looks = world.claims.looksOf(claim).filter(({ dependency }) => dependency === answer);
      if (looks.some((look) => isAnsweredOtherwise(world, look))) onOtherAnswer(claim);
    }
  }

  #wake(answer: Dependency): void {
    const isChanged = this.#resting.get(answer) === true;
    this.#resting.delete(answer);
    if (isChanged) this.#check(answer);
  }
}
