/** What a policy means, compiled once. The planner asks these questions and knows nothing of the language. */

import type { Environment } from "../expression/index.ts";
import type {
  ClaimIdentity,
  CreatedBy,
  Difference,
  GroupKind,
  KubernetesObject,
  MergeSchema,
  ObjectRef,
  Resource,
} from "../object/index.ts";
import type { Issue, Reason } from "../policy/index.ts";
import type { Change, Operation } from "./change.ts";
import type { Explanation } from "./explanation.ts";
import type { Failed } from "./failed.ts";
import type { Surroundings } from "./filter.ts";
import type { CalledLookup, Lookup } from "./lookup.ts";
import type { NamedLabel } from "./named-labels.ts";
import type { Need } from "./need.ts";
import type { RequestKind } from "./request-kind.ts";
import type { Admitted } from "./trigger-bindings.ts";
import type { Value } from "./value.ts";

/** What happens to an object that was there before the policy; `IfUnmanaged`: taken over unless it is somebody else's. */
export type Adoption = "Always" | "IfUnmanaged" | "Never";

export type CompiledPolicy = {
  ref: ObjectRef;
  /** Of equal wishes for one target, the older policy's hold. */
  createdAt: string;
  rules: readonly CompiledRule[];
  adoption: Adoption;
  /** How many targets that are no longer wanted may be deleted at once while their triggers exist; perhaps any number. */
  pruneLimit: number;
  /** Its mutate rules, in order; none where they are not served. */
  mutations: readonly CompiledMutation[];
  /** True: stop after the first mutation that changes the object. */
  appliesOne: boolean;
  /** How the API server asks for its mutations. */
  admission: AdmissionSettings;
  /** Kinds that it names and the API server does not serve (yet). */
  unknownKinds: readonly string[];
};

/** What happens to a request that cannot be answered, how many seconds an answer may take, and when (in CEL) it is asked for at all. */
export type AdmissionSettings = {
  failurePolicy: "Fail" | "Ignore";
  timeoutSeconds: number;
  matchConditions: readonly { name: string; expression: string }[];
  /** True: whoever sent the request is told which rules changed the object. */
  warns: boolean;
};

export type Compilation =
  /** `needs`: the permissions that it takes to do what its rules do. */
  | { ok: true; policy: CompiledPolicy; needs: readonly Need[] }
  /** `unknownKinds`: of the parts that could be read. */
  | { ok: false; issues: readonly Issue[]; unknownKinds: readonly string[] };

export type CompiledRule = {
  name: string;
  type: "Generate" | "Edge" | "Mutate";
  /** The operations that an edge rule acts on, once for each; undefined for a rule about what is stored. */
  changes: ReadonlySet<Operation> | undefined;
  /** The resources whose objects may be triggers; none where `asks` says what triggers it. */
  triggers: readonly Resource[];
  /** Of a rule that acts on what no watch shows: the requests that the API server has to ask about. */
  asks?: readonly RequestKind[];
  /** The resources it may write. */
  targets: readonly Resource[];
  /** What it looks at besides its triggers; all of it is watched before the rule is planned. */
  reads: readonly Read[];
  /** The namespaces that match names, written out without wildcards. */
  namespaces: readonly string[];
  /** The only namespaces that its triggers lie in (of a Namespace: are); undefined: any. */
  within: ReadonlySet<string> | undefined;
  /** Of which every trigger carries at least one; absent: it may carry none of them. */
  labels?: readonly NamedLabel[];
  /** True when the labels of the trigger's namespace decide too. */
  readsNamespace: boolean;
  /** True when more of the trigger than its metadata may decide; false: its metadata is all that has to be known. */
  readsContent: boolean;
  /** What it asks of who created its triggers, which the API server has to be asked to tell when they are; absent: nothing. */
  asksCreator?: "user" | "groups";
  /** True when what Perennial itself generated triggers it too. */
  triggeredByGenerated: boolean;
  /** False: a target is made once and never touched again. */
  synchronize: boolean;
  /** True when what it desires depends on the time, so that targets tell when their claim was first applied. */
  usesClock: boolean;
  /** True when the time may decide whether it applies, so that it is planned again now and then. */
  decidesByClock: boolean;
  /** Triggers created before this do not count as long as they do not change; undefined where all triggers count. */
  newSince: string | undefined;
  /** What becomes of its targets when the policy or the rule goes. */
  onDelete: "keep" | "delete";
  whyNotSelected(trigger: KubernetesObject, surroundings: Surroundings): string | undefined;
  /** Every condition with its answer, whether the object is selected or not; for people, not for plans. */
  explain(trigger: KubernetesObject, surroundings: Surroundings, snapshot: Snapshot): Explanation;
  /** Of a rule that changes existing objects: what it does to them. It makes nothing. */
  existing?: ExistingMutation;
  /** The objects that should exist for a selected trigger, without marks; of an edge rule those that a change calls for. */
  desired(trigger: KubernetesObject, snapshot: Snapshot, change?: Change): Desired;
};

