/** The policies of kyverno.io as a whole: served, or left alone while a controller of Kyverno is alive; and told each time that turns. */

import type { Observable } from "rxjs";
import type { ClusterClient, Selection } from "../cluster/index.ts";
import { keyOf } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import type { WatchSignal } from "../watch/index.ts";
import { type EventTold, writeEvent } from "./event-writer.ts";
import { KyvernoPresence } from "./kyverno-presence.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { PolicyReports } from "./policy-reports.ts";
import type { KeyedQueue } from "./queue.ts";
import type { Router } from "./router.ts";
import { enqueuePolicy } from "./sweep.ts";
import { rulesOf } from "./wanted-watches.ts";

export type KyvernoPoliciesOptions = {
  client: ClusterClient;
  /** The operator's own namespace, and the name of this process. */
  namespace: string;
  identity: string;
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  router: Router;
  reports: PolicyReports;
  metrics: Metrics;
  log: Log;
  reflect(selection: Selection): Observable<WatchSignal>;
  /** True while this process holds the Lease. */
  leads(): boolean;
  /** They are served or left from now on, and what they own with them. */
  onTurned(): void;
};

export class KyvernoPolicies {
  readonly #options: KyvernoPoliciesOptions;
  readonly #presence: KyvernoPresence;
  /** An Event that waits for the Lease. */
  #untold: EventTold | undefined;

  constructor(options: KyvernoPoliciesOptions) {
    this.#options = options;
    this.#presence = new KyvernoPresence({
      reflect: options.reflect,
      onChange: (suspended) => this.#onChange(suspended),
      now: () => options.world.now,
      today: () => Date.now(),
    });
  }

  start(): void {
    this.#presence.start();
  }

  stop(): void {
    this.#presence.stop();
  }

  /** The Lease was got: by whoever holds it the Event is written, once. */
  tell(): void {
    const { client, namespace, identity, log, leads } = this.#options;
    if (this.#untold === undefined || !leads()) return;
    void writeEvent({ client, namespace, identity, log }, this.#untold);
    this.#untold = undefined;
  }

  #onChange(suspended: string | undefined): void {
    const { world, queue, router, reports, metrics, log, onTurned } = this.#options;
    world.kyvernoSuspended = suspended;
    world.admission.noteSuspended(suspended);
    metrics.kyvernoAlive.set(suspended === undefined ? 0 : 1);
    this.#untold = suspended === undefined ? SERVED : leftAlone(suspended);
    log[suspended === undefined ? "info" : "warn"](this.#untold.message);
    this.tell();
    for (const state of world.policyStates.values()) {
      if (state.foreign === undefined) continue;
      enqueuePolicy(world, queue, keyOf(state.ref));
      for (const rule of rulesOf([state])) router.enqueueRule(state.ref, rule);
      reports.touch(keyOf(state.ref));
    }
    onTurned();
  }
}

const SERVED: EventTold = {
  type: "Normal",
  reason: "KyvernoGone",
  message: "no controller of Kyverno is alive: policies of kyverno.io are served from now on",
};

function leftAlone(suspended: string): EventTold {
  const message = `policies of kyverno.io are left alone, nothing is written for them: ${suspended}`;
  return { type: "Warning", reason: "KyvernoAlive", message };
}
