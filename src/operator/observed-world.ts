/** The world as it was observed: the writers of the state, and what the loop knows besides. Plans see it as `World`. */

import type { Selection } from "../cluster/index.ts";
import type { Environment } from "../expression/index.ts";
import {
  type GroupKind,
  type GroupKindKey,
  groupKindKey,
  hash,
  isBeingDeleted,
  KYVERNO,
  keyOf,
  type ObjectKey,
  type ObjectRef,
  type Resource,
  refOf,
  refOfKey,
} from "../object/index.ts";
import type { Call, CallResult, DesiredTarget } from "../rule/index.ts";
import {
  type ClaimKey,
  createCallResults,
  createCatalogue,
  createClaims,
  createInventory,
  createObjectStore,
  createPrunes,
  type Departure,
  type Disposal,
  namespaceOf,
  type ObjectChange,
  type ObjectStore,
  OpenMoments,
  type PolicyState,
  type SeenChange,
  type World,
} from "../state/index.ts";
import { AdmissionState } from "./admission-state.ts";
import { DriftSightings } from "./drift-sightings.ts";
import { KeptObjects } from "./kept-objects.ts";
import { UNKNOWN } from "./kyverno-presence.ts";
import { kindsWithStatus } from "./reads-status.ts";
import { POLICIES } from "./system-resources.ts";

export type WorldOptions = {
  installation: string;
  pruneDelay: number;
  /** Namespaces that are left alone. */
  systemNamespaces: ReadonlySet<string>;
  /** Whether policies of kyverno.io are served, where there are any. */
  kyverno: boolean;
  /** Whether the API server is told to ask while objects are written. */
  webhook?: boolean;
};

/** How far a rule has come since it appeared or changed. */
export type RuleProgress = {
  /** All it looks at is watched, and what must be stored is stored. */
  ready: boolean;
  /** Claims that were not planned since. */
  awaited: Set<ClaimKey>;
  /** It cannot become ready without a human: a kind it looks at is not served, or may not be watched. Nobody waits for it. */
  stuck: boolean;
  targets: readonly GroupKindKey[];
  /** Kinds whose existing objects it changes. */
  mutates: readonly GroupKindKey[];
  /** When it appeared or changed, in monotonic milliseconds. */
  since: number;
};

/** What they own must not be taken for something whose policy is gone. */
const NOT_SERVED = "policies of kyverno.io are served with --kyverno only";

/** Milliseconds that others leave a target to a rule that is about to be planned. Its watches may need another API to answer. */
const HEAD_START = 10_000;

export class ObservedWorld implements World {
  readonly installation: string;
  readonly pruneDelay: number;
  readonly environment: Pick<Environment, "now" | "hash">;
  installationKey: Uint8Array | undefined;
  readonly catalogue = createCatalogue();
  readonly claims = createClaims();
  readonly inventory: ReturnType<typeof createInventory>;
  readonly prunes = createPrunes();
  readonly namespaces = createObjectStore();
  readonly callResults = createCallResults();
  readonly departures = new Map<ObjectKey, Departure>();
  readonly moments = new OpenMoments();
  /** What claims of edge rules have to act on, one after the other. */
  readonly changes = new Map<ClaimKey, SeenChange[]>();
  /** Targets in sync by ownership that are to be compared with a fresh object now. */
  readonly checksDue = new Set<ObjectKey>();
  /** By policy key, then by the rule's name. */
  readonly progress = new Map<ObjectKey, Map<string, RuleProgress>>();
  /** Kinds whose existing objects some rule changes. */
  mutatedKinds: ReadonlySet<GroupKindKey> = new Set();
  readonly policyStates = new Map<ObjectKey, PolicyState>();
  readonly admission: AdmissionState;
  disposals: ReadonlyMap<ObjectKey, Disposal> = new Map();
  /** Kinds of existing objects whose status some rule looks at, or writes. */
  kindsWithStatus: ReadonlySet<GroupKindKey> = new Set();
  /** Rules that took something back before the start: what they had set where nobody watches is still to be looked for. */
  readonly searchesDue = new Map<string, { policy: ObjectRef; rule: string }>();
  policiesSynced = false;
  readonly policies = {
    world: this,
    get synced(): boolean {
      return this.world.policiesSynced;
    },
    get: (key: ObjectKey) => this.policyStates.get(key),
    values: () => this.policyStates.values(),
    disposalOf: (key: ObjectKey) => this.disposals.get(key),
  };
  readonly #systemNamespaces: ReadonlySet<string>;
  readonly stores = new KeptObjects(this.namespaces);
  readonly driftSightings = new DriftSightings();

  /** Why policies of kyverno.io are left alone just now. */
  kyvernoSuspended: string | undefined;
  readonly #servesKyverno: boolean;

  constructor({ installation, pruneDelay, systemNamespaces, kyverno, webhook = false }: WorldOptions) {
    this.admission = new AdmissionState({ isOn: webhook, kyverno });
    this.#servesKyverno = kyverno;
    this.kyvernoSuspended = kyverno ? UNKNOWN : NOT_SERVED;
    this.installation = installation;
    this.pruneDelay = pruneDelay;
    this.#systemNamespaces = systemNamespaces;
    this.inventory = createInventory(installation);
    this.environment = { now: () => new Date(), hash };
  }

