/**
 * The targets there are, as digests: what each one looked like when it was last seen, and whose it is.
 *
 * A target that is in sync costs no copy of its content. The live object is kept only from the event that brought
 * something new until its claim was planned.
 */

import {
  type ClaimDigest,
  isBeingDeleted,
  type JsonObject,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  readClaimIdentity,
  readFirstApplied,
  readMarks,
  refOf,
} from "../object/index.ts";
import { type ClaimKey, claimKey } from "./claim-key.ts";
import { digestOfContent, digestOfObject, isOld, writtenAt } from "./sighting.ts";
import type { FinalRefusal, Judgement, Sighting, TargetRecord } from "./target-record.ts";

export interface Inventory {
  readonly size: number;
  /** True when at least one target carries marks of this installation. */
  readonly hasMarked: boolean;
  get(key: ObjectKey): TargetRecord | undefined;
  /** The records that belong to a claim, by marks of any uid of its trigger, or by the digest of the current one. */
  ofClaim(key: ClaimKey, digest: ClaimDigest | undefined): Set<TargetRecord>;
  values(): Iterable<TargetRecord>;
}

export interface InventoryWriter extends Inventory {
  /**
   * What the server has just shown, by a list or watch or as the answer to a write of ours. Undefined when it tells
   * nothing new: an event of our own write, or the same content.
   */
  observe(live: KubernetesObject, seen: Sighting): TargetRecord | undefined;
  forget(key: ObjectKey): TargetRecord | undefined;
  /** A watch showed that the object with this uid is gone, whether it was known or not. */
  noteDeleted(key: ObjectKey, uid: string): void;
  /** A claim's request about the object is under way: the function that ends it gives what watches showed meanwhile. */
  expectAnswer(key: ObjectKey, claim: ClaimKey): () => Meanwhile;
  /** True while it is: the claim is planned again when it is answered, so an event need not ask for that. Without one: any. */
  isAnswerExpected(key: ObjectKey, claim?: ClaimKey): boolean;
  judge(key: ObjectKey, judgement: Judgement): void;
  noteTried(key: ObjectKey, strategy: string): void;
  /** All strategies may be tried once more, and all questions be asked. */
  forgetTried(key: ObjectKey): void;
  /** Somebody else changed it beside a write of ours: what was tried, or refused, was so on an object that is no more. */
  startAnew(key: ObjectKey): void;
  /** What the server answered when it was asked for a fresh object; undefined: it refuses to say. */
  noteAnswer(key: ObjectKey, desired: string, content: JsonObject | undefined): void;
  noteRefusal(key: ObjectKey, refusal: FinalRefusal): void;
  /** A list is whole: records of that resource that it did not show are gone. */
  retain(isGone: (record: TargetRecord) => boolean): TargetRecord[];
}

/** While a request was under way: the uids of what was deleted, and the resourceVersions of what was changed. */
export type Meanwhile = { deleted: ReadonlySet<string>; changed: ReadonlySet<string> };

export function createInventory(installation: string): InventoryWriter {
  return new MapInventory(installation);
}

class MapInventory implements InventoryWriter {
  readonly #installation: string;
  readonly #records = new Map<ObjectKey, TargetRecord>();
  readonly #byClaim = new Map<ClaimKey | ClaimDigest, Set<TargetRecord>>();

  /** By object: the requests that are under way, and what was shown since each was sent. */
  readonly #expected = new Map<ObjectKey, Set<{ claim: ClaimKey; deleted: Set<string>; changed: Set<string> }>>();

  constructor(installation: string) {
    this.#installation = installation;
  }

  get size(): number {
    return this.#records.size;
  }

  get hasMarked(): boolean {
    return this.#byClaim.size > 0;
  }

  get(key: ObjectKey): TargetRecord | undefined {
    return this.#records.get(key);
  }

  values(): Iterable<TargetRecord> {
    return this.#records.values();
  }

  ofClaim(key: ClaimKey, digest: ClaimDigest | undefined): Set<TargetRecord> {
    const known = this.#byClaim.get(key) ?? new Set();
    const current = digest === undefined ? undefined : this.#byClaim.get(digest);
    return current === undefined ? known : known.union(current);
  }

  observe(live: KubernetesObject, seen: Sighting): TargetRecord | undefined {
    const key = keyOf(refOf(live));
    const known = this.#records.get(key);
    const { uid = "", resourceVersion = "" } = live.metadata;
    if (known?.uid === uid && isOld(resourceVersion, known.resourceVersion, seen.by)) {
      if (seen.by === "creation") known.created ||= known.live === digestOfContent(live); // only status is newer
      return undefined;
    }
    const content = digestOfContent(live);
    const digest = digestOfObject(live, content);
    const unchanged = known?.uid === uid && known.digest === digest && known.deleting === isBeingDeleted(live);
    const judged = unchanged && known?.judged?.digest === digest && known.pending === undefined;
    if (known !== undefined && judged && seen.by === "watch") {
      known.resourceVersion = resourceVersion;
      return undefined;
    }
    if (seen.by === "watch" && !unchanged) this.#noteChanged(key, resourceVersion);
    if (known !== undefined) this.#unindex(known);
    const record = this.#recordOf(live, seen, { live: content, digest }, known);
    record.pending = { live, since: known?.pending?.since ?? seen.now };
    this.#records.set(key, record);
    this.#index(record);
    return record;
  }

