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

/** A new aggregated API takes a moment until discovery shows it. */
const DISCOVERY_LAG = 500;

export class KindTracker {
  readonly #options: KindTrackerOptions;
  #timer: NodeJS.Timeout | undefined;
  #rediscovers = false;
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
      if (discovered.ok) catalogue.replaceDiscovered(discovered.resources);
      else this.#retryDiscovery();
    }
    onChange();
  }

  #retryDiscovery(): void {
    this.#rediscovers = true;
    this.#schedule(4 * DISCOVERY_LAG);
  }
}

/** An API that another server answers for; the others are the API server's own, or come with a definition. */
function isAggregated(service: KubernetesObject | undefined): boolean {
  const spec = service?.spec;
  return spec !== null && typeof spec === "object" && "service" in spec && spec.service !== null;
}
