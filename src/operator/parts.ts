/** What the operator consists of, and what each part is told of the others. */

import { type ClusterClient, guardWrites, type Selection } from "../cluster/index.ts";
import { type ObjectKey, type Resource, resourceName } from "../object/index.ts";
import type { Call } from "../rule/index.ts";
import type { ClaimKey, ObjectChange } from "../state/index.ts";
import { REFLECTOR_DEFAULTS, reflect, type WatchSignal } from "../watch/index.ts";
import { type AskedCalls, createAskedCalls } from "./asked-calls.ts";
import { type Called, createCaller } from "./caller.ts";
import { type ClaimWorker, createClaimWorker } from "./claim-worker.ts";
import { createDeepCheck, type DeepCheck } from "./deep-check.ts";
import { InstallationKey } from "./installation-key.ts";
import { KeptLog } from "./kept-log.ts";
import { KindTracker } from "./kind-tracker.ts";
import { KyvernoPolicies } from "./kyverno-policies.ts";
import { createLease, type Lease } from "./lease.ts";
import { Moments } from "./moments.ts";
import { ObservedWorld } from "./observed-world.ts";
import type { OperatorOptions } from "./options.ts";
import { createPermissions, type Permissions } from "./permissions.ts";
import { PolicyLifecycle } from "./policy-lifecycle.ts";
import { PolicyReports } from "./policy-reports.ts";
import { createPolls, type Polls } from "./polls.ts";
import { PruneGate } from "./prune-gate.ts";
import { createQueue, type KeyedQueue } from "./queue.ts";
import { Readiness } from "./readiness.ts";
import { RecordedUsers } from "./recorded-users.ts";
import { Repairs } from "./repairs.ts";
import { createRouter, type Router } from "./router.ts";
import { SeenChanges } from "./seen-changes.ts";
import { StoredKnowledge } from "./stored-knowledge.ts";
import { DEFINITIONS } from "./system-resources.ts";
import { WatchLog } from "./watch-log.ts";
import { WatchNeeds } from "./watch-needs.ts";
import { createWatches, type Watches, type WatchState } from "./watches.ts";

/** What has to be answered by more than one part. */
export interface PartEvents {
  onLease(held: boolean): void;
  onWentBack(): void;
  onSignal(watch: WatchState, signal: WatchSignal): void;
  onSystemChange(resource: Resource, changes: readonly ObjectChange[]): void;
  onKindsChanged(): void;
  onStored(policy: ObjectKey, ok: boolean): void;
  onSynced(selection: Selection): void;
  onPlanned(policy: ObjectKey): void;
  sweep(): void;
}

export class Parts {
  readonly world: ObservedWorld;
  readonly queue: KeyedQueue<ClaimKey>;
  readonly knowledge: StoredKnowledge;
  readonly key: InstallationKey;
  readonly lease: Lease;
  readonly reports: PolicyReports;
  readonly changes: SeenChanges;
  readonly watches: Watches;
  readonly needs: WatchNeeds;
  readonly router: Router;
  readonly moments: Moments;
  readonly readiness: Readiness;
  readonly pruneGate: PruneGate;
  readonly policies: PolicyLifecycle;
  readonly kinds: KindTracker;
  readonly permissions: Permissions;
  readonly polls: Polls;
  readonly askedCalls: AskedCalls;
  readonly deepCheck: DeepCheck;
  readonly kyverno: KyvernoPolicies;
  readonly worker: ClaimWorker;
  readonly kept: KeptLog;
  readonly watchLog: WatchLog;
  readonly #options: OperatorOptions;
  readonly #on: PartEvents;
  /** Writes only while the Lease is held. */
  readonly #leader: ClusterClient;
  readonly #repairs: Repairs;
  readonly users = new RecordedUsers();

  /** Of what is made later, each part is told by functions, which are called once all are there. */
  constructor(options: OperatorOptions, on: PartEvents) {
    const { client, metrics, log } = options;
    this.#options = options;
    this.#on = on;
    this.#leader = guardWrites(client, () => this.lease.held);
    this.#repairs = new Repairs((repair) => this.reports.repaired(repair));
    this.world = new ObservedWorld(options);
    this.queue = createQueue<ClaimKey>((depth) => metrics.queueDepth.set(depth));
    this.knowledge = this.#createKnowledge();
    this.key = new InstallationKey(this.#leader, options);
    this.lease = this.#createLease();
    this.reports = this.#createReports();
    this.changes = new SeenChanges({
      ...{ world: this.world, queue: this.queue, log },
      onLost: (claim, because) => this.reports.lost(claim, because),
    });
    this.watches = this.#createWatches();
    this.needs = new WatchNeeds({
      ...{ world: this.world, watches: this.watches },
      writtenKinds: () => this.knowledge.kinds,
    });
    this.router = this.#createRouter();
    this.moments = new Moments(this.world, this.watches);
    this.readiness = new Readiness(this);
    this.pruneGate = new PruneGate({
      ...{ world: this.world, queue: this.queue, log },
      onDecided: (policy) => this.reports.touch(policy),
    });
    this.policies = this.#createPolicies();
    this.kinds = new KindTracker({
      ...{ client, catalogue: this.world.catalogue },
      onChange: () => on.onKindsChanged(),
      onError: (error) => log.error(error),
    });
    this.permissions = this.#createPermissions();
    this.polls = this.#createPolls();
    this.askedCalls = createAskedCalls({
      make: createCaller(client), // no Lease is needed to answer
      onCalled: (call, called) => this.#noteCalled(call, called),
    });
    this.deepCheck = this.#createDeepCheck();
    this.kyverno = this.#createKyverno();
    this.kept = new KeptLog(metrics, log);
    this.watchLog = new WatchLog(metrics, log);
    this.worker = this.#createWorker();
  }

  isSynced(selection: Selection): boolean {
    return this.watches.stateOf(selection)?.synced === true;
  }

  #mayWrite(): boolean {
    return this.lease.held && this.key.isPresent;
  }

