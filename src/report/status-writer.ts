/** Writes statuses: at most one a second for each policy, and none that says nothing new. */

import { type ClusterClient, printFailure, sendForObject } from "../cluster/index.ts";
import {
  type Json,
  MANAGER,
  type ObjectKey,
  type ObjectRef,
  objectPath,
  type Resource,
  resourceApiVersion,
} from "../object/index.ts";
import type { PolicyStatus } from "../policy/index.ts";
import { isSameStatus } from "./status.ts";

export type StatusSource = {
  /** Undefined: the policy is gone, there is nothing to write. */
  current(policy: ObjectKey): { ref: ObjectRef; resource: Resource; status: PolicyStatus } | undefined;
  mayWrite(): boolean;
  onFailure(message: string): void;
};

export interface StatusWriter {
  /** Something of the policy may have changed. */
  touch(policy: ObjectKey): void;
  /** The status that is stored, as it was read. */
  note(policy: ObjectKey, stored: PolicyStatus | undefined): void;
  stored(policy: ObjectKey): PolicyStatus | undefined;
  forget(policy: ObjectKey): void;
  /** Statuses may be written again: what changed meanwhile is. */
  resume(): void;
  /** Writes what is waiting, and no more after it. */
  stop(): Promise<void>;
}

const AT_MOST_EVERY = 1_000;
/** A write that fails is tried again ever more slowly: 64 s at the most. */
const MOST_DOUBLINGS = 6;
/** The first change is shown at once, but a burst is one write. */
const SETTLE = 100;

export function createStatusWriter(client: ClusterClient, source: StatusSource): StatusWriter {
  return new CoalescingWriter(client, source);
}

class CoalescingWriter implements StatusWriter {
  readonly #client: ClusterClient;
  readonly #source: StatusSource;
  readonly #stored = new Map<ObjectKey, PolicyStatus | undefined>();
  readonly #timers = new Map<ObjectKey, NodeJS.Timeout>();
  readonly #lastWrite = new Map<ObjectKey, number>();
  /** What changed while nothing could be written. */
  readonly #held = new Set<ObjectKey>();
  /** One write after another for each policy: only the answer to one tells what the next one has to say. */
  readonly #writing = new Map<ObjectKey, Promise<void>>();
  /** Why the last write failed, and how often in a row. */
  readonly #failures = new Map<ObjectKey, { message: string; count: number }>();
  #stopped = false;

  constructor(client: ClusterClient, source: StatusSource) {
    this.#client = client;
    this.#source = source;
  }

  touch(policy: ObjectKey): void {
    if (this.#timers.has(policy) || this.#stopped) return;
    const since = performance.now() - (this.#lastWrite.get(policy) ?? Number.NEGATIVE_INFINITY);
    const every = AT_MOST_EVERY * 2 ** Math.min(this.#failures.get(policy)?.count ?? 0, MOST_DOUBLINGS);
    const timer = setTimeout(() => void this.#write(policy), Math.max(SETTLE, every - since));
    this.#timers.set(policy, timer);
  }

  note(policy: ObjectKey, stored: PolicyStatus | undefined): void {
    this.#stored.set(policy, stored);
  }

  stored(policy: ObjectKey): PolicyStatus | undefined {
    return this.#stored.get(policy);
  }

  forget(policy: ObjectKey): void {
    clearTimeout(this.#timers.get(policy));
    for (const map of [this.#timers, this.#stored, this.#lastWrite, this.#failures]) map.delete(policy);
    this.#held.delete(policy);
  }

  resume(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const policy of held) this.touch(policy);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const waiting = [...this.#timers.keys()];
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const policy of waiting) void this.#write(policy);
    await Promise.all(this.#writing.values());
  }

  #write(policy: ObjectKey): Promise<void> {
    this.#timers.delete(policy);
    const written = (this.#writing.get(policy) ?? Promise.resolve())
      .then(() => this.#writeCurrent(policy))
      .finally(() => {
        if (this.#writing.get(policy) === written) this.#writing.delete(policy);
      });
    this.#writing.set(policy, written);
    return written;
  }

  async #writeCurrent(policy: ObjectKey): Promise<void> {
    if (!this.#source.mayWrite()) {
      this.#held.add(policy);
      return;
    }
    const current = this.#source.current(policy);
    if (current === undefined || isSameStatus(this.#stored.get(policy), current.status)) return;
    const begun = performance.now();
    this.#lastWrite.set(policy, begun);
    const { ref, resource, status } = current;
    const answer = await sendForObject(this.#client, {
      method: "PATCH",
      path: `${objectPath(resource, ref)}/status`,
      query: { fieldManager: MANAGER, force: "true" },
      contentType: "application/apply-patch+yaml",
      body: {
        apiVersion: resourceApiVersion(resource),
        kind: ref.kind,
        metadata: { name: ref.name, ...(ref.namespace === "" ? {} : { namespace: ref.namespace }) },
        status: status as Json, // a status is JSON by its schema
      },
    });
    if (this.#lastWrite.get(policy) !== begun) return; // the policy went meanwhile; one of that name may be back
    if (answer.ok) {
      this.#stored.set(policy, status);
      this.#failures.delete(policy);
    } else if (answer.failure.status !== 404) {
      this.#noteFailure(policy, `cannot write the status of ${ref.kind} ${ref.name}: ${printFailure(answer.failure)}`);
    }
  }

  #noteFailure(policy: ObjectKey, message: string): void {
    const known = this.#failures.get(policy);
    if (known?.message !== message) this.#source.onFailure(message);
    this.#failures.set(policy, { message, count: (known?.count ?? 0) + 1 });
    this.touch(policy);
  }
}