  get now(): number {
    return performance.now();
  }

  objects(resource: Resource, by?: { readsContent: boolean }): ObjectStore | undefined {
    return this.stores.triggers(resource, by);
  }

  objectsWith(resource: Resource, { namespace, name }: ObjectRef): ObjectStore | undefined {
    return this.objectsOf({ resource, ...(namespace === "" ? {} : { namespace }), name });
  }

  objectsIn(resource: Resource, namespace: string | undefined): ObjectStore | undefined {
    return this.objectsOf({ resource, ...(namespace === undefined ? {} : { namespace }) });
  }

  /** The objects of a selection, perhaps among others. */
  objectsOf(selection: Selection): ObjectStore | undefined {
    return this.stores.showing(selection);
  }

  /** A custom resource goes, or is back. */
  noteDeparture({ before, after }: ObjectChange): void {
    const object = after ?? before;
    if (object === undefined) return;
    const ref = refOf(object);
    if (after !== undefined && !isBeingDeleted(after)) {
      this.departures.delete(keyOf(ref));
      return;
    }
    const definition = this.catalogue.definitionOf(ref);
    if (definition === undefined || this.departures.has(keyOf(ref))) return;
    this.departures.set(keyOf(ref), { since: this.now, definition: definition.uid });
  }

  /** Once the delay is over, "gone" is what the absence says by itself; only under another definition it is not. */
  forgetOldDepartures(): void {
    for (const [key, { since, definition }] of this.departures) {
      const current = this.catalogue.definitionOf(refOfKey(key))?.uid;
      if (definition === current && since + this.pruneDelay < this.now) this.departures.delete(key);
    }
  }

  resultOf(call: Call): CallResult | undefined {
    return this.callResults.get(call);
  }

  departureOf(key: ObjectKey): Departure | undefined {
    return this.departures.get(key);
  }

  *departuresOf({ group, kind }: GroupKind): Iterable<Departure> {
    for (const [key, departure] of this.departures) if (key.startsWith(`${group}/${kind}/`)) yield departure;
  }

  isSystemNamespace(name: string): boolean {
    return this.#systemNamespaces.has(name);
  }

  /** The namespace of the object is there, and stays; or it needs none. */
  hasPlace({ namespace }: ObjectRef): boolean {
    const live = namespaceOf(this, namespace);
    return namespace === "" || (live !== undefined && !isBeingDeleted(live));
  }

  isReady(policy: ObjectKey, rule: string): boolean {
    return this.progress.get(policy)?.get(rule)?.ready === true;
  }

  isExpected(policy: ObjectKey, rule: string): boolean {
    const progress = this.progress.get(policy)?.get(rule);
    if (progress === undefined || progress.ready || progress.stuck) return false;
    return this.now - progress.since < HEAD_START;
  }

  isPlanned(kind: GroupKind): boolean {
    if (!this.policiesSynced) return false;
    const key = groupKindKey(kind);
    for (const rules of this.progress.values()) {
      for (const { ready, awaited, stuck, targets } of rules.values()) {
        if (targets.includes(key) && ((!ready && !stuck) || awaited.size > 0)) return false;
      }
    }
    return true;
  }

  mutationsOf(kind: GroupKind): "none" | "unknown" | "known" {
    if (this.mutatedKinds.size === 0) return this.policiesSynced ? "none" : "unknown";
    const key = groupKindKey(kind);
    if (!this.policiesSynced) return "unknown";
    if (!this.mutatedKinds.has(key)) return "none";
    for (const rules of this.progress.values())
      for (const { ready, awaited, stuck, mutates } of rules.values())
        if (mutates.includes(key) && ((!ready && !stuck) || awaited.size > 0)) return "unknown";
    return "known";
  }

  /** Whether rules keep existing objects of the kind. */
  isMutated(kind: GroupKind): boolean {
    return this.mutatedKinds.size > 0 && this.mutatedKinds.has(groupKindKey(kind));
  }

  /** Rules have come or gone. */
  noteMutatedKinds(): void {
    const rules = [...this.progress.values()].flatMap((found) => [...found.values()]);
    this.mutatedKinds = new Set(rules.flatMap(({ mutates }) => mutates));
    this.kindsWithStatus = kindsWithStatus(this.policyStates.values());
  }

  isCheckDue(target: ObjectKey): boolean {
    return this.checksDue.has(target);
  }

  whySuspended({ group }: ObjectRef): string | undefined {
    return group === KYVERNO ? this.kyvernoSuspended : undefined;
  }

  /** The resources that policies are stored as: those of kyverno.io as far as they are installed. */
  policyResources(): readonly Resource[] {
    if (!this.#servesKyverno) return POLICIES;
    const kinds = POLICIES.map(({ kind }) => this.catalogue.findKind({ group: KYVERNO, kind }));
    return [...POLICIES, ...kinds.filter((resource) => resource !== undefined)];
  }

  isMoment(claim: ClaimKey, target?: DesiredTarget): boolean {
    if (this.changes.has(claim)) return true;
    return target === undefined ? this.moments.has(claim) : this.moments.allows(claim, target);
  }

  changeOf(claim: ClaimKey): SeenChange | undefined {
    return this.changes.get(claim)?.[0];
  }
}
