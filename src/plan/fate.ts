/**
 * What should become of a claim: is it desired, gone, or can nobody say?
 *
 * Unknown is not empty: a kind that is not served, a list that is not whole, a definition that was replaced meanwhile are
 * no reason to delete anything. The claim is held, and planned again when more is known.
 */

import {
  type ClaimDigest,
  type ClaimIdentity,
  claimDigest,
  type GroupKind,
  isBeingDeleted,
  type KubernetesObject,
  keyOf,
  type ObjectRef,
  printRef,
  type Resource,
  readMarks,
} from "../object/index.ts";
import type { CompiledRule, Surroundings } from "../rule/index.ts";
import { type ClaimRef, claimKey, findRule, namespaceOf, type World } from "../state/index.ts";

export type Fate =
  | { type: "desired"; rule: CompiledRule; trigger: KubernetesObject; identity: ClaimIdentity; digest: ClaimDigest }
  | Gone
  /**
   * `again`: milliseconds after which the answer may be another one, where no event will tell. `kept`: nothing that could
   * happen by itself will end it, so a person has to be told.
   */
  | { type: "held"; because: string; again?: number; kept?: true };

export type DesiredFate = Extract<Fate, { type: "desired" }>;

export type Gone = {
  type: "gone";
  because: string;
  /** `leave`: what was made once stays and keeps its marks. */
  disposal: "delete" | "keep" | "leave";
  digest: ClaimDigest | undefined;
  /** Its policy and its trigger are still there, so that how many targets go at once is limited. */
  limited: boolean;
};

export function fateOf(world: World, ref: ClaimRef): Fate {
  const suspended = world.whySuspended(ref.policy);
  if (suspended !== undefined) return { type: "held", because: suspended };
  const policyKey = keyOf(ref.policy);
  const policy = world.policies.get(policyKey);
  if (policy === undefined) return fateWithoutPolicy(world, ref);
  if (policy.phase === "invalid") return { type: "held", because: `${printRef(ref.policy)} is invalid` };
  const rule = findRule(policy, ref.rule);
  if (rule === undefined) return fateWithoutRule(world, ref);
  if (rule.changes !== undefined) return EDGE;
  if (!world.isReady(policyKey, ref.rule)) return { type: "held", because: "not everything it looks at is known yet" };
  return fateOfTrigger(world, ref, rule);
}

const EDGE: Gone = {
  ...{ type: "gone", disposal: "leave", digest: undefined, limited: false },
  because: "it acts once for each change that is seen, and not on what is stored",
};

function fateWithoutPolicy(world: World, { policy, rule }: ClaimRef): Fate {
  if (!world.policies.synced) return { type: "held", because: "the policies are not known yet" };
  const disposal = world.policies.disposalOf(keyOf(policy));
  if (disposal === undefined) {
    return {
      type: "held",
      because: `nothing is stored about ${printRef(policy)}, so its targets are kept`,
      kept: true,
    };
  }
  const absence = absenceOf(world, policy, Number.POSITIVE_INFINITY); // what is stored tells about definitions
  if (absence.type !== "gone") return absence;
  if (disposal.definition !== world.catalogue.definitionOf(policy)?.uid) {
    return {
      type: "held",
      because: `the definition of ${policy.kind} was replaced since ${policy.name} was stored`,
      kept: true,
    };
  }
  return {
    type: "gone",
    because: `${printRef(policy)} was deleted`,
    disposal: disposal.rules[rule] ?? "keep",
    digest: undefined,
    limited: false,
  };
}

function fateWithoutRule(world: World, { policy, rule, trigger }: ClaimRef): Fate {
  const disposal = world.policies.disposalOf(keyOf(policy))?.rules[rule];
  if (disposal === undefined)
    return { type: "held", because: `nothing is stored about rule ${rule}, so its targets are kept`, kept: true };
  const because = `rule ${rule} was removed from ${printRef(policy)}`;
  return { type: "gone", because, disposal, digest: undefined, limited: isThere(world, trigger) };
}

/** A trigger that nobody looks at any more counts as there. */
function isThere(world: World, ref: ObjectRef): boolean {
  const resource = world.catalogue.findKind(ref);
  const trigger = resource === undefined ? "unknown" : storedTrigger(world, { resource, by: METADATA }, ref);
  return trigger === "unknown" || (trigger !== undefined && !isBeingDeleted(trigger));
}

