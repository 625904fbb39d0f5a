/** The stopwatch of the demo: a watch of its own, so that times are what somebody else in the cluster sees. */

import { type ClusterClient, openWatch, printFailure } from "../../src/cluster/index.ts";
import type { KubernetesObject, Resource } from "../../src/object/index.ts";

export type Sighting = {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: KubernetesObject;
  /** Of a monotonic clock, in milliseconds. */
  at: number;
};

export interface Watcher {
  /** The first event from `since` on for which `isIt` holds, also one that was seen already. Rejects after 20 s. */
  see(what: string, since: number, isIt: (sighting: Sighting) => boolean): Promise<Sighting>;
  stop(): void;
}

const PATIENCE = 20_000;
const AN_HOUR = 3600;

/** Watches all objects of the resources, in all namespaces. */
export async function startWatcher(client: ClusterClient, resources: readonly Resource[]): Promise<Watcher> {
  const stopping = new AbortController();
  const watcher = new SightingLog(stopping);
  await Promise.all(resources.map((resource) => watcher.follow(client, resource)));
  return watcher;
}

type Waiting = { since: number; isIt: (sighting: Sighting) => boolean; resolve: (sighting: Sighting) => void };

class SightingLog implements Watcher {
  readonly #stopping: AbortController;
  readonly #seen: Sighting[] = [];
  readonly #waiting = new Set<Waiting>();

  constructor(stopping: AbortController) {
    this.#stopping = stopping;
  }

  async follow(client: ClusterClient, resource: Resource): Promise<void> {
    const from = { resourceVersion: "", timeoutSeconds: AN_HOUR };
    const stream = await openWatch(client, { resource }, from, this.#stopping.signal);
    if (!stream.ok) throw new Error(`cannot watch ${resource.plural}: ${printFailure(stream.failure)}`);
    this.#collect(stream.events).catch(() => {}); // it ends by stop(); whoever still waits is told by the deadline
  }

  async #collect(events: AsyncIterable<{ type: string; object: unknown }>): Promise<void> {
    for await (const { type, object } of events) {
      if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") continue;
      this.#note({ type, object: object as KubernetesObject, at: performance.now() }); // what these events carry
    }
  }

  #note(sighting: Sighting): void {
    this.#seen.push(sighting);
    for (const waiting of this.#waiting) {
      if (sighting.at >= waiting.since && waiting.isIt(sighting)) waiting.resolve(sighting);
    }
  }

  see(what: string, since: number, isIt: Waiting["isIt"]): Promise<Sighting> {
    const seen = this.#seen.find((sighting) => sighting.at >= since && isIt(sighting));
    if (seen !== undefined) return Promise.resolve(seen);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${what}: not seen within ${PATIENCE / 1000} s`)), PATIENCE);
      const waiting: Waiting = {
        since,
        isIt,
        resolve: (sighting) => {
          clearTimeout(late);
          this.#waiting.delete(waiting);
          resolve(sighting);
        },
      };
      this.#waiting.add(waiting);
    });
  }

  stop(): void {
    this.#stopping.abort();
  }
}
