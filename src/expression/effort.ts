/** What comparing two values may cost: both may hold what anybody wrote, and long ones are compared piece by piece. */

import { Fault } from "./jmespath/index.ts";
import { hasWildcard } from "./wildcard.ts";

/** About one per text that is looked at, or per 64 characters that are compared. */
const MOST_STEPS = 2_000_000;

export class Effort {
  #steps = 0;

  /** Throws a Fault when it is too much. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MOST_STEPS) throw new Fault(`takes more than ${MOST_STEPS} steps; compare with less`);
  }

  /** A wildcard may look at the text from each of its characters on. */
  match(pattern: string, text: string): void {
    const most = hasWildcard(pattern) ? pattern.length * text.length : Math.min(pattern.length, text.length);
    this.spend(Math.ceil((1 + most) / 64));
  }
}
