/** Targets that are kept because nothing is known any more about what made them: each is told once. */

import { keyOf, type ObjectKey, type ObjectRef, printRef } from "../object/index.ts";
import type { Reason } from "../policy/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";

const REASON: Reason = "TargetKept";

export class KeptLog {
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #told = new Map<ObjectKey, string>();

  constructor(metrics: Metrics, log: Log) {
    this.#metrics = metrics;
    this.#log = log;
  }

  note(targets: readonly ObjectRef[], because: string): void {
    for (const target of targets) {
      const key = keyOf(target);
      if (this.#told.get(key) === because) continue;
      if (!this.#told.has(key)) this.#metrics.kept.inc();
      this.#told.set(key, because);
      this.#log.warn(
        { target: printRef(target), reason: REASON, because },
        "a generated object is kept; delete it, or apply its policy again",
      );
    }
  }
}
