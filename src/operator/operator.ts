/**
 * The operator: watches feed the world, changes of the world fill the queue, workers plan and apply, statuses report.
 * Nothing is written before the Lease is held and what has to survive a restart is stored.
 */

import { setTimeout as delay } from "node:timers/promises";
import { discoverResources, printFailure } from "../cluster/index.ts";
import { resourceName } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { OperatorOptions } from "./options.ts";
import type { Parts } from "./parts.ts";
import { Reactions } from "./reactions.ts";
import { DEFINITIONS, NAMESPACES } from "./system-resources.ts";
import { createView, type OperatorView } from "./view.ts";

export interface Operator {
  /**
   * Works until the signal aborts, then drains: what was begun is ended, the Lease is given up. Rejects when the cluster's
   * storage was put back to what it was earlier: watches from then on would say nothing, and what is remembered is wrong.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Why it cannot do its work just now; undefined when it can. */
  whyNotReady(): string | undefined;
  /** For a server beside it. */
  readonly view: OperatorView;
}

export function createOperator(options: OperatorOptions): Operator {
  return new Loop(options);
}

class Loop implements Operator {
  readonly #options: OperatorOptions;
  readonly #reactions: Reactions;
  readonly #parts: Parts;
  readonly view: OperatorView;
  /** Aborted when the cluster's storage was restored. */
  readonly #wentBack = new AbortController();
  #started = false;
  /** Why it could not start yet. */
  #obstacle = "the API server was not asked yet";

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#reactions = new Reactions(options, () => this.#wentBack.abort());
    this.#parts = this.#reactions.parts;
    this.view = createView(this.#parts, {
      namespace: options.namespace,
      whyNotStarted: () => (this.#started ? undefined : this.#obstacle),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, lease, needs, kyverno } = this.#parts;
    await this.#prepare(signal);
    if (signal.aborted) return;
    const leading = new AbortController();
    const kept = lease.keep(leading.signal);
    needs.update();
    if (this.#options.kyverno) kyverno.start();
    const tidying = setInterval(() => this.#reactions.tidy(), TIDY_EVERY).unref();
    const working = queue.run((key) => this.#work(key), this.#options.concurrency);
    await Promise.race([aborted(signal), aborted(this.#wentBack.signal)]);
    clearInterval(tidying);
    await this.#drain(working, async () => {
      leading.abort();
      await kept;
    });
    if (this.#wentBack.signal.aborted) throw new Error(WENT_BACK);
  }

  whyNotReady(): string | undefined {
    if (!this.#started) return this.#obstacle;
    const { world, lease, key } = this.#parts;
    const system = [NAMESPACES, DEFINITIONS, ...world.policyResources()];
    const waiting = system.filter((resource) => !this.#parts.isSynced({ resource }));
    if (waiting.length > 0)
      return `waiting for the lists of ${waiting.map((resource) => resourceName(resource)).join(", ")}`;
    return lease.held ? key.whyNotUsable() : lease.obstacle;
  }

  /** What the first plan needs: the kinds that are served, and what was stored. Tried until it works. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const { client, log } = this.#options;
    const { knowledge, world, key } = this.#parts;
    while (!signal.aborted) {
      const discovered = await discoverResources(client);
      const problem = discovered.ok ? await knowledge.load() : printFailure(discovered.failure);
      if (discovered.ok && problem === undefined) {
        world.catalogue.replaceDiscovered(discovered.resources, discovered.stale);
        await key.look();
        world.installationKey = key.value;
        this.#started = true;
        return;
      }
      this.#obstacle = `cannot start yet: ${problem}`;
      log.warn({ reason: problem }, "cannot start yet; trying again");
      await delay(RETRY, undefined, { signal }).catch(() => {});
    }
  }

  async #work(key: ClaimKey): Promise<void> {
    const { worker, queue } = this.#parts;
    try {
      await worker.work(key);
    } catch (error) {
      this.#options.log.error({ err: error, claim: key }, "a claim could not be worked on; trying again");
      queue.retry(key);
    }
  }

  /** Ends what was begun, writes the last statuses, and gives the Lease up. */
  async #drain(working: Promise<void>, stopLeading: () => Promise<void>): Promise<void> {
    const { client, log } = this.#options;
    const { watches, kyverno, permissions, kinds, deepCheck, pruneGate, polls, queue, reports, lease, moments } =
      this.#parts;
    log.info("stopping: what was begun is ended, then the Lease is given up");
    let ending = "the claims that are worked on";
    // an API server that does not answer must not keep the process from leaving before it is killed
    const deadline = setTimeout(() => {
      log.warn({ ending }, "stopping takes long: requests that have no answer yet are given up");
      void client.close();
    }, DRAIN).unref();
    moments.noteEnd();
    for (const part of [watches, kyverno, permissions, kinds, deepCheck, pruneGate, polls, queue]) part.stop();
    await working;
    ending = "the last statuses";
    await reports.stop();
    ending = "the Lease";
    await stopLeading();
    await lease.release();
    clearTimeout(deadline);
  }
}

const WENT_BACK =
  "the cluster's storage went back to an earlier state, as after a restore from a backup: nothing remembered of it counts, so this process ends; start it again";

/** Milliseconds that what was begun may take to end. A Pod has 30 s. */
const DRAIN = 10_000;

const TIDY_EVERY = 60_000;

/** Milliseconds between tries of what the operator itself needs. */
const RETRY = 1_000;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
