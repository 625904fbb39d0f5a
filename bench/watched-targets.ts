/** The targets as a watch of the bench's own sees them, and when: the operator's and the raw writer's alike. */

import type { Subscription } from "rxjs";
import type { ClusterClient } from "../src/cluster/index.ts";
import type { KubernetesObject } from "../src/object/index.ts";
import { reflect } from "../src/watch/index.ts";
import { TARGET_KINDS } from "./workload.ts";

type Waiter = { holds: (object: KubernetesObject) => boolean; done: (at: number) => void };

export class WatchedTargets {
  readonly #subscriptions: Subscription[];
  /** Namespaces by the number of marked targets seen in them. */
  readonly #seen = new Map<string, Set<string>>();
  readonly #complete = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  #onComplete: () => void = () => {};

  /** `label`: what the objects to watch carry. */
  constructor(client: ClusterClient, label: string) {
    this.#subscriptions = TARGET_KINDS.map(({ resource }) =>
      reflect(client, { resource, labelSelector: label }).subscribe((signal) => {
        if (signal.type === "page") for (const object of signal.objects) this.#note(object);
        if (signal.type === "changed") this.#note(signal.object);
      }),
    );
  }

  /** When the last of the five targets was seen; resolves when all these namespaces have theirs. */
  async allComplete(namespaces: readonly string[]): Promise<number> {
    const missing = (): boolean => namespaces.some((name) => !this.#complete.has(name));
    while (missing()) await new Promise<void>((resolve) => (this.#onComplete = resolve));
    return Math.max(...namespaces.map((name) => this.#complete.get(name) ?? 0));
  }

  /** The moment at which a marked object is seen that is as described. */
  next(holds: Waiter["holds"]): Promise<number> {
    return new Promise((done) => this.#waiters.add({ holds, done }));
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #note(object: KubernetesObject): void {
    const now = performance.now();
    const namespace = object.metadata.namespace ?? "";
    const kinds = this.#seen.get(namespace) ?? new Set();
    this.#seen.set(namespace, kinds.add(object.kind));
    if (kinds.size === TARGET_KINDS.length && !this.#complete.has(namespace)) {
      this.#complete.set(namespace, now);
      this.#onComplete();
    }
    for (const waiter of this.#waiters) {
      if (!waiter.holds(object)) continue;
      this.#waiters.delete(waiter);
      waiter.done(now);
    }
  }
}
