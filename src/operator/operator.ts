/**
 * The operator: watches feed the world, changes of the world fill the queue, workers plan and apply, statuses report.
 * Nothing is written before the Lease is held and what has to survive a restart is stored.
 */

import { setTimeout as delay } from "node:timers/promises";
import {
  type ClusterClient,
  discoverResources,
  guardWrites,
  printFailure,
  type Selection,
  type ServiceAccount,
} from "../cluster/index.ts";
import { type GroupKind, type ObjectKey, type Resource, resourceKey, resourceName } from "../object/index.ts";
import type { ClaimKey, ObjectChange } from "../state/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import { REFLECTOR_DEFAULTS, reflect, type WatchSignal } from "../watch/index.ts";
import { createCaller } from "./caller.ts";
import { createClaimWorker } from "./claim-worker.ts";
import { createDeepCheck } from "./deep-check.ts";
import { InstallationKey } from "./installation-key.ts";
import { KeptLog } from "./kept-log.ts";
import { KindTracker } from "./kind-tracker.ts";
import { KyvernoPolicies } from "./kyverno-policies.ts";
import { createLease } from "./lease.ts";
import { Moments } from "./moments.ts";
import { ObservedWorld } from "./observed-world.ts";
import { createPermissions } from "./permissions.ts";
import { PolicyLifecycle } from "./policy-lifecycle.ts";
import { PolicyReports } from "./policy-reports.ts";
import { createPolls } from "./polls.ts";
import { PruneGate } from "./prune-gate.ts";
import { createQueue } from "./queue.ts";
import { Readiness } from "./readiness.ts";
import { Repairs } from "./repairs.ts";
import { createRouter } from "./router.ts";
import { SeenChanges } from "./seen-changes.ts";
import { StoredKnowledge } from "./stored-knowledge.ts";
import { sweepInventory, unclaimedTargets } from "./sweep.ts";
import { API_SERVICES, DEFINITIONS, NAMESPACES } from "./system-resources.ts";
import { markedObjects, rulesOf, selectionsOf } from "./wanted-watches.ts";
import { WatchLog } from "./watch-log.ts";
import { WatchNeeds } from "./watch-needs.ts";
import { createWatches, type WatchState } from "./watches.ts";

export type OperatorOptions = {
  client: ClusterClient;
  /** The operator's own namespace. */
  namespace: string;
  installation: string;
  identity: string;
  concurrency: number;
  /** Milliseconds. */
  pruneDelay: number;
  /** Targets a second that are compared with a fresh object after a start; 0: none. */
  deepCheckRate: number;
  /** Milliseconds. */
  watchSilence: number;
  /** Milliseconds. */
  apiCallInterval: number;
  /** Namespaces that are left alone. */
  systemNamespaces: ReadonlySet<string>;
  /** Whose permissions are probed, when they are not those of the client. */
  serviceAccount: ServiceAccount | undefined;
  /** Serve policies of kyverno.io, where there are any and Kyverno is not alive. */
  kyverno: boolean;
  /** Make a new installation key where the old one is lost. */
  newInstallationKey: boolean;
  metrics: Metrics;
  log: Log;
};

export interface Operator {
  /**
   * Works until the signal aborts, then drains: what was begun is ended, the Lease is given up. Rejects when the cluster's
   * storage was put back to what it was earlier: watches from then on would say nothing, and what is remembered is wrong.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Why it cannot do its work just now; undefined when it can. */
  whyNotReady(): string | undefined;
}

export function createOperator(options: OperatorOptions): Operator {
  return new Loop(options);
}

class Loop implements Operator {
  readonly #options: OperatorOptions;
  readonly #world: ObservedWorld;
  readonly #queue;
  readonly #policies: PolicyLifecycle;
  readonly #router;
  readonly #watches;
  readonly #needs: WatchNeeds;
  readonly #knowledge: StoredKnowledge;
  readonly #key: InstallationKey;
  readonly #lease;
  readonly #permissions;
  readonly #reports: PolicyReports;
  readonly #kinds: KindTracker;
  readonly #moments: Moments;
  readonly #changes: SeenChanges;
  readonly #readiness: Readiness;
  readonly #kept: KeptLog;
  readonly #worker;
  readonly #deepCheck;
  readonly #pruneGate: PruneGate;
  readonly #polls;
  readonly #watchLog: WatchLog;
  readonly #kyverno: KyvernoPolicies;
  /** Aborted when the cluster's storage was restored. */
  readonly #wentBack = new AbortController();
  #started = false;
  /** Why it could not start yet. */
  #obstacle = "the API server was not asked yet";

