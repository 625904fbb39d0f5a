/** All that a plan may look at: readers only, and nothing that a plan could do anything with. */

import type { Environment } from "../expression/index.ts";
import type { GroupKind, KubernetesObject, ObjectKey, ObjectRef, Resource } from "../object/index.ts";
import type { Call, CallResult, DesiredTarget } from "../rule/index.ts";
import type { Catalogue } from "./catalogue.ts";
import type { ClaimKey } from "./claim-key.ts";
import type { Claims } from "./claims.ts";
import type { Inventory } from "./inventory.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Policies } from "./policies.ts";
import type { Prunes } from "./prunes.ts";
import type { SeenChange } from "./seen-change.ts";

/** A custom resource that is no longer there: since when (monotonic milliseconds), and under which definition. */
export type Departure = { since: number; definition: string };

export interface World {
  readonly installation: string;
  readonly environment: Pick<Environment, "now" | "hash">;
  /** What random values are made under; undefined while it is not known. */
  readonly installationKey: Uint8Array | undefined;
  readonly catalogue: Catalogue;
  readonly policies: Policies;
  readonly namespaces: ObjectStore;
  readonly inventory: Inventory;
  readonly claims: Claims;
  readonly prunes: Prunes;
  /** How long the absence of a custom resource must last before it counts, in milliseconds. */
  readonly pruneDelay: number;
  /**
   * The watched objects of a resource that rules look at; undefined when it is not watched (any more). `readsContent`: false for
   * whom metadata is enough; where nobody needs more than that, there is no more of them.
   */
  objects(resource: Resource, by?: { readsContent: boolean }): ObjectStore | undefined;
  /** Watched objects among which this one would be if it were there; undefined when nobody would see it. */
  objectsWith(resource: Resource, ref: ObjectRef): ObjectStore | undefined;
  /** Watched objects among which are all of a namespace, or of all; undefined when nobody would see them. */
  objectsIn(resource: Resource, namespace: string | undefined): ObjectStore | undefined;
  /** What a call came to when it was last made; undefined when it was not answered yet. */
  resultOf(call: Call): CallResult | undefined;
  departureOf(key: ObjectKey): Departure | undefined;
  /** Of the objects of a kind that went. */
  departuresOf(kind: GroupKind): Iterable<Departure>;
  /** True for the system namespaces and the operator's own, unless they are to be served. */
  isSystemNamespace(name: string): boolean;
  /** True when all that a rule reads and writes is watched, and what must be stored before its first write is stored. */
  isReady(policy: ObjectKey, rule: string): boolean;
  /** True when the rule is not ready yet, and others should leave it the targets that are its own in a moment. */
  isExpected(policy: ObjectKey, rule: string): boolean;
  /** True when every claim that may want a target of this kind was planned once, so that "nobody wants it" is known. */
  isPlanned(kind: GroupKind): boolean;
  /**
   * Whether rules change existing objects of this kind; "unknown" while some claim of them was not planned since its rule
   * appeared, so that nobody can say yet what they make of an object together.
   */
  mutationsOf(kind: GroupKind): "none" | "unknown" | "known";
  /** Why nothing is done for a policy just now, whatever it says, and whether or not it is there; undefined: it is served. */
  whySuspended(policy: ObjectRef): string | undefined;
  /**
   * True when once-targets may be made: their trigger is new, or was just seen to change, or a source is new, and then only its
   * copies. Without a target: when any may be.
   */
  isMoment(claim: ClaimKey, target?: DesiredTarget): boolean;
  /** The change that the claim of an edge rule is to act on; undefined when there is none. */
  changeOf(claim: ClaimKey): SeenChange | undefined;
  /** True when the target, in sync by ownership alone, is to be compared with a fresh object now. */
  isCheckDue(target: ObjectKey): boolean;
  /** Monotonic milliseconds. */
  readonly now: number;
}

export function namespaceOf(world: Pick<World, "namespaces">, name: string): KubernetesObject | undefined {
  return world.namespaces.get(`/Namespace//${name}` as ObjectKey); // the key of a Namespace, without making a reference first
}
