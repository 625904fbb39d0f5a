/** What working on claims needs of the rest of the operator. */

import type { ClusterClient } from "../cluster/index.ts";
import type { ObjectKey, ObjectRef, Resource } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";
import type { Log, Metrics } from "../telemetry/index.ts";
import type { DeepCheck } from "./deep-check.ts";
import type { ObservedWorld } from "./observed-world.ts";
import type { Permissions } from "./permissions.ts";
import type { Polls } from "./polls.ts";
import type { PruneGate } from "./prune-gate.ts";
import type { KeyedQueue } from "./queue.ts";
import type { Repairs } from "./repairs.ts";
import type { SeenChanges } from "./seen-changes.ts";

export type ClaimWorkerOptions = {
  client: ClusterClient;
  world: ObservedWorld;
  queue: KeyedQueue<ClaimKey>;
  permissions: Permissions;
  repairs: Repairs;
  deepCheck: DeepCheck;
  pruneGate: PruneGate;
  changes: SeenChanges;
  metrics: Metrics;
  log: Log;
  polls: Polls;
  /** Milliseconds between two looks at the clock, for rules that it decides about. */
  apiCallInterval: number;
  /** True while this process may write. */
  mayWrite(): boolean;
  /** Told when a claim came out, so that its policy's status is computed again. */
  onPlanned(policy: ObjectKey): void;
  /** Told when targets are kept for good, and why. */
  onKept(targets: readonly ObjectRef[], because: string): void;
  /** Told when a quota refused something: quotas have to be watched. */
  onQuota(): void;
  /** Asked of an object in the place of a target that is not ours: whether a watch shows what becomes of it. */
  isShown(resource: Resource, name: string): boolean;
};
