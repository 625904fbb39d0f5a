/** What all measurements need: one control plane, the operator and the raw writer on it, and eyes on the targets of both. */

import { setTimeout as delay } from "node:timers/promises";
import {
  type Cluster,
  type OperatorProcess,
  startCluster,
  startOperator,
  waitForCondition,
} from "../e2e/harness/index.ts";
import { type ClusterClient, connectCluster, loadCredentials } from "../src/cluster/index.ts";
import { TARGET } from "../src/object/index.ts";
import { parseRequestCounts, type RequestCounts } from "./figures.ts";
import { RawProcess } from "./raw-process.ts";
import { WatchedTargets } from "./watched-targets.ts";
import { benchPolicy, createNamespace, RAW_TARGET } from "./workload.ts";

/** Namespaces with it are the operator's to serve. */
export const LABEL = "bench";

export class Stage implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly operator: OperatorProcess;
  readonly raw: RawProcess;
  /** As an administrator. */
  readonly client: ClusterClient;
  readonly targets: WatchedTargets;
  readonly rawTargets: WatchedTargets;

  static async set(): Promise<Stage> {
    const cluster = await startCluster({ audit: false, durable: true });
    await cluster.apply(benchPolicy(LABEL));
    const operator = await startOperator(cluster);
    await waitForCondition(cluster, "bench", { type: "Ready", status: "True" });
    return new Stage(cluster, operator, connectCluster(await loadCredentials(cluster.plane.kubeconfig)));
  }

  private constructor(cluster: Cluster, operator: OperatorProcess, client: ClusterClient) {
    this.cluster = cluster;
    this.operator = operator;
    this.client = client;
    this.raw = new RawProcess(cluster.plane.kubeconfig, cluster.operatorKubeconfig);
    this.targets = new WatchedTargets(client, TARGET);
    this.rawTargets = new WatchedTargets(client, RAW_TARGET);
  }

  /** A namespace that the operator serves; the monotonic milliseconds of the answer. */
  async createServed(name: string): Promise<number> {
    await createNamespace(this.client, name, { [LABEL]: "yes" });
    return performance.now();
  }

  /** A namespace that nothing happens in any more. */
  async createSettled(name: string): Promise<void> {
    await createNamespace(this.client, name, {});
    await delay(1_000);
  }

  /** As the API server counts them. */
  async requestCounts(): Promise<RequestCounts> {
    const { body } = await this.cluster.plane.request("GET", "/metrics");
    return parseRequestCounts(String(body));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.targets.stop();
    this.rawTargets.stop();
    await this.raw[Symbol.asyncDispose]();
    await this.client.close();
    await this.operator[Symbol.asyncDispose]();
    await this.cluster.stop();
  }
}
