/** What the watches say of themselves: counted always, logged when it is news. */

import { printFailure, selectionKey } from "../cluster/index.ts";
import { resourceName } from "../object/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import type { WatchSignal } from "../watch/index.ts";
import type { WatchState } from "./watches.ts";

export class WatchLog {
  readonly #metrics: Metrics;
  readonly #log: Log;
  /** Why each refused watch was refused last: it is tried every few seconds. */
  readonly #refusals = new Map<string, string>();

  constructor(metrics: Metrics, log: Log) {
    this.#metrics = metrics;
    this.#log = log;
  }

  note({ selection }: WatchState, signal: WatchSignal): void {
    const resource = resourceName(selection.resource);
    const key = selectionKey(selection);
    if (signal.type === "synced" || signal.type === "recovered") this.#refusals.delete(key);
    if (signal.type === "reopened") this.#metrics.watchReopened.inc({ resource, because: signal.because });
    if (signal.type !== "failed") return;
    this.#metrics.watchFailures.inc({ resource, status: String(signal.failure.status) });
    const reason = printFailure(signal.failure);
    const level = this.#refusals.get(key) === reason ? "debug" : "warn";
    this.#refusals.set(key, reason);
    const { namespace, name } = selection;
    this.#log[level]({ resource, namespace, name, reason }, "a watch was refused; it is tried again");
  }
}
