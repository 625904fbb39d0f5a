/**
 * The operator: watches feed the world, changes of the world fill the queue, workers plan and apply, statuses report.
 * Nothing is written before the Lease is held and what has to survive a restart is stored.
 */

import { type ClusterClient, discoverResources, printFailure } from "../cluster/index.ts";
import {
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  type ObjectRef,
  type Resource,
  resourceKey,
  resourceName,
} from "../object/index.ts";
import type { PolicyStatus } from "../policy/index.ts";
import { createStatusWriter, statusOf } from "../report/index.ts";
import type { CompiledRule } from "../rule/index.ts";
import type { ClaimKey, ObjectChange, PolicyState } from "../state/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import { createClaimWorker } from "./claim-worker.ts";
import { figuresOf, type History } from "./figures.ts";
import { addDisposal, addKinds, createInventoryMap } from "./inventory-map.ts";
import { createLease } from "./lease.ts";
import { ObservedWorld } from "./observed-world.ts";
import { createPermissions } from "./permissions.ts";
import { createPolicyBook, disposalOf } from "./policy-book.ts";
import { createQueue } from "./queue.ts";
import { Readiness } from "./readiness.ts";
import { type Repair, Repairs } from "./repairs.ts";
import { createRouter } from "./router.ts";
import { API_SERVICES, DEFINITIONS, NAMESPACES, POLICIES, QUOTAS } from "./system-resources.ts";
import { rulesOf, wantedWatches } from "./wanted-watches.ts";
import { createWatches } from "./watches.ts";

export type OperatorOptions = {
  client: ClusterClient;
  /** The operator's own namespace. */
  namespace: string;
  installation: string;
  identity: string;
  concurrency: number;
  /** Milliseconds. */
  pruneDelay: number;
  /** Namespaces that are left alone. */
  systemNamespaces: ReadonlySet<string>;
  metrics: Metrics;
  log: Log;
};

export interface Operator {
  /** Works until the signal aborts, then drains: what was begun is ended, the Lease is given up. */
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
  readonly #book;
  readonly #router;
  readonly #watches;
  readonly #inventoryMap;
  readonly #lease;
  readonly #permissions;
  readonly #statuses;
  readonly #readiness: Readiness;
  readonly #repairs: Repairs;
  readonly #histories = new Map<ObjectKey, History>();
  readonly #worker;
  #watchesQuotas = false;
  /** By resource: the rules that its objects trigger. */
  #triggered = new Map<string, { policy: ObjectRef; rule: CompiledRule }[]>();
  #recompiling: NodeJS.Timeout | undefined;
  #started = false;

