/** What each claim came to when it was last planned, and what it looked at. */

import {
  type ClaimDigest,
  type GroupKind,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  type ObjectRef,
} from "../object/index.ts";
import type { Reason } from "../policy/index.ts";
import type { Call, CalledLookup, CompiledRule, Lookup } from "../rule/index.ts";
import type { ClaimKey } from "./claim-key.ts";

/** Something that a claim read, so that it is planned again when that changes. */
export type Dependency = string & { readonly __brand: "Dependency" };

export function dependsOnNamespace(name: string): Dependency {
  return `namespace/${name}` as Dependency; // the place that makes these
}

/** An object that a rule reads, whichever version it is read in. */
export function dependsOnObject(ref: ObjectRef): Dependency {
  return `object/${keyOf(ref)}` as Dependency;
}

/** The objects of a kind in one namespace, or in all. */
export function dependsOnList({ group, kind }: GroupKind, namespace: string | undefined): Dependency {
  return `list/${group}/${kind}/${namespace ?? "*"}` as Dependency;
}

/** The answer to a question about one object, or about the objects of a kind. */
export function dependsOnAnswer({ resource, namespace, name }: Lookup): Dependency {
  const { group, kind } = resource;
  return (
    name === undefined
      ? `answer/${dependsOnList(resource, namespace)}`
      : `answer/${keyOf({ group, kind, namespace: namespace ?? "", name })}`
  ) as Dependency;
}

export function dependsOnCall({ key }: Call): Dependency {
  return `call/${key}` as Dependency; // and these
}

/** The answers that may be others when an object changes. */
export function answersAbout(ref: ObjectRef): Dependency[] {
  const lists = [dependsOnList(ref, ref.namespace), dependsOnList(ref, undefined)];
  return [`answer/${keyOf(ref)}`, ...lists.map((list) => `answer/${list}`)] as Dependency[];
}

/** What a quota refused may fit once the namespace's quotas change. */
export function dependsOnQuota(namespace: string): Dependency {
  return `quota/${namespace}` as Dependency; // and these
}

/** What a claim asked when it was last planned, and the answer it got. */
export type Look = { lookup: Lookup | CalledLookup; digest: string; dependency: Dependency };

/** `claim`: a trigger that is created again has another claim, and another time. */
export type FirstApplied = { claim: ClaimDigest; time: string };

export type ClaimFailure = { reason: Reason; message: string; target?: ObjectRef; time: string };

/** What a claim that changes existing objects came to when it was last planned. */
export type Mutations = {
  /** What it was planned with: the same again comes to the same. Undefined when it was not planned. */
  rule: CompiledRule | undefined;
  trigger: KubernetesObject | undefined;
  /** The objects that it changes, or finds as it wants them. */
  targets: ReadonlySet<ObjectKey>;
  /** Of those that are as it wants them, the object as it was seen then. */
  rest: ReadonlyMap<ObjectKey, KubernetesObject>;
  /** What it set on these is still to be taken back. */
  leaving: ReadonlySet<ObjectKey>;
  /** A write changed nothing of the object as it was seen then. */
  unaccepted: ReadonlyMap<ObjectKey, KubernetesObject>;
  /** A write changed the object as it was seen then: the watch is about to show it. */
  awaited: ReadonlyMap<ObjectKey, KubernetesObject>;
};

export type ClaimState = {
  key: ClaimKey;
  /** Targets that it desires, whether they are there or not. */
  wants: ReadonlySet<ObjectKey>;
  inSync: number;
  failures: readonly ClaimFailure[];
  /** True: nothing triggers it any more, but what it made is not removed yet. */
  gone?: boolean;
  /** True: its trigger is selected, but preconditions do not hold. */
  idle?: boolean;
  /** Of a claim that changes existing objects. */
  mutations?: Mutations;
  /** When it was first applied, where its rule needs to know: it outlives the target that tells it. */
  firstApplied?: FirstApplied;
};

