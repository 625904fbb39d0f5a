/** The room of the changes that wait: each holds whole objects, and a rule that fails keeps its changes as long as it fails. */

import type { ObjectKey } from "../object/index.ts";
import type { SeenChange } from "../state/index.ts";

export type Room = { changes: number; bytes: number };

/** The bytes are estimated. */
export const ROOM: Room = { changes: 10_000, bytes: 64 * 2 ** 20 };

/** A policy holds no more than this part of what is still free: alone a fifth of all, and whoever holds little finds room. */
const PART = 1 / 4;

const NOTHING: Room = { changes: 0, bytes: 0 };

export class ChangeRoom {
  #free: Room;
  readonly #held = new Map<ObjectKey, Room>();
  readonly #entered = new Map<SeenChange, { policy: ObjectKey; bytes: number }>();

  constructor(room: Room = ROOM) {
    this.#free = room;
  }

  /** False where the policy holds its part already: nothing has changed then. */
  enter(policy: ObjectKey, change: SeenChange): boolean {
    const held = this.#held.get(policy) ?? NOTHING;
    if (held.changes + 1 > this.#free.changes * PART) return false; // before anything is weighed
    const bytes = weightOf(change);
    if (held.bytes + bytes > this.#free.bytes * PART) return false;
    this.#entered.set(change, { policy, bytes });
    this.#move(policy, { changes: 1, bytes });
    return true;
  }

  leave(change: SeenChange): void {
    const entered = this.#entered.get(change);
    if (entered === undefined) return;
    this.#entered.delete(change);
    this.#move(entered.policy, { changes: -1, bytes: -entered.bytes });
  }

  #move(policy: ObjectKey, { changes, bytes }: Room): void {
    const held = this.#held.get(policy) ?? NOTHING;
    const now = { changes: held.changes + changes, bytes: held.bytes + bytes };
    if (now.changes === 0) this.#held.delete(policy);
    else this.#held.set(policy, now);
    this.#free = { changes: this.#free.changes - changes, bytes: this.#free.bytes - bytes };
  }
}

/** What it takes to hold any value, and the name of a field. */
const CELL = 32;

/** Roughly what it takes in memory, rather too much: what two changes share counts twice. A request holds its objects. */
function weightOf({ trigger, oldObject, request }: SeenChange): number {
  const left: unknown[] = request === undefined ? [trigger, oldObject] : [request];
  let bytes = 0;
  while (left.length > 0) {
    const value = left.pop();
    bytes += CELL + (typeof value === "string" ? value.length : 0);
    if (typeof value !== "object" || value === null) continue;
    for (const [name, part] of Object.entries(value)) {
      bytes += Array.isArray(value) ? 0 : CELL + name.length;
      left.push(part);
    }
  }
  return bytes;
}