  constructor(options: OperatorOptions) {
    const { client, namespace, metrics, log, identity } = options;
    this.#options = options;
    this.#world = new ObservedWorld(options);
    this.#queue = createQueue<ClaimKey>((depth) => metrics.queueDepth.set(depth));
    this.#book = createPolicyBook(this.#world);
    this.#repairs = new Repairs((repair) => this.#onRepaired(repair));
    this.#router = createRouter({
      world: this.#world,
      queue: this.#queue,
      repairs: this.#repairs,
      triggeredBy: (resource) => this.#triggered.get(resourceKey(resource)) ?? [],
      onSystemChange: (resource, changes) => this.#onSystemChange(resource, changes),
      onSynced: (resource) => this.#onSynced(resource),
    });
    this.#watches = createWatches(client, (watch, signal) => {
      const resource = resourceName(watch.selection.resource);
      if (signal.type === "reopened") metrics.watchReopened.inc({ resource, because: signal.because });
      if (signal.type === "failed") this.#onWatchFailed(watch.selection.resource, signal.failure);
      this.#router.handle(watch, signal);
    });
    this.#inventoryMap = createInventoryMap(client, namespace);
    this.#lease = createLease(client, { namespace, identity, log, onChange: (held) => this.#onLease(held) });
    this.#permissions = createPermissions(client, (claims) => {
      for (const claim of claims) this.#queue.add(claim);
    });
    this.#statuses = createStatusWriter(client, {
      current: (policy) => this.#statusOf(policy),
      mayWrite: () => this.#lease.held,
      onFailure: (message) => log.warn(message),
    });
    this.#readiness = new Readiness(this.#world, this.#watches, this.#router);
    this.#worker = createClaimWorker({
      client,
      world: this.#world,
      queue: this.#queue,
      permissions: this.#permissions,
      repairs: this.#repairs,
      metrics,
      log,
      mayWrite: () => this.#lease.held,
      onPlanned: (policy) => this.#onPlanned(policy),
      onQuota: () => this.#watchQuotas(),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, concurrency } = this.#options;
    await this.#prepare(signal);
    if (signal.aborted) return;
    const leading = new AbortController();
    const kept = this.#lease.keep(leading.signal);
    this.#rewatch();
    const working = this.#queue.run((key) => this.#work(key), concurrency);
    await aborted(signal);
    log.info("stopping: what was begun is ended, then the Lease is given up");
    this.#watches.stop();
    this.#permissions.stop();
    clearTimeout(this.#recompiling);
    this.#queue.stop();
    await working;
    await this.#statuses.stop();
    leading.abort();
    await kept;
    await this.#lease.release();
  }

  whyNotReady(): string | undefined {
    if (!this.#started) return "the API server was not reached yet";
    const waiting = [NAMESPACES, DEFINITIONS, ...POLICIES].filter(
      (resource) => this.#watches.stateOf(resource)?.synced !== true,
    );
    if (waiting.length > 0) return `waiting for the lists of ${waiting.map(resourceName).join(", ")}`;
    return this.#lease.held ? undefined : "another process holds the Lease";
  }

  /** What the first plan needs: the kinds that are served, and what was stored. Tried until it works. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const { client, log } = this.#options;
    while (!signal.aborted) {
      const discovered = await discoverResources(client);
      const problem = discovered.ok ? await this.#load() : printFailure(discovered.failure);
      if (discovered.ok && problem === undefined) {
        this.#world.catalogue.replaceDiscovered(discovered.resources);
        this.#started = true;
        return;
      }
      log.warn({ reason: problem }, "cannot start yet; trying again");
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 1_000)), aborted(signal)]);
    }
  }

  async #load(): Promise<string | undefined> {
    try {
      await this.#inventoryMap.load();
      this.#world.disposals = this.#inventoryMap.content.disposals;
      return undefined;
    } catch (error) {
      return String(error);
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
    this.#readiness.seenUntil ??= this.#lease.lastRenewal ?? new Date(0);
    if (!held) return;
    for (const state of this.#world.policyStates.values()) this.#store(state);
    this.#refresh();
  }

  #onSystemChange(resource: Resource, changes: readonly ObjectChange[]): void {
    if (resource.kind === DEFINITIONS.kind) this.#onDefinitions(changes);
    if (resource.kind === API_SERVICES.kind) this.#onApiServices(changes);
    if (POLICIES.some((policies) => resourceKey(policies) === resourceKey(resource)))
      for (const change of changes) this.#onPolicy(change);
  }

  #onDefinitions(changes: readonly ObjectChange[]): void {
    const { catalogue } = this.#world;
    for (const { before, after } of changes) {
      if (after !== undefined) catalogue.setDefinition(after);
      else if (before !== undefined) catalogue.removeDefinition(before);
    }
    this.#recompileSoon(0);
  }

  /** An aggregated API came or went: only discovery knows which kinds it serves. */
  #onApiServices(changes: readonly ObjectChange[]): void {
    const first = this.#watches.stateOf(API_SERVICES)?.synced !== true;
    if (!first && changes.some(({ before, after }) => isAggregated(after ?? before))) this.#recompileSoon(500, true);
  }

  #recompileSoon(millis: number, rediscover = false): void {
    clearTimeout(this.#recompiling);
    this.#recompiling = setTimeout(() => {
      this.#recompile(rediscover).catch((error) => this.#options.log.error(error));
    }, millis);
  }

  async #recompile(rediscover: boolean): Promise<void> {
    if (rediscover) {
      const discovered = await discoverResources(this.#options.client);
      if (discovered.ok) this.#world.catalogue.replaceDiscovered(discovered.resources);
    }
    for (const key of this.#book.recompile()) this.#policyChanged(key);
    this.#rewatch();
    this.#sweep();
    this.#refresh();
  }

  #onPolicy({ before, after }: ObjectChange): void {
    const object = after ?? before;
    if (object === undefined) return;
    const key = keyOf({
      group: "perennial.dev",
      kind: object.kind,
      namespace: object.metadata.namespace ?? "",
      name: object.metadata.name,
    });
    if (after === undefined) return this.#onPolicyGone(key);
    const stored = after.status as PolicyStatus | undefined; // written by us, or by an older version of us
    if (!this.#histories.has(key)) this.#histories.set(key, historyOf(stored));
    this.#statuses.note(key, stored);
    if (this.#book.put(after)) this.#policyChanged(key);
  }

  #onPolicyGone(key: ObjectKey): void {
    this.#book.remove(key);
    this.#statuses.forget(key);
    this.#histories.delete(key);
    this.#enqueuePolicy(key);
    this.#rewatch();
  }

  #policyChanged(key: ObjectKey): void {
    const state = this.#world.policyStates.get(key);
    if (state === undefined) return;
    this.#readiness.noteNewRules(state);
    this.#rewatch();
    this.#store(state);
    this.#enqueuePolicy(key);
    this.#statuses.touch(key);
  }

  /** What has to survive a restart, before the first write of the policy. */
  #store(state: PolicyState): void {
    const key = keyOf(state.ref);
    if (state.phase !== "compiled" || !this.#lease.held || this.#watches.stateOf(DEFINITIONS)?.synced !== true) return;
    const { rules } = state.compiled;
    const { generation } = state.object.metadata;
    this.#inventoryMap
      .update((content) =>
        addDisposal(disposalOf(this.#world, state, rules))(addKinds(rules.flatMap(({ targets }) => targets))(content)),
      )
      .then((stored) => {
        this.#world.disposals = this.#inventoryMap.content.disposals;
        const current = this.#world.policyStates.get(key)?.object.metadata.generation === generation;
        if (!stored) setTimeout(() => this.#store(state), 1_000).unref();
        else if (current) this.#readiness.noteStored(key);
        this.#refresh();
      })
      .catch((error) => this.#options.log.error(error));
  }

  /** The claims of a policy, and whatever carries its marks. */
  #enqueuePolicy(key: ObjectKey): void {
    const prefix = `${key}\n`;
    for (const { key: claim } of this.#world.claims.values()) if (claim.startsWith(prefix)) this.#queue.add(claim);
    for (const { claim } of this.#world.inventory.values()) if (claim?.startsWith(prefix)) this.#queue.add(claim);
  }

  /** Marked targets that no claim wants: now that all is planned, their fate is known. */
  #sweep(): void {
    for (const { claim } of this.#world.inventory.values()) {
      if (claim !== undefined && this.#world.claims.get(claim) === undefined) this.#queue.add(claim);
    }
    this.#world.forgetOldDepartures();
  }

  #rewatch(): void {
    this.#triggered = triggeredRules(this.#world.policyStates.values());
    const { selections, whole } = wantedWatches({
      system: [NAMESPACES, DEFINITIONS, API_SERVICES, ...POLICIES, ...(this.#watchesQuotas ? [QUOTAS] : [])],
      policies: this.#world.policyStates.values(),
      written: this.#inventoryMap.content.kinds,
      catalogue: this.#world.catalogue,
    });
    this.#world.keepStores(new Set(whole.keys()));
    for (const resource of whole.values()) this.#world.openStore(resource);
    this.#watches.want(selections);
  }

  #watchQuotas(): void {
    if (this.#watchesQuotas) return;
    this.#watchesQuotas = true;
    this.#rewatch();
  }

  #onSynced(resource: Resource): void {
    const synced = (candidate: Resource): boolean => this.#watches.stateOf(candidate)?.synced === true;
    if (resourceKey(resource) === resourceKey(DEFINITIONS))
      for (const state of this.#world.policyStates.values()) this.#store(state);
    this.#world.policiesSynced = [DEFINITIONS, ...POLICIES].every(synced);
    this.#refresh();
    if (this.#world.policiesSynced) this.#sweep();
  }

  #refresh(): void {
    for (const policy of this.#readiness.refresh()) this.#onPlanned(policy);
  }

  #onPlanned(policy: ObjectKey): void {
    this.#statuses.touch(policy);
    this.#options.metrics.targets.set(this.#world.inventory.size);
    if (this.#readiness.becamePlanned(policy)) this.#sweep();
  }

  #onWatchFailed(resource: Resource, failure: Parameters<typeof printFailure>[0]): void {
    const { metrics, log } = this.#options;
    metrics.watchFailures.inc({ resource: resourceName(resource), status: String(failure.status) });
    log.warn(
      { resource: resourceName(resource), reason: printFailure(failure) },
      "a watch was refused; it is tried again",
    );
    for (const [key, state] of this.#world.policyStates) {
      if (rulesOf([state]).some(({ triggers, targets }) => [...triggers, ...targets].includes(resource)))
        this.#statuses.touch(key);
    }
  }

  #onRepaired(repair: Repair): void {
    const { metrics, log } = this.#options;
    const { policy, target, millis, time, rule, ...told } = repair;
    const history = this.#histories.get(policy);
    if (history === undefined) return;
    const version = this.#world.catalogue.findKind(target)?.version ?? "";
    const reference = {
      apiVersion: target.group === "" ? version : `${target.group}/${version}`,
      kind: target.kind,
      name: target.name,
      ...(target.namespace === "" ? {} : { namespace: target.namespace }),
    };
    history.corrected += 1;
    history.drifts = [{ rule, target: reference, ...told, millis, time }, ...history.drifts].slice(0, 10);
    metrics.corrections.inc({ policy: this.#world.policyStates.get(policy)?.ref.name ?? "" });
    metrics.repair.observe(millis / 1000);
    log.info({ policy, ...history.drifts[0] }, "drift put right");
    this.#statuses.touch(policy);
  }

  #statusOf(key: ObjectKey) {
    const state = this.#world.policyStates.get(key);
    const resource = POLICIES.find(({ kind }) => kind === state?.ref.kind);
    const history = this.#histories.get(key);
    if (state === undefined || resource === undefined || history === undefined) return undefined;
    const figures = figuresOf(state, {
      world: this.#world,
      history,
      watchFailure: (watched) => this.#watches.stateOf(watched)?.failure,
    });
    return {
      ref: state.ref,
      resource,
      status: statusOf(figures, this.#statuses.stored(key), new Date().toISOString()),
    };
  }
}

function triggeredRules(policies: Iterable<PolicyState>): Map<string, { policy: ObjectRef; rule: CompiledRule }[]> {
  const rules = [...policies].flatMap((state) => rulesOf([state]).map((rule) => ({ policy: state.ref, rule })));
  const pairs = rules.flatMap((entry) =>
    entry.rule.triggers.map((resource) => ({ key: resourceKey(resource), entry })),
  );
  return new Map(
    [...Map.groupBy(pairs, ({ key }) => key)].map(([key, found]) => [key, found.map(({ entry }) => entry)]),
  );
}

function historyOf(status: PolicyStatus | undefined): History {
  return { corrected: status?.summary?.corrected ?? 0, drifts: status?.drifts ?? [] };
}

function isAggregated(service: KubernetesObject | undefined): boolean {
  const spec = service?.spec;
  return (
    spec !== null &&
    typeof spec === "object" &&
    "service" in spec &&
    spec.service !== null &&
    spec.service !== undefined
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