  constructor(options: OperatorOptions) {
    const { client, namespace, metrics, log, identity } = options;
    this.#options = options;
    this.#watchLog = new WatchLog(metrics, log);
    const world = new ObservedWorld(options);
    const queue = createQueue<ClaimKey>((depth) => metrics.queueDepth.set(depth));
    const leads = (): boolean => this.#lease.held;
    const leader = guardWrites(client, leads);
    this.#world = world;
    this.#queue = queue;
    this.#knowledge = new StoredKnowledge({
      ...{ client: leader, namespace, world, log },
      mayWrite: leads,
      onStored: (policy, ok) => this.#onStored(policy, ok),
    });
    this.#key = new InstallationKey(leader, options);
    this.#lease = createLease(client, {
      ...{ namespace, identity, log },
      seenUntil: () => this.#moments.seenUntil,
      onChange: (held) => this.#onLease(held),
      onWentBack: () => this.#wentBack.abort(),
    });
    const mayWrite = (): boolean => leads() && this.#key.isPresent;
    this.#deepCheck = createDeepCheck({
      rate: options.deepCheckRate,
      due: world.checksDue,
      mayAsk: mayWrite,
      isIdle: () => queue.depth === 0,
      plan: (claim) => queue.add(claim),
      onPending: (count) => metrics.deepCheckPending.set(count),
      onTold: (policy) => this.#reports.touch(policy),
    });
    this.#reports = new PolicyReports({
      ...{ client: leader, world, metrics, log },
      mayWrite: leads,
      watchFailure: (selection) => this.#watches.stateOf(selection)?.failure,
      deepCheckPending: (policy) => this.#deepCheck.pendingOf(policy),
      storeProblem: (policy) => this.#knowledge.problemOf(policy),
    });
    this.#pruneGate = new PruneGate({ world, queue, log, onDecided: (policy) => this.#reports.touch(policy) });
    const changes = new SeenChanges({ world, queue, log });
    this.#changes = changes;
    const repairs = new Repairs((repair) => this.#reports.repaired(repair));
    this.#router = createRouter({
      ...{ world, queue, repairs, changes },
      triggeredBy: (resource, object, before) => this.#needs.triggeredBy(resource, object, before),
      onSystemChange: (resource, changes) => this.#onSystemChange(resource, changes),
      readBy: (resource) => this.#needs.readBy(resource),
      onSynced: (selection) => this.#onSynced(selection),
    });
    this.#watches = createWatches(
      (selection) => reflect(client, selection, { ...REFLECTOR_DEFAULTS, silence: options.watchSilence }),
      (watch, signal) => this.#onSignal(watch, signal),
      ({ selection }, error) =>
        log.error({ err: error, resource: resourceName(selection.resource) }, "an event could not be taken in"),
    );
    this.#needs = new WatchNeeds({
      ...{ world, watches: this.#watches },
      writtenKinds: () => this.#knowledge.kinds,
    });
    this.#moments = new Moments(world, this.#watches);
    this.#readiness = new Readiness({ world, watches: this.#watches, router: this.#router, moments: this.#moments });
    this.#policies = new PolicyLifecycle({
      ...{ world, queue, knowledge: this.#knowledge, readiness: this.#readiness, reports: this.#reports },
      pruneGate: this.#pruneGate,
      mayStore: () => this.#isSynced({ resource: DEFINITIONS }),
      rewatch: () => this.#needs.update(),
    });
    this.#kinds = new KindTracker({
      ...{ client, catalogue: world.catalogue },
      onChange: () => this.#onKindsChanged(),
      onError: (error) => log.error(error),
    });
    this.#permissions = createPermissions({
      ...{ client, subject: options.serviceAccount },
      granted: (claims) => {
        for (const claim of claims) queue.add(claim);
      },
    });
    this.#kept = new KeptLog(metrics, log);
    this.#polls = createPolls({
      results: world.callResults,
      make: createCaller(leader),
      interval: options.apiCallInterval,
      mayAsk: leads,
      onAnswered: (call, claims) => this.#router.onAnswered(call, claims),
      onCalled: ({ service }, { result }) =>
        metrics.calls.inc({
          whom: service === undefined ? "api" : "service",
          outcome: result.ok ? "answered" : "failed",
        }),
    });
    this.#kyverno = new KyvernoPolicies({
      ...{ client, namespace, identity, world, queue, metrics, log, leads },
      ...{ router: this.#router, reports: this.#reports },
      reflect: (selection) => reflect(client, selection, { ...REFLECTOR_DEFAULTS, silence: options.watchSilence }),
      onTurned: () => this.#sweep(),
    });
    this.#worker = createClaimWorker({
      ...{ client: leader, world, queue, repairs, metrics, log, mayWrite },
      ...{ deepCheck: this.#deepCheck, pruneGate: this.#pruneGate, polls: this.#polls, changes },
      apiCallInterval: options.apiCallInterval,
      permissions: this.#permissions,
      onPlanned: (policy) => this.#onPlanned(policy),
      onKept: (targets, because) => this.#kept.note(targets, because),
      onQuota: () => this.#needs.watchQuotas(),
      isShown: (resource, name) => this.#needs.watchStrangers(resource, name),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, concurrency } = this.#options;
    await this.#prepare(signal);
    if (signal.aborted) return;
    const leading = new AbortController();
    const kept = this.#lease.keep(leading.signal);
    this.#needs.update();
    if (this.#options.kyverno) this.#kyverno.start();
    const tidying = setInterval(() => this.#tidy(), TIDY_EVERY).unref();
    const working = this.#queue.run((key) => this.#work(key), concurrency);
    await aborted(AbortSignal.any([signal, this.#wentBack.signal]));
    log.info("stopping: what was begun is ended, then the Lease is given up");
    // an API server that does not answer must not keep the process from leaving before it is killed
    const deadline = setTimeout(() => void this.#options.client.close(), DRAIN).unref();
    clearInterval(tidying);
    this.#watches.stop();
    this.#kyverno.stop();
    this.#permissions.stop();
    this.#kinds.stop();
    this.#deepCheck.stop();
    this.#pruneGate.stop();
    this.#polls.stop();
    this.#queue.stop();
    await working;
    await this.#reports.stop();
    leading.abort();
    await kept;
    await this.#lease.release();
    clearTimeout(deadline);
    if (this.#wentBack.signal.aborted) throw new Error(WENT_BACK);
  }

  whyNotReady(): string | undefined {
    if (!this.#started) return this.#obstacle;
    const waiting = [NAMESPACES, DEFINITIONS, ...this.#world.policyResources()].filter(
      (resource) => !this.#isSynced({ resource }),
    );
    if (waiting.length > 0) return `waiting for the lists of ${waiting.map(resourceName).join(", ")}`;
    return this.#lease.held ? this.#key.whyNotUsable() : this.#lease.obstacle;
  }

  /** What the first plan needs: the kinds that are served, and what was stored. Tried until it works. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const { client, log } = this.#options;
    while (!signal.aborted) {
      const discovered = await discoverResources(client);
      const problem = discovered.ok ? await this.#knowledge.load() : printFailure(discovered.failure);
      if (discovered.ok && problem === undefined) {
        this.#world.catalogue.replaceDiscovered(discovered.resources, discovered.stale);
        await this.#key.look();
        this.#world.installationKey = this.#key.value;
        this.#started = true;
        return;
      }
      this.#obstacle = `cannot start yet: ${problem}`;
      log.warn({ reason: problem }, "cannot start yet; trying again");
      await delay(RETRY, undefined, { signal }).catch(() => {});
    }
  }

  async #work(key: ClaimKey): Promise<void> {
    try {
      await this.#worker.work(key);
    } catch (error) {
      this.#options.log.error({ err: error, claim: key }, "a claim could not be worked on; trying again");
      this.#queue.retry(key);
    }
  }

  #onLease(held: boolean): void {
    const { log, metrics } = this.#options;
    metrics.leading.set(held ? 1 : 0);
    log.info(held ? "the Lease is held" : "the Lease was lost: nothing is written until it is held again");
    this.#changes.onLease(held, this.#lease.heldByOthers);
    if (held) this.#readiness.takeOver(this.#lease.found);
    if (held) this.#reports.resume();
    this.#kyverno.tell();
    if (held) this.#lead().catch((error) => log.error({ err: error }, "cannot lead"));
  }

  /** Somebody else may have stored more since we read it. */
  async #lead(): Promise<void> {
    for (let problem = await this.#knowledge.load(); problem !== undefined; problem = await this.#knowledge.load()) {
      this.#options.log.warn({ reason: problem }, "cannot lead yet; trying again");
      await delay(RETRY);
      if (!this.#lease.held) return;
    }
    this.#needs.update();
    this.#policies.takeOver();
    await this.#key.settle({
      mayHold: () => this.#lease.held,
      isKnown: () =>
        this.#world.policiesSynced &&
        this.#watches.settled &&
        this.#knowledge.kinds.every((kind) => this.#isListed(kind)),
      hasTargets: () => this.#world.inventory.hasMarked,
    });
    this.#useKey();
    this.#deepCheck.wake();
    this.#polls.wake();
    this.#refresh();
  }

  /** What has random values could not be planned without it. */
  #useKey(): void {
    const { value } = this.#key;
    const known = this.#world.installationKey;
    if (value === undefined || (known !== undefined && Buffer.compare(known, value) === 0)) return;
    this.#world.installationKey = value;
    for (const state of this.#world.policyStates.values())
      for (const rule of rulesOf([state])) this.#router.enqueueRule(state.ref, rule);
  }

  #onSignal(watch: WatchState, signal: WatchSignal): void {
    this.#watchLog.note(watch, signal);
    if (signal.type === "failed") this.#onWatchFailed(watch.selection, signal.failure.status);
    if (signal.type === "recovered") this.#touchUsersOf(watch.selection.resource);
    this.#router.handle(watch, signal);
  }

  #onWatchFailed(selection: Selection, status: number): void {
    this.#touchUsersOf(selection.resource);
    if (status !== 403) return;
    this.#needs.noteRefused(selection, true);
    if (this.#readiness.noteForbidden(selection)) this.#sweep(); // what waited for them waits no more
  }

  #onSystemChange(resource: Resource, changes: readonly ObjectChange[]): void {
    const key = resourceKey(resource);
    if (key === resourceKey(DEFINITIONS)) this.#kinds.onDefinitions(changes);
    if (key === resourceKey(API_SERVICES)) this.#kinds.onApiServices(changes);
    if (this.#world.policyResources().some((policies) => resourceKey(policies) === key))
      for (const change of changes) this.#policies.onChange(change);
  }

  #onKindsChanged(): void {
    this.#policies.recompile();
    this.#needs.update();
    this.#sweep();
    this.#refresh();
  }

  #onStored(policy: ObjectKey, ok: boolean): void {
    if (ok) this.#readiness.noteStored(policy);
    this.#reports.touch(policy);
    this.#refresh();
  }

  /** At rest, now and then: what is stored about things that are no more goes. */
  #tidy(): void {
    const known = this.#world.policiesSynced && this.#watches.settled && this.#queue.depth === 0;
    if (!known) return;
    this.#needs.tidy();
    this.#knowledge
      .tidy((kind) => this.#isListed(kind))
      .catch((error) => this.#options.log.error({ err: error }, "the inventory could not be tidied"));
  }

  /** All marked objects of the kind are known; of a kind that is gone there are none. */
  #isListed(kind: GroupKind): boolean {
    const { catalogue } = this.#world;
    const resource = catalogue.findKind(kind);
    return resource === undefined ? catalogue.isGone(kind) : this.#isSynced(markedObjects(resource));
  }

  #sweep(): void {
    sweepInventory(this.#world, this.#queue);
    this.#kept.note(unclaimedTargets(this.#world), "its annotations do not say which policy made it");
  }

  #onSynced(selection: Selection): void {
    const { resource } = selection;
    this.#needs.noteRefused(selection, false);
    if (resourceKey(resource) === resourceKey(DEFINITIONS)) this.#policies.storeAll();
    this.#world.policiesSynced = [DEFINITIONS, ...this.#world.policyResources()].every((system) =>
      this.#isSynced({ resource: system }),
    );
    this.#refresh();
    this.#touchUsersOf(resource);
    if (this.#world.policiesSynced) this.#sweep();
  }

  #refresh(): void {
    for (const policy of this.#readiness.refresh()) this.#onPlanned(policy);
  }

  #onPlanned(policy: ObjectKey): void {
    this.#reports.touch(policy);
    this.#options.metrics.targets.set(this.#world.inventory.size);
    if (this.#readiness.becamePlanned(policy)) this.#sweep();
  }

  #touchUsersOf(resource: Resource): void {
    for (const [key, state] of this.#world.policyStates) {
      const used = rulesOf([state]).flatMap(selectionsOf);
      if (used.some((selection) => resourceKey(selection.resource) === resourceKey(resource))) this.#reports.touch(key);
    }
  }

  #isSynced(selection: Selection): boolean {
    return this.#watches.stateOf(selection)?.synced === true;
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