function fateOfTrigger(world: World, ref: ClaimRef, rule: CompiledRule): Fate {
  const { trigger: triggerRef } = ref;
  const disposal = rule.synchronize ? "delete" : "leave";
  if (world.catalogue.findKind(triggerRef) === undefined) {
    return { type: "held", because: `the API server does not serve ${triggerRef.kind} just now` };
  }
  const resource = rule.triggers.find(({ group, kind }) => group === triggerRef.group && kind === triggerRef.kind);
  if (resource === undefined) {
    const because = `rule ${ref.rule} does not match ${triggerRef.kind}`;
    return { type: "gone", because, disposal, digest: undefined, limited: isThere(world, triggerRef) };
  }
  const trigger = storedTrigger(world, { resource, by: rule }, triggerRef);
  if (trigger === "unknown") return { type: "held", because: `the list of ${resource.plural} is not known yet` };
  if (trigger === undefined || isBeingDeleted(trigger)) {
    const absence = absenceOf(world, triggerRef, lastWrite(world, ref));
    return absence.type === "gone" ? { ...absence, disposal, digest: undefined, limited: false } : absence;
  }
  const identity = { ...ref, triggerUid: trigger.metadata.uid ?? "" };
  const digest = claimDigest(identity);
  const reason = whyNotSelected(world, rule, trigger);
  if (reason !== undefined) {
    const because = `${printRef(triggerRef)} is not selected: ${reason}`;
    return { type: "gone", because, disposal, digest, limited: true };
  }
  return { type: "desired", rule, trigger, identity, digest };
}

/** Enough to tell whether something is there. */
const METADATA = { readsContent: false };

type Looked = { resource: Resource; by: { readsContent: boolean } };

function storedTrigger(
  world: World,
  { resource, by }: Looked,
  ref: ObjectRef,
): KubernetesObject | undefined | "unknown" {
  const store = world.objects(resource, by);
  return store === undefined || !store.synced ? "unknown" : store.get(keyOf(ref));
}

/** Why a rule does not apply to an object, whoever asks. `about`: what happened to it, where that is asked. */
export function whyNotSelected(
  world: World,
  rule: CompiledRule,
  trigger: KubernetesObject,
  about: Pick<Surroundings, "operation" | "asked" | "requester"> = {},
): string | undefined {
  const { kind, apiVersion, metadata } = trigger;
  const namespace = kind === "Namespace" && apiVersion === "v1" ? metadata.name : (metadata.namespace ?? "");
  if (namespace !== "" && world.isSystemNamespace(namespace)) return `${namespace} is a system namespace`;
  const namespaceLabels = (name: string) => namespaceOf(world, name)?.metadata.labels;
  const reason = rule.whyNotSelected(trigger, { namespaceLabels, ...about });
  return reason ?? (rule.triggeredByGenerated ? undefined : whyGenerated(world, trigger));
}

/** Rules do not feed on what rules made, unless they say so; what was there before is somebody's own, also when it was adopted. */
function whyGenerated(world: World, trigger: KubernetesObject): string | undefined {
  const marks = readMarks(world.installation, trigger);
  return marks === undefined || marks.adopted ? undefined : "Perennial generated it";
}

/** Until when the trigger was certainly there: we write only while it is. */
export function lastWrite(world: World, ref: ClaimRef): number {
  const records = [...world.inventory.ofClaim(claimKey(ref), undefined)];
  return records.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...records.map(({ writtenAt }) => writtenAt));
}

export type Absence = { type: "gone"; because: string } | Extract<Fate, { type: "held" }>;

/**
 * Deleting a CustomResourceDefinition sends plain DELETED events for its instances; so the absence of a custom resource
 * counts only after a while, and only while the definition it was stored under is established.
 */
export function absenceOf(world: World, ref: ObjectRef, lastSeen: number): Absence {
  const because = `${printRef(ref)} is gone`;
  const definition = world.catalogue.definitionOf(ref);
  if (definition === undefined) return { type: "gone", because };
  if (definition.state !== "established")
    return { type: "held", because: `the definition of ${ref.kind} is not established` };
  const departure = world.departureOf(keyOf(ref));
  // nobody saw it go: it may have gone with an earlier definition, while nobody looked or nobody could
  const isReplaced =
    departure === undefined ? lastSeen <= definition.createdAt : departure.definition !== definition.uid;
  if (isReplaced) {
    return {
      type: "held",
      because: `the definition of ${ref.kind} was replaced after ${ref.name} was seen last`,
      kept: true,
    };
  }
  const again = (departure?.since ?? 0) + world.pruneDelay - world.now;
  if (again > 0) return { type: "held", because: `${because}, and may come back`, again };
  return { type: "gone", because };
}

/**
 * Why a shorter list may not mean yet that objects are gone: as for single objects, a list of custom resources counts only
 * while their definition is established, and a while after the last of them went.
 */
export function absenceFromLists(world: World, kind: GroupKind): Extract<Fate, { type: "held" }> | undefined {
  const definition = world.catalogue.definitionOf(kind);
  if (definition === undefined) return undefined;
  if (definition.state !== "established")
    return { type: "held", because: `the definition of ${kind.kind} is not established` };
  const waits = Array.from(world.departuresOf(kind), ({ since }) => since + world.pruneDelay - world.now);
  const again = Math.max(0, ...waits);
  return again > 0 ? { type: "held", because: `a ${kind.kind} is gone, and may come back`, again } : undefined;
}
