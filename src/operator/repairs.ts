/** Drifts from the moment they are seen to the moment they are put right: what a status and the metrics tell of them. */

import { type ObjectKey, type ObjectRef, refOfKey } from "../object/index.ts";
import type { Correction } from "../plan/index.ts";

export type Repair = {
  policy: ObjectKey;
  rule: string;
  target: ObjectRef;
  paths: string[];
  before?: string;
  after?: string;
  manager?: string;
  millis: number;
  time: string;
};

type Open = { since: number; correction: Correction; sent: boolean };

export class Repairs {
  readonly #open = new Map<ObjectKey, Open>();
  readonly #done: (repair: Repair) => void;

  constructor(done: (repair: Repair) => void) {
    this.#done = done;
  }

  /** A wanted target is gone. */
  deleted(target: ObjectKey, since: number): void {
    if (!this.#open.has(target))
      this.#open.set(target, { since, correction: { paths: [], after: "deleted" }, sent: false });
  }

  /** It is not as it should be, since then; put right it may be later. */
  noticed(target: ObjectKey, since: number, correction: Correction): void {
    if (!this.#open.has(target)) this.#open.set(target, { since, correction, sent: false });
  }

  /** A correcting write was answered; others may have to follow. */
  corrected(target: ObjectKey, since: number, correction: Correction): void {
    const open = this.#open.get(target);
    // what looked like a deletion was a mark taken off when the object is there to be corrected
    const told = open?.sent === true ? open.correction : correction;
    this.#open.set(target, { since: open?.since ?? since, correction: told, sent: true });
  }

  recreated(target: ObjectKey): void {
    const open = this.#open.get(target);
    if (open !== undefined) open.sent = true;
  }

  /** The target is as it should be: a drift that we ended is reported, one that ended by itself is not. */
  settled(key: ObjectKey, of: { policy: ObjectKey; rule: string; target: ObjectRef }, answeredAt: number): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    if (!open.sent) return;
    const millis = Math.max(0, Math.round(answeredAt - open.since));
    this.#done({ ...of, ...open.correction, millis, time: new Date().toISOString() });
  }

  forget(target: ObjectKey): void {
    this.#open.delete(target);
  }

  /** The namespace is not the one any more in which these drifts were seen. */
  forgetIn(namespace: string): void {
    for (const target of this.#open.keys()) if (refOfKey(target).namespace === namespace) this.#open.delete(target);
  }
}
