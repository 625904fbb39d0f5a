/** Where batches run: one control plane, and one operator at a time, which comes and goes. */

import {
  type Cluster,
  installDefinition,
  type OperatorProcess,
  startCluster,
  startOperator,
} from "../harness/index.ts";
import { type Api, connect } from "./api.ts";
import { DEFINITIONS } from "./kinds.ts";
import { Sentinel } from "./sentinel.ts";

/** Short, so that a test need not wait, and long enough that a policy deleted and created again is one that came back. */
const PRUNE_DELAY = "1s";

/** A second. */
const DEEP_CHECKS = 500;

export class Stage implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly api: Api;
  readonly sentinel: Sentinel;
  #operator: OperatorProcess | undefined;
  /** What earlier operators logged since the last `forgetLog`. */
  #log: ReturnType<OperatorProcess["log"]> = [];
  #lanes = 0;

  private constructor(cluster: Cluster, api: Api) {
    this.cluster = cluster;
    this.api = api;
    this.sentinel = new Sentinel(api);
  }

  static async open(): Promise<Stage> {
    const cluster = await startCluster();
    for (const definition of DEFINITIONS) await installDefinition(cluster, definition);
    await cluster.grant("property", [{ apiGroups: ["property.test"], resources: ["widgets", "beacons"] }]);
    const stage = new Stage(cluster, await connect(cluster.plane));
    await stage.start();
    await stage.sentinel.prepare();
    return stage;
  }

  /** A name that no lane has had. */
  nextLane(): string {
    return `lane${++this.#lanes}`;
  }

  async start(): Promise<void> {
    const flags = [`--prune-delay=${PRUNE_DELAY}`, `--deep-check-rate=${DEEP_CHECKS}`, "--log-level=debug"];
    this.#operator = await startOperator(this.cluster, { flags, waitReady: false });
  }

  async stop(): Promise<void> {
    await this.#operator?.stop();
    this.#keepLog();
  }

  async kill(): Promise<void> {
    await this.#operator?.kill();
    this.#keepLog();
  }

  async ready(): Promise<void> {
    await this.#operator?.ready();
  }

  /** True when no claim waits to be planned, and every target was compared with a fresh object once. */
  async isIdle(): Promise<boolean> {
    const metrics = (await this.#operator?.metrics()) ?? "";
    return ["queue_depth", "deep_check_pending"].every((name) => metrics.includes(`\nperennial_${name} 0\n`));
  }

  /** The lines that the operators logged since the last `forgetLog`, in their order. */
  log(): ReturnType<OperatorProcess["log"]> {
    return [...this.#log, ...(this.#operator?.log() ?? [])];
  }

  forgetLog(): void {
    this.#log = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.api[Symbol.asyncDispose]();
    await this.cluster.stop();
  }

  #keepLog(): void {
    this.#log.push(...(this.#operator?.log() ?? []));
    this.#operator = undefined;
  }
}
