/** Moments at which what is made once may be made: of all that a claim wants, or of what comes of one source. */

import { keyOf, type ObjectKey } from "../object/index.ts";
import type { DesiredTarget } from "../rule/index.ts";
import type { ClaimKey } from "./claim-key.ts";

/** `settled`: targets that were there, made or left alone, and are not made again. */
type Moment = { all: boolean; sources: Map<ObjectKey, ReadonlySet<ObjectKey>>; settled: ReadonlySet<ObjectKey> };

/** A target, as far as its moment depends on it. */
type Made = Pick<DesiredTarget, "ref" | "source">;

const NONE: ReadonlySet<ObjectKey> = new Set();

/** The claims whose moment has come and is not over. */
export class OpenMoments {
  readonly #open = new Map<ClaimKey, Moment>();

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<ClaimKey> {
    return this.#open.keys();
  }

  values(): IteratorObject<ClaimKey> {
    return this.#open.keys();
  }

  has(claim: ClaimKey): boolean {
    return this.#open.has(claim);
  }

  /** Whether the moment that is open is one for this target. */
  allows(claim: ClaimKey, { ref, source }: Made): boolean {
    const moment = this.#open.get(claim);
    if (moment === undefined) return false;
    const key = keyOf(ref);
    if (moment.all && !moment.settled.has(key)) return true;
    return source !== undefined && moment.sources.get(keyOf(source))?.has(key) === false;
  }

  /** Its rule or its trigger is new, or its trigger changed. */
  add(claim: ClaimKey): void {
    this.#open.set(claim, { all: true, sources: new Map(), settled: NONE });
  }

  /** A source of the claim appeared, or came to be selected: only what is copied from it may be made, and none of `settled`. */
  addSource(claim: ClaimKey, source: ObjectKey, settled: ReadonlySet<ObjectKey> = NONE): void {
    const moment = this.#open.get(claim) ?? { all: false, sources: new Map(), settled: NONE };
    moment.sources.set(source, settled);
    this.#open.set(claim, moment);
  }

  /** The claim was carried out, but for something that still waits: these are there. */
  settle(claim: ClaimKey, settled: ReadonlySet<ObjectKey>): void {
    const moment = this.#open.get(claim);
    if (moment === undefined) return;
    const sources = new Map([...moment.sources].map(([source, known]) => [source, known.union(settled)]));
    this.#open.set(claim, { ...moment, sources, settled: moment.settled.union(settled) });
  }

  delete(claim: ClaimKey): void {
    this.#open.delete(claim);
  }

  clear(): void {
    this.#open.clear();
  }
}
