/** What the scenarios are played on: one control plane, one operator at a time, and somebody else with free hands. */

import { setTimeout as delay } from "node:timers/promises";
import {
  type AuditMark,
  type Cluster,
  markAudit,
  type OperatorProcess,
  startCluster,
  startOperator,
} from "../harness/index.ts";
import { type Api, connectApi } from "./api.ts";
import { installDriftKinds } from "./definitions.ts";

export interface Stage {
  readonly cluster: Cluster;
  readonly api: Api;
  /** Before the operator's first request. */
  readonly beginning: AuditMark;
  operator(): OperatorProcess;
  /** All that every operator so far has logged, line by line. */
  log(): string[];
  /** Nothing moves in the operator while this is done. Be quick: it also holds a Lease. */
  whileHeld(act: () => Promise<unknown>): Promise<void>;
  /** The operator ends, this is done, and a new one starts. */
  whileDown(act: () => Promise<unknown>): Promise<void>;
  /** Waits until the operator has written nothing for a while; false when it never stops. */
  comesToRest(): Promise<boolean>;
  close(): Promise<void>;
}

const FLAGS = ["--prune-delay=1s", "--log-level=debug"];

/** The operator may manage every kind there is: permissions are the matter of other tests. */
export async function openStage(): Promise<Stage> {
  const cluster = await startCluster({ grantUsualKinds: false });
  await installDriftKinds(cluster);
  await cluster.grant("everything", [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }]);
  const api = await connectApi(cluster.plane);
  const beginning = await markAudit(cluster);
  let operator = await startOperator(cluster, { flags: FLAGS });
  let earlier = "";
  return {
    cluster,
    api,
    beginning,
    operator: () => operator,
    log: () => (earlier + operator.output()).split("\n"),
    async whileHeld(act) {
      process.kill(operator.pid, "SIGSTOP");
      try {
        await act();
      } finally {
        process.kill(operator.pid, "SIGCONT");
      }
    },
    async whileDown(act) {
      await operator.stop();
      earlier += operator.output();
      await act();
      operator = await startOperator(cluster, { flags: FLAGS });
    },
    comesToRest: () => comesToRest(operator),
    async close() {
      await operator.stop();
      await api.close();
      await cluster.stop();
    },
  };
}

const QUIET = 3_000;
const PATIENCE = 60_000;

async function comesToRest(operator: OperatorProcess): Promise<boolean> {
  const begin = performance.now();
  let last = -1;
  let since = begin;
  while (performance.now() - begin < PATIENCE) {
    const metrics = await operator.metrics();
    const writes = countWrites(metrics);
    if (writes !== last || !/^perennial_queue_depth 0$/m.test(metrics)) since = performance.now();
    else if (performance.now() - since > QUIET) return true;
    last = writes;
    await delay(200);
  }
  return false;
}

/** Requests that the API server took and that read nothing; the Lease, which is renewed for ever by PUT, left out. */
function countWrites(metrics: string): number {
  const lines = metrics.matchAll(
    /^perennial_api_request_seconds_count\{method="(?:POST|PATCH|DELETE)",status="2\d\d"\} (\d+)$/gm,
  );
  return [...lines].reduce((total, [, count]) => total + Number(count), 0);
}
