/** Who was about to change or delete objects of ours, for a short time: a drift that follows tells it. */

import type { ObjectKey } from "../object/index.ts";

/** Milliseconds. A correction takes a few of them; what is remembered for longer says less and less. */
const KEPT = 60_000;
/** Objects at most. */
const MOST = 1_000;

export class RecordedUsers {
  /** The oldest first. */
  readonly #users = new Map<ObjectKey, { user: string; at: number }>();

  get size(): number {
    return this.#users.size;
  }

  /** `at`: milliseconds of a clock that only goes forward. The last one counts. */
  note(target: ObjectKey, user: string, at: number): void {
    this.#users.delete(target);
    this.#users.set(target, { user, at });
    for (const [oldest, known] of this.#users) {
      if (this.#users.size <= MOST && known.at + KEPT >= at) return;
      this.#users.delete(oldest);
    }
  }

  /** Told once. */
  take(target: ObjectKey, now: number): string | undefined {
    const found = this.#users.get(target);
    this.#users.delete(target);
    return found === undefined || found.at + KEPT < now ? undefined : found.user;
  }
}