  forget(key: ObjectKey): TargetRecord | undefined {
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    this.#records.delete(key);
    this.#unindex(record);
    return record;
  }

  noteDeleted(key: ObjectKey, uid: string): void {
    for (const { deleted } of this.#expected.get(key) ?? []) deleted.add(uid);
  }

  expectAnswer(key: ObjectKey, claim: ClaimKey): () => Meanwhile {
    const request = { claim, deleted: new Set<string>(), changed: new Set<string>() };
    const expected = this.#expected.get(key) ?? new Set();
    this.#expected.set(key, expected.add(request));
    return () => {
      expected.delete(request);
      if (expected.size === 0 && this.#expected.get(key) === expected) this.#expected.delete(key);
      return request;
    };
  }

  isAnswerExpected(key: ObjectKey, claim?: ClaimKey): boolean {
    if (claim === undefined) return this.#expected.has(key);
    for (const request of this.#expected.get(key) ?? []) if (request.claim === claim) return true;
    return false;
  }

  judge(key: ObjectKey, judgement: Judgement): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    record.judged = judgement;
    delete record.pending;
    delete record.answers;
    delete record.refusal;
    record.tried.clear();
  }

  noteTried(key: ObjectKey, strategy: string): void {
    const tried = this.#records.get(key)?.tried;
    tried?.delete(strategy); // the last one is the last in order
    tried?.add(strategy);
  }

  forgetTried(key: ObjectKey): void {
    const record = this.#records.get(key);
    record?.tried.clear();
    delete record?.answers;
  }

  startAnew(key: ObjectKey): void {
    const record = this.#records.get(key);
    record?.tried.clear();
    delete record?.refusal;
  }

  noteAnswer(key: ObjectKey, desired: string, content: JsonObject | undefined): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    const known = record.answers?.desired === desired ? record.answers.contents : [];
    const contents = content === undefined ? known : [...known, content];
    record.answers = { desired, contents, refused: content === undefined };
  }

  noteRefusal(key: ObjectKey, refusal: FinalRefusal): void {
    const record = this.#records.get(key);
    if (record !== undefined) record.refusal = refusal;
  }

  retain(isGone: (record: TargetRecord) => boolean): TargetRecord[] {
    const gone = [...this.#records.values()].filter(isGone);
    for (const record of gone) this.forget(keyOf(record.ref));
    return gone;
  }

  #noteChanged(key: ObjectKey, resourceVersion: string): void {
    for (const { changed } of this.#expected.get(key) ?? []) changed.add(resourceVersion);
  }

  #recordOf(
    live: KubernetesObject,
    seen: Sighting,
    digests: Pick<TargetRecord, "live" | "digest">,
    known: TargetRecord | undefined,
  ): TargetRecord {
    const identity = readClaimIdentity(live);
    const marks = readMarks(this.#installation, live);
    const firstApplied = readFirstApplied(live);
    // an event that comes while an answer is expected is mostly that of our own write
    const bySomebodyElse = seen.by === "watch" && !this.#expected.has(keyOf(refOf(live)));
    return {
      ref: known?.ref ?? refOf(live),
      resource: seen.resource,
      uid: live.metadata.uid ?? "",
      resourceVersion: live.metadata.resourceVersion ?? "",
      marks,
      claim: identity === undefined || marks === undefined ? undefined : claimKey(identity),
      deleting: isBeingDeleted(live),
      writtenAt: writtenAt(live),
      ...(firstApplied === undefined ? {} : { firstApplied }),
      ...digests,
      created: seen.by === "creation",
      ...(known?.judged === undefined ? {} : { judged: known.judged }),
      ...(known?.answers === undefined ? {} : { answers: known.answers }),
      // somebody else's change is a new start; the answer to our own write is not
      tried: bySomebodyElse || known === undefined ? new Set() : known.tried,
      ...(bySomebodyElse || known?.refusal === undefined ? {} : { refusal: known.refusal }),
    };
  }

  #index(record: TargetRecord): void {
    for (const key of claimsOf(record)) {
      const records = this.#byClaim.get(key);
      if (records === undefined) this.#byClaim.set(key, new Set([record]));
      else records.add(record);
    }
  }

  #unindex(record: TargetRecord): void {
    for (const key of claimsOf(record)) {
      const records = this.#byClaim.get(key);
      records?.delete(record);
      if (records?.size === 0) this.#byClaim.delete(key);
    }
  }
}

function claimsOf({ claim, marks }: TargetRecord): (ClaimKey | ClaimDigest)[] {
  return [claim, marks?.claim].filter((key) => key !== undefined);
}
