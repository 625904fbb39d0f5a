/** What people see of the policies: figures counted from the claims, the history of repairs, and statuses written from both. */

import type { ApiFailure, ClusterClient, Selection } from "../cluster/index.ts";
import { type KubernetesObject, KYVERNO, keyOf, type ObjectKey, refOf } from "../object/index.ts";
import type { PolicyStatus } from "../policy/index.ts";
import {
  createStatusWriter,
  kyvernoStatusOf,
  objectReference,
  type StatusWriter,
  statusOf,
  storedKyvernoStatus,
} from "../report/index.ts";
import { type ClaimKey, claimRef } from "../state/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import { figuresOf, generationOf, type History } from "./figures.ts";
import { isWorthALine, LostChanges } from "./lost-changes.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { RecordedUsers } from "./recorded-users.ts";
import type { Repair } from "./repairs.ts";

export type PolicyReportsOptions = {
  client: ClusterClient;
  world: ObservedWorld;
  metrics: Metrics;
  log: Log;
  mayWrite(): boolean;
  watchFailure(selection: Selection): ApiFailure | undefined;
  /** Why what the policy needs is not stored yet. */
  storeProblem(policy: ObjectKey): string | undefined;
  users: RecordedUsers;
  /** How many of its targets wait for the deep check. */
  deepCheckPending(policy: ObjectKey): number;
};

/** As many as a status shows. */
const DRIFTS = 10;

export class PolicyReports {
  readonly #options: PolicyReportsOptions;
  readonly #statuses: StatusWriter;
  readonly #histories = new Map<ObjectKey, History>();
  readonly #lost = new LostChanges();

  constructor(options: PolicyReportsOptions) {
    this.#options = options;
    this.#statuses = createStatusWriter(options.client, {
      current: (policy) => this.#current(policy),
      mayWrite: options.mayWrite,
      onFailure: (message) => options.log.warn(message),
    });
  }

  /** The policy as it is stored: its counters go on from there. */
  note(policy: KubernetesObject): void {
    const key = keyOf(refOf(policy));
    const stored = policy.status as PolicyStatus | undefined; // written by us, or by an older version of us
    if (!this.#histories.has(key)) {
      this.#histories.set(key, { corrected: stored?.summary?.corrected ?? 0, drifts: stored?.drifts ?? [] });
    }
    this.#statuses.note(key, refOf(policy).group === KYVERNO ? storedKyvernoStatus(stored) : stored);
  }

  forget(policy: ObjectKey): void {
    this.#statuses.forget(policy);
    this.#histories.delete(policy);
    this.#lost.forget(policy);
  }

  /** Something of the policy may have changed. */
  touch(policy: ObjectKey): void {
    this.#statuses.touch(policy);
  }

  repaired({ policy, target, ...told }: Repair): void {
    const { metrics, log, world } = this.#options;
    const history = this.#histories.get(policy);
    if (history === undefined) return;
    const version = world.catalogue.findKind(target)?.version ?? "";
    const user = this.#options.users.take(keyOf(target), world.now);
    const drift = { ...told, ...(user === undefined ? {} : { user }), target: objectReference(target, version) };
    history.corrected += 1;
    history.drifts = [drift, ...history.drifts].slice(0, DRIFTS);
    metrics.corrections.inc({ policy: world.policyStates.get(policy)?.ref.name ?? "" });
    metrics.repair.observe(told.millis / 1000);
    log.info({ policy, ...drift }, "drift put right");
    this.touch(policy);
  }

  /** A change that one of its rules should have acted on, and never will. */
  lost(claim: ClaimKey, because: string): void {
    const { metrics, log, world } = this.#options;
    const policy = keyOf(claimRef(claim).policy);
    const state = world.policyStates.get(policy);
    if (state === undefined) return;
    const lost = this.#lost.note(claim, generationOf(state), because);
    metrics.changesLost.inc({ policy: state.ref.name });
    if (isWorthALine(lost)) log.error({ claim, because, count: lost.count }, "a change is lost: too many were waiting");
    this.touch(policy);
  }

  /** The Lease is held again. */
  resume(): void {
    this.#statuses.resume();
  }

  async stop(): Promise<void> {
    await this.#statuses.stop();
  }

  #current(key: ObjectKey) {
    const { world, watchFailure, storeProblem, deepCheckPending } = this.#options;
    const state = world.policyStates.get(key);
    const resource = world
      .policyResources()
      .find(({ group, kind }) => group === state?.ref.group && kind === state?.ref.kind);
    const history = this.#histories.get(key);
    if (state !== undefined && world.whySuspended(state.ref) !== undefined) return undefined;
    if (state === undefined || resource === undefined || history === undefined) return undefined;
    const figures = figuresOf(state, {
      ...{ world, history, watchFailure, lost: this.#lost.of(key, generationOf(state)) },
      storeProblem: storeProblem(key),
      deepCheckPending: deepCheckPending(key),
    });
    const stored = this.#statuses.stored(key);
    const status = statusOf(figures, stored, new Date().toISOString());
    const written = state.foreign === undefined ? status : kyvernoStatusOf(status, state.foreign, stored);
    return { ref: state.ref, resource, status: written };
  }
}