export interface Claims {
  get(key: ClaimKey): ClaimState | undefined;
  values(): Iterable<ClaimState>;
  ofRule(rule: string): ReadonlySet<ClaimKey>;
  /** The claims that desire a target. */
  wanting(target: ObjectKey): ReadonlySet<ClaimKey>;
  /** The claims that change an object which exists. */
  mutating(target: ObjectKey): ReadonlySet<ClaimKey>;
  /** All claims that change existing objects. */
  readonly mutators: ReadonlySet<ClaimKey>;
  /** What the claim asked when it was last planned. */
  looksOf(key: ClaimKey): readonly Look[];
  /** The claims to plan again when this changes. */
  dependents(dependency: Dependency): ReadonlySet<ClaimKey>;
}

export interface ClaimsWriter extends Claims {
  set(state: ClaimState, rule: string, reads: readonly Dependency[], looks?: readonly Look[]): void;
  remove(key: ClaimKey): void;
}

export function createClaims(): ClaimsWriter {
  return new IndexedClaims();
}

type Entry = { state: ClaimState; rule: string; reads: readonly Dependency[]; looks: readonly Look[] };

const NONE: ReadonlySet<ClaimKey> = new Set();
const NO_LOOKS: readonly Look[] = [];

class IndexedClaims implements ClaimsWriter {
  readonly #entries = new Map<ClaimKey, Entry>();
  readonly #byRule = new Map<string, Set<ClaimKey>>();
  readonly #byTarget = new Map<ObjectKey, Set<ClaimKey>>();
  readonly #byMutated = new Map<ObjectKey, Set<ClaimKey>>();
  readonly mutators = new Set<ClaimKey>();
  readonly #byDependency = new Map<Dependency, Set<ClaimKey>>();

  get(key: ClaimKey): ClaimState | undefined {
    return this.#entries.get(key)?.state;
  }

  *values(): Iterable<ClaimState> {
    for (const { state } of this.#entries.values()) yield state;
  }

  ofRule(rule: string): ReadonlySet<ClaimKey> {
    return this.#byRule.get(rule) ?? NONE;
  }

  wanting(target: ObjectKey): ReadonlySet<ClaimKey> {
    return this.#byTarget.get(target) ?? NONE;
  }

  mutating(target: ObjectKey): ReadonlySet<ClaimKey> {
    return this.#byMutated.get(target) ?? NONE;
  }

  looksOf(key: ClaimKey): readonly Look[] {
    return this.#entries.get(key)?.looks ?? NO_LOOKS;
  }

  dependents(dependency: Dependency): ReadonlySet<ClaimKey> {
    return this.#byDependency.get(dependency) ?? NONE;
  }

  set(state: ClaimState, rule: string, reads: readonly Dependency[], looks = NO_LOOKS): void {
    this.remove(state.key);
    this.#entries.set(state.key, { state, rule, reads, looks });
    add(this.#byRule, rule, state.key);
    for (const target of state.wants) add(this.#byTarget, target, state.key);
    if (state.mutations !== undefined) this.mutators.add(state.key);
    for (const target of state.mutations?.targets ?? []) add(this.#byMutated, target, state.key);
    for (const dependency of reads) add(this.#byDependency, dependency, state.key);
    for (const { dependency } of looks) add(this.#byDependency, dependency, state.key);
  }

  remove(key: ClaimKey): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    drop(this.#byRule, entry.rule, key);
    for (const target of entry.state.wants) drop(this.#byTarget, target, key);
    this.mutators.delete(key);
    for (const target of entry.state.mutations?.targets ?? []) drop(this.#byMutated, target, key);
    for (const dependency of entry.reads) drop(this.#byDependency, dependency, key);
    for (const { dependency } of entry.looks) drop(this.#byDependency, dependency, key);
  }
}

function add<K>(index: Map<K, Set<ClaimKey>>, key: K, claim: ClaimKey): void {
  const claims = index.get(key);
  if (claims === undefined) index.set(key, new Set([claim]));
  else claims.add(claim);
}

function drop<K>(index: Map<K, Set<ClaimKey>>, key: K, claim: ClaimKey): void {
  const claims = index.get(key);
  claims?.delete(claim);
  if (claims?.size === 0) index.delete(key);
}