  #createKnowledge(): StoredKnowledge {
    const { namespace, log } = this.#options;
    return new StoredKnowledge({
      ...{ client: this.#leader, namespace, world: this.world, log },
      mayWrite: () => this.lease.held,
      onStored: (policy, ok) => this.#on.onStored(policy, ok),
    });
  }

  #createLease(): Lease {
    const { client, namespace, identity, log } = this.#options;
    return createLease(client, {
      ...{ namespace, identity, log },
      seenUntil: () => this.moments.seenUntil,
      onChange: (held) => this.#on.onLease(held),
      onWentBack: () => this.#on.onWentBack(),
    });
  }

  #createReports(): PolicyReports {
    const { metrics, log } = this.#options;
    return new PolicyReports({
      ...{ client: this.#leader, world: this.world, users: this.users, metrics, log },
      mayWrite: () => this.lease.held,
      watchFailure: (selection) => this.watches.stateOf(selection)?.failure,
      deepCheckPending: (policy) => this.deepCheck.pendingOf(policy),
      storeProblem: (policy) => this.knowledge.problemOf(policy),
    });
  }

  #reflect(selection: Selection) {
    const { client, watchSilence } = this.#options;
    return reflect(client, selection, { ...REFLECTOR_DEFAULTS, silence: watchSilence });
  }

  #createWatches(): Watches {
    const { log } = this.#options;
    return createWatches(
      (selection) => this.#reflect(selection),
      (watch, signal) => this.#on.onSignal(watch, signal),
      ({ selection }, error) =>
        log.error({ err: error, resource: resourceName(selection.resource) }, "an event could not be taken in"),
    );
  }

  #createRouter(): Router {
    return createRouter({
      ...{ world: this.world, queue: this.queue, repairs: this.#repairs, changes: this.changes },
      triggeredBy: (resource, object, before) => this.needs.triggeredBy(resource, object, before),
      onSystemChange: (resource, changes) => this.#on.onSystemChange(resource, changes),
      lookedAtBy: (resource) => this.needs.lookedAtBy(resource),
      onSynced: (selection) => this.#on.onSynced(selection),
    });
  }

  #createPolicies(): PolicyLifecycle {
    return new PolicyLifecycle({
      ...{ world: this.world, queue: this.queue, knowledge: this.knowledge, readiness: this.readiness },
      ...{ reports: this.reports, pruneGate: this.pruneGate },
      mayStore: () => this.isSynced({ resource: DEFINITIONS }),
      rewatch: () => this.needs.update(),
    });
  }

  #createPermissions(): Permissions {
    const { client, serviceAccount } = this.#options;
    return createPermissions({
      ...{ client, subject: serviceAccount },
      granted: (claims) => {
        for (const claim of claims) this.queue.add(claim);
      },
    });
  }

  #createPolls(): Polls {
    const { apiCallInterval } = this.#options;
    return createPolls({
      results: this.world.callResults,
      make: createCaller(this.#leader),
      interval: apiCallInterval,
      mayAsk: () => this.lease.held,
      onAnswered: (call, claims) => this.router.onAnswered(call, claims),
      onCalled: (call, called) => this.#noteCalled(call, called),
    });
  }

  #noteCalled({ service }: Call, { result }: Called): void {
    const whom = service === undefined ? "api" : "service";
    this.#options.metrics.calls.inc({ whom, outcome: result.ok ? "answered" : "failed" });
  }

  #createDeepCheck(): DeepCheck {
    const { metrics, deepCheckRate } = this.#options;
    return createDeepCheck({
      rate: deepCheckRate,
      due: this.world.checksDue,
      mayAsk: () => this.#mayWrite(),
      isIdle: () => this.queue.depth === 0,
      plan: (claim) => this.queue.add(claim),
      onPending: (count) => metrics.deepCheckPending.set(count),
      onTold: (policy) => this.reports.touch(policy),
    });
  }

  #createKyverno(): KyvernoPolicies {
    const { client, namespace, identity, metrics, log } = this.#options;
    return new KyvernoPolicies({
      ...{ client, namespace, identity, metrics, log, leads: () => this.lease.held },
      ...{ world: this.world, queue: this.queue, router: this.router, reports: this.reports },
      reflect: (selection) => this.#reflect(selection),
      onTurned: () => this.#on.sweep(),
    });
  }

  #createWorker(): ClaimWorker {
    const { metrics, log, apiCallInterval } = this.#options;
    return createClaimWorker({
      ...{ client: this.#leader, world: this.world, queue: this.queue, repairs: this.#repairs, metrics, log },
      ...{ deepCheck: this.deepCheck, pruneGate: this.pruneGate, polls: this.polls, changes: this.changes },
      ...{ apiCallInterval, permissions: this.permissions },
      mayWrite: () => this.#mayWrite(),
      onPlanned: (policy) => this.#on.onPlanned(policy),
      onKept: (targets, because) => this.kept.note(targets, because),
      onQuota: () => this.needs.watchQuotas(),
      isShown: (resource, name) => this.needs.watchStrangers(resource, name),
    });
  }
}
