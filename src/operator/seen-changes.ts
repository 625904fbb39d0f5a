/**
 * The changes that edge rules act on, each once and one after the other for a claim, from the event to the answer. At most once:
 * what is seen while another process may hold the Lease is that one's, and what nobody sees is lost.
 */

import { randomUUID } from "node:crypto";
import { isBeingDeleted, keyOf, type ObjectKey, type ObjectRef, refOf } from "../object/index.ts";
import { snapshotOf, whyNotSelected } from "../plan/index.ts";
import { type AskedKind, type CompiledRule, requesterOf, userOf } from "../rule/index.ts";
import { type ClaimKey, changesContent, claimKey, type ObjectChange, type SeenChange } from "../state/index.ts";
import type { Log } from "../telemetry/index.ts";
import type { RequestedChange } from "../webhook/index.ts";
import { ChangeRoom, type Room } from "./change-room.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { KeyedQueue } from "./queue.ts";

export type SeenChangesOptions = {
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  log: Log;
  /** Told of each change that is let go as too many wait, and why. */
  onLost(claim: ClaimKey, because: string): void;
  room?: Room;
};

/** Of one claim: what waits behind so many others of the same object comes too late anyway. */
const MOST_OF_CLAIM = 100;
const CLAIM_FULL = `${MOST_OF_CLAIM} earlier changes of the same object were still waiting`;
const POLICY_FULL = "the changes of this policy that were waiting took up all the room that one policy gets";

export class SeenChanges {
  readonly #options: SeenChangesOptions;
  /** `lapsed`: nobody else is known to hold the Lease, and we did last. */
  #lease: "never held" | "held" | "lapsed" = "never held";
  /** Seen while the Lease had lapsed. */
  readonly #unsure = new Set<SeenChange>();
  readonly #room: ChangeRoom;

  constructor(options: SeenChangesOptions) {
    this.#options = options;
    this.#room = new ChangeRoom(options.room);
  }

  /** `since`: whether somebody else held it since we did. */
  onLease(held: boolean, heldByOthers: boolean): void {
    if (held && heldByOthers) this.#dropUnsure();
    if (held) this.#unsure.clear();
    this.#lease = held ? "held" : "lapsed";
  }

  /** An object that may trigger an edge rule came, changed or went. */
  note(policy: ObjectRef, rule: CompiledRule, change: ObjectChange): void {
    if (this.#lease === "never held") return;
    for (const seen of changesIn(change))
      if (rule.changes?.has(seen.operation) === true) this.#take(policy, rule, seen);
  }

  /** A request was admitted that the rule may act on. What comes while another process holds the Lease is lost. */
  noteRequest(policy: ObjectRef, rule: CompiledRule, asked: AskedKind, change: RequestedChange): void {
    const { operation, trigger, oldObject, request } = change;
    if (rule.changes?.has(operation) !== true) return;
    const seen = { operation, trigger, oldObject, request };
    if (this.#lease !== "never held") return this.#take(policy, rule, seen, asked);
    const { log } = this.#options;
    log.warn(
      { policy: keyOf(policy), rule: rule.name, operation },
      "a request is lost: another process acts on changes",
    );
  }

  /** The claim has done what its first change called for, or nobody can. */
  done(key: ClaimKey): void {
    const { world, queue } = this.#options;
    const [first, ...others] = world.changes.get(key) ?? [];
    if (first === undefined) return;
    this.#room.leave(first);
    this.#unsure.delete(first);
    if (others.length === 0) world.changes.delete(key);
    else {
      world.changes.set(key, others);
      queue.add(key);
    }
  }

  /** An existing object was changed as the first change of the claim calls for. */
  noteMutated(key: ClaimKey, target: ObjectKey): void {
    this.#options.world.changes.get(key)?.[0]?.mutated?.add(target);
  }

  #take(policy: ObjectRef, rule: CompiledRule, seen: Seen, asked?: AskedKind): void {
    const { world, queue, onLost } = this.#options;
    if (!this.#isSelected(rule, seen, asked)) return;
    const key = claimKey({ policy, rule: rule.name, trigger: refOf(seen.trigger) });
    const waiting = world.changes.get(key) ?? [];
    if (waiting.length >= MOST_OF_CLAIM) return onLost(key, CLAIM_FULL);
    const change = { ...seen, id: randomUUID(), time: new Date(), mutated: new Set<ObjectKey>() };
    if (!this.#room.enter(keyOf(policy), change)) return onLost(key, POLICY_FULL);
    if (this.#lease === "lapsed") this.#unsure.add(change);
    waiting.push(change);
    world.changes.set(key, waiting);
    queue.add(key, "fresh");
  }

  /** Not while it is not known which roles decide: then it is lost. */
  #isSelected(rule: CompiledRule, { trigger, operation, request }: Seen, asked: AskedKind | undefined): boolean {
    const { world } = this.#options;
    if (asked === undefined) return whyNotSelected(world, rule, trigger, { operation }) === undefined;
    const snapshot = snapshotOf(world);
    const requester = requesterOf(userOf(request?.userInfo), () => snapshot);
    const reason = whyNotSelected(world, rule, trigger, { operation, asked, requester });
    return reason === undefined && snapshot.unknown === undefined;
  }

  /** They are for whoever held the Lease then. */
  #dropUnsure(): void {
    const { changes } = this.#options.world;
    for (const [key, waiting] of changes) {
      const kept = waiting.filter((change) => !this.#unsure.has(change));
      for (const change of waiting) if (this.#unsure.has(change)) this.#room.leave(change);
      if (kept.length === 0) changes.delete(key);
      else changes.set(key, kept);
    }
  }
}

type Seen = Pick<SeenChange, "operation" | "trigger" | "oldObject" | "request">;

/** Of an object that is on its way out only the end counts; one that was replaced unseen was deleted and created. */
function changesIn(change: ObjectChange): Seen[] {
  const { before, after } = change;
  if (after === undefined || (before !== undefined && before.metadata.uid !== after.metadata.uid))
    return [
      ...(before === undefined ? [] : [{ operation: "DELETE" as const, trigger: before, oldObject: before }]),
      ...(after === undefined ? [] : changesIn({ before: undefined, after })),
    ];
  if (isBeingDeleted(after) || !changesContent(change)) return [];
  const operation = before === undefined ? "CREATE" : "UPDATE";
  return [{ operation, trigger: after, oldObject: before }];
}
