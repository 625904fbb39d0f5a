/** Every metric, named once (docs/reference/metrics.md). Labels never hold names of objects: their number stays small. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Histogram({
      name: "perennial_api_request_seconds",
      help: "Time to the answer of a request to the API server, by method and status (0: no answer)",
      labelNames: ["method", "status"] as const,
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    }),
    writes: new Counter({
      name: "perennial_writes_total",
      help: "Steps sent, by verb and outcome",
      labelNames: ["verb", "outcome"] as const,
      registers,
    }),
    questions: new Counter({
      name: "perennial_questions_total",
      help: "Creations that were only tried (dry run) and reads of single targets, by outcome",
      labelNames: ["verb", "outcome"] as const,
      registers,
    }),
    calls: new Counter({
      name: "perennial_calls_total",
      help: "Calls of rules that no watch answers, by whom they ask (api, service) and outcome",
      labelNames: ["whom", "outcome"] as const,
      registers,
    }),
    corrections: new Counter({
      name: "perennial_corrections_total",
      help: "Drifts that were put right, by policy",
      labelNames: ["policy"] as const,
      registers,
    }),
    changesLost: new Counter({
      name: "perennial_changes_lost_total",
      help: "Changes that edge rules never act on, as too many were waiting, by policy",
      labelNames: ["policy"] as const,
      registers,
    }),
    repair: new Histogram({
      name: "perennial_repair_seconds",
      help: "Time from the event that showed a drift to the answer of the write that ended it",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    }),
    plans: new Histogram({
      name: "perennial_plan_seconds",
      help: "Time to plan one claim",
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1],
      registers,
    }),
    queueDepth: new Gauge({ name: "perennial_queue_depth", help: "Claims that wait to be planned", registers }),
    targets: new Gauge({ name: "perennial_targets", help: "Marked targets that are known", registers }),
    deepCheckPending: new Gauge({
      name: "perennial_deep_check_pending",
      help: "Targets that were not compared with a fresh object since the start",
      registers,
    }),
    kept: new Counter({
      name: "perennial_targets_kept_total",
      help: "Marked targets found that are kept because nothing is known any more about what made them",
      registers,
    }),
    watchReopened: new Counter({
      name: "perennial_watch_reopened_total",
      help: "Watches opened again, by resource and cause",
      labelNames: ["resource", "because"] as const,
      registers,
    }),
    watchFailures: new Counter({
      name: "perennial_watch_failures_total",
      help: "Lists and watches that were refused, by resource and status",
      labelNames: ["resource", "status"] as const,
      registers,
    }),
    reviews: new Histogram({
      name: "perennial_admission_seconds",
      help: "Time to the answer of a review, by webhook (policies, mutate, created-by, requests, users, probe; none: another path) and outcome (allowed, denied, failed)",
      labelNames: ["webhook", "outcome"] as const,
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10],
      registers,
    }),
    kyvernoAlive: new Gauge({
      name: "perennial_kyverno_alive",
      help: "1 while policies of kyverno.io are left alone as a controller of Kyverno may be alive (--kyverno)",
      registers,
    }),
    leading: new Gauge({ name: "perennial_leading", help: "1 while this process holds the Lease", registers }),
  };
}
