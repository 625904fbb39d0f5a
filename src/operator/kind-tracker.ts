/** Which kinds are served, kept up to date: by the definitions of custom resources, and by discovery for aggregated APIs. */

import { type ClusterClient, discoverResources } from "../cluster/index.ts";
import type { KubernetesObject } from "../object/index.ts";
import type { CatalogueWriter, ObjectChange } from "../state/index.ts";

export type KindTrackerOptions = {
  client: ClusterClient;
  catalogue: CatalogueWriter;
  /** Told when something was installed, changed or removed: once for many changes that come together. */
  onChange(): void;
  onError(error: unknown): void;
};

/** A new aggregated API takes a moment until discovery shows it, and one that is back may take a minute. */
const DISCOVERY_LAG = 500;
/** How often discovery is asked again, each time after twice the time, while an aggregated API is not shown. */
const MOST_TRIES = 6;

export class KindTracker {
  readonly #options: KindTrackerOptions;
  #timer: NodeJS.Timeout | undefined;
  #rediscovers = false;
  #tries = 0;
  #updating: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Monotonic milliseconds of the update that is scheduled. */
  #due = 0;

  constructor(options: KindTrackerOptions) {
    this.#options = options;
  }

  onDefinitions(changes: readonly ObjectChange[]): void {
    const { catalogue } = this.#options;
    for (const { before, after } of changes) {
      if (after !== undefined) catalogue.setDefinition(after);
      else if (before !== undefined) catalogue.removeDefinition(before);
    }
    this.#schedule(0);
  }

  onApiServices(changes: readonly ObjectChange[]): void {
    if (!changes.some(({ before, after }) => isAggregated(after ?? before))) return;
    this.#rediscovers = true;
    this.#tries = 0;
    this.#schedule(DISCOVERY_LAG);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** The later of two moments counts, and one update follows another. */
  #schedule(millis: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#due = Math.max(this.#due, performance.now() + millis);
    this.#timer = setTimeout(
      () => {
        this.#updating = this.#updating.then(() => this.#update()).catch(this.#options.onError);
      },
      Math.max(0, this.#due - performance.now()),
    );
  }

  async #update(): Promise<void> {
    const { client, catalogue, onChange } = this.#options;
    if (this.#rediscovers) {
      this.#rediscovers = false;
      const discovered = await discoverResources(client);
      if (discovered.ok) catalogue.replaceDiscovered(discovered.resources, discovered.stale);
      if (!discovered.ok) this.#rediscoverAfter(4 * DISCOVERY_LAG);
      else if (discovered.stale.size > 0 && this.#tries < MOST_TRIES)
        this.#rediscoverAfter(2 ** ++this.#tries * DISCOVERY_LAG);
    }
    onChange();
  }

  #rediscoverAfter(millis: number): void {
    this.#rediscovers = true;
    this.#schedule(millis);
  }
}

/** An API that another server answers for; the others are the API server's own, or come with a definition. */
function isAggregated(service: KubernetesObject | undefined): boolean {
  const spec = service?.spec;
  return spec !== null && typeof spec === "object" && "service" in spec && spec.service !== null;
}