/** A mutate rule: a pure function from an object to what it becomes. */
export type CompiledMutation = {
  /** Unique in the policy; `autogen-<name>` for what is made for pod controllers. */
  name: string;
  /** The name of the rule as it is written. */
  writtenAs: string;
  type: "Mutate";
  /** The resources whose objects it may change. */
  triggers: readonly Resource[];
  /** The requests that it is asked about: those that write the objects, or that are sent to subresources of theirs. */
  requests: readonly RequestKind[];
  /** What it looks at besides the object. */
  reads: readonly Read[];
  /** What it listens to. */
  operations: ReadonlySet<Operation>;
  /** The only namespaces that its objects lie in (of a Namespace: are); undefined: any. */
  within: ReadonlySet<string> | undefined;
  /** Of which every object carries at least one; absent: it may carry none of them. */
  labels?: readonly NamedLabel[];
  /** True when the labels of the object's namespace decide too. */
  readsNamespace: boolean;
  /** True when it sends something to a service, of which nobody knows what it changes there. */
  sends: boolean;
  /** True when it may do more to its own result, as what puts something at the end of a list. */
  appends: boolean;
  whyNotSelected(object: KubernetesObject, surroundings: Surroundings): string | undefined;
  explain(object: KubernetesObject, surroundings: Surroundings, snapshot: Snapshot): Explanation;
  /** What becomes of a selected object. `admitted`: of a request; without it the object is as if it was just created. */
  mutate(object: KubernetesObject, snapshot: Snapshot, admitted?: Admitted): Mutated;
  /**
   * What the rule would still change in its own result: undefined when it comes to rest, as a rule that holds for what is
   * stored must.
   */
  whyNotConvergent(result: KubernetesObject, snapshot: Snapshot): Failed | undefined;
};

/** What a rule does to objects that exist. */
export type ExistingMutation = {
  /** The field manager of what it sets. */
  manager: string;
  /** The resources whose objects it may change. */
  resources: readonly Resource[];
  /** True: what it set is taken back when it no longer applies. */
  reverts: boolean;
  /** True when a change of nothing but the status of an object may concern it. */
  readsStatus: boolean;
  /** True when nothing but the trigger and the object decides what becomes of the object. */
  isStable: boolean;
  /** Which objects are changed for a selected trigger, and how; of an edge rule for a change of it. */
  for(trigger: KubernetesObject, snapshot: Snapshot, change?: Change): MutationsFor;
  /** How lists of the object are merged. */
  schemaOf(object: KubernetesObject): MergeSchema;
};

export type MutationsFor = { ok: true; places: readonly MutationPlace[] } | { ok: true; idle: string } | Failed;

/** Where the objects lie that are changed. `namespace`, `name`: written out, without wildcards, after evaluation. */
export type MutationPlace = {
  resource: Resource;
  namespace?: string;
  name?: string;
  /** What of the object is changed, where that is not the object itself. */
  part?: MutationPart;
  /** Why an object of the resource is not meant; undefined when it is. */
  whyNot(object: KubernetesObject): string | undefined;
  mutate(object: KubernetesObject): Mutated;
};

/** A part of an object that is written through a path of its own. */
export type MutationPart = {
  subresource: "status" | "scale";
  /** What is sent there to make the object this one; absent: what differs, as for an object. */
  patchTo?(next: KubernetesObject): Difference[];
};

/** `idle`: why nothing changes. The message of a failure has the path in the policy. */
export type Mutated = { ok: true; object: KubernetesObject } | { ok: true; idle: string } | Failed;

/** The objects of a resource: one of them, those in a namespace, or all, as far as that is known without a trigger. */
export type Read = { resource: Resource; namespace?: string; name?: string };

/** All that a rule may know besides its trigger, at one moment. */
export type Snapshot = {
  environment: Pick<Environment, "now" | "hash">;
  /** The same numbers in [0, 1) for the same fields, for ever and in this installation only. */
  numbers(fields: readonly string[]): () => number;
  /** Who created the object, as far as it tells. */
  creator(object: KubernetesObject): CreatedBy;
  /** When the claim was first applied; now, when that is still to come. */
  firstApplied(claim: ClaimIdentity): Date;
  /** An object that the rule's reads cover; undefined when it is not there. */
  read(resource: Resource, ref: ObjectRef): KubernetesObject | undefined;
  /** The objects of a resource, of one namespace or of all, by namespace and name; none that is being deleted. */
  list(resource: Resource, namespace: string | undefined): readonly KubernetesObject[];
  /** The answer to a question about objects that the rule's reads cover; only another answer asks for another plan. */
  look(lookup: Lookup): Value;
  /** The answer to a question that is put to somebody; asked now and then as long as a claim needs it. */
  call(lookup: CalledLookup): Value;
};

/** `source`: what the object is a copy of. */
export type DesiredTarget = { resource: Resource; ref: ObjectRef; object: KubernetesObject; source?: ObjectRef };

/** Something that is known not to be possible just now: it is not desired, and that is told. */
export type Unmet = { reason: Reason; message: string; target: ObjectRef };

export type Desired =
  /**
   * `idle`: why the rule desires nothing for this trigger, although it selects it. `failed`: why nobody can say what else
   * is desired.
   */
  | {
      ok: true;
      targets: readonly DesiredTarget[];
      unmet: readonly Unmet[];
      idle?: string;
      failed?: readonly Failed[];
    }
  /** Nobody can say what is desired. */
  | Failed;

/** Which kinds the API server serves, as far as compiling needs to know. */
export interface ServedKinds {
  /** Undefined when it does not serve the kind in that version. */
  find(apiVersion: string, kind: string): Resource | undefined;
  /** Each served kind in each of its versions, the preferred one first. */
  all(): Iterable<Resource>;
  /** How patches merge a custom resource, where its definition is at hand. */
  mergeSchemaOf?(kind: GroupKind & { version: string }): MergeSchema | undefined;
}
