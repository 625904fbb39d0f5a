/** The marks on a target: whose it is, and that it is this very object that was meant. */

import { digestOf } from "./digest.ts";
import type { KubernetesObject, ObjectMeta } from "./object.ts";
import { type ObjectRef, parseRef, printRef, refOf } from "./reference.ts";

export const MANAGED_BY = "app.kubernetes.io/managed-by";
export const MANAGER = "perennial";
export const CLAIM = "perennial.dev/claim";
export const TARGET = "perennial.dev/target";
export const POLICY = "perennial.dev/policy";
export const POLICY_REF = "perennial.dev/policy-ref";
export const RULE = "perennial.dev/rule";
export const TRIGGER = "perennial.dev/trigger";
export const SOURCE = "perennial.dev/source";
export const ADOPTED = "perennial.dev/adopted";
export const FIRST_APPLIED = "perennial.dev/first-applied";

/** What a claim is made of. The policy's uid is left out, so that a re-created policy finds its targets again. */
export type ClaimIdentity = {
  policy: ObjectRef;
  rule: string;
  trigger: ObjectRef;
  triggerUid: string;
};

/** 32 hex digits, the value of the label `perennial.dev/claim`. */
export type ClaimDigest = string & { readonly __brand: "ClaimDigest" };

export function claimDigest({ policy, rule, trigger, triggerUid }: ClaimIdentity): ClaimDigest {
  return digestOf([...refFields(policy), rule, ...refFields(trigger), triggerUid]) as ClaimDigest; // the only place that makes them
}

/** The value of `perennial.dev/target`: it fits one object of one installation only, so a copy of the object is not ours. */
export function targetDigest(installation: string, claim: ClaimDigest, target: ObjectRef): string {
  return digestOf([installation, claim, ...refFields(target)]);
}

/** The metadata to merge into a desired object. */
export function marksFor(
  installation: string,
  identity: ClaimIdentity,
  target: ObjectRef,
): Required<Pick<ObjectMeta, "labels" | "annotations">> {
  const claim = claimDigest(identity);
  return {
    labels: {
      [MANAGED_BY]: MANAGER,
      [CLAIM]: claim,
      [TARGET]: targetDigest(installation, claim, target),
      [POLICY]: policyLabel(identity.policy),
    },
    annotations: {
      [POLICY_REF]: printRef(identity.policy),
      [RULE]: identity.rule,
      [TRIGGER]: `${printRef(identity.trigger)} ${identity.triggerUid}`,
    },
  };
}

export type Marks = { claim: ClaimDigest; adopted: boolean };

/** The marks of an object that is ours; undefined when it carries none, or marks that were copied, moved or forged. */
export function readMarks(installation: string, object: KubernetesObject): Marks | undefined {
  const { labels, annotations } = object.metadata;
  const claim = labels?.[CLAIM];
  if (claim === undefined) return undefined;
  const digest = claim as ClaimDigest; // believed only if the target digest below fits
  if (labels?.[TARGET] !== targetDigest(installation, digest, refOf(object))) return undefined;
  return { claim: digest, adopted: annotations?.[ADOPTED] === "true" };
}

/**
 * Who made this target, from its annotations. They are for reading, so they count only when they give the digest of
 * the claim label; otherwise nobody can tell, and the answer is undefined.
 */
export function readClaimIdentity(object: KubernetesObject): ClaimIdentity | undefined {
  const identity = parseClaimIdentity(object);
  const fits = identity !== undefined && claimDigest(identity) === object.metadata.labels?.[CLAIM];
  return fits ? identity : undefined;
}

/** What the annotations say, whatever the labels: enough to know an object again whose labels were taken off. */
export function parseClaimIdentity({ metadata: { annotations } }: KubernetesObject): ClaimIdentity | undefined {
  const policy = parseRef(annotations?.[POLICY_REF] ?? "");
  const rule = annotations?.[RULE];
  const triggerText = annotations?.[TRIGGER] ?? "";
  const beforeUid = triggerText.lastIndexOf(" ");
  const trigger = parseRef(triggerText.slice(0, Math.max(beforeUid, 0)));
  if (policy === undefined || rule === undefined || trigger === undefined) return undefined;
  return { policy, rule, trigger, triggerUid: triggerText.slice(beforeUid + 1) };
}

/** The Secret in the operator's namespace that holds the root of all values that never change by themselves. */
export const KEY_SECRET = "perennial";
export const KEY_FIELD = "installation-key";

/** When the claim was first applied, as its target tells: RFC 3339 in UTC; undefined where nothing, or no time, is told. */
export function readFirstApplied({ metadata: { annotations } }: KubernetesObject): string | undefined {
  const text = annotations?.[FIRST_APPLIED];
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text;
}

/** The labels and annotations that a released object loses. */
export const RELEASED_LABELS = [MANAGED_BY, CLAIM, TARGET, POLICY] as const;
export const RELEASED_ANNOTATIONS = [POLICY_REF, RULE, TRIGGER, SOURCE, ADOPTED, FIRST_APPLIED] as const;

const LABEL_LENGTH = 63;
const SHORTENED_DIGITS = 8;

/** A label value to select on: the policy's name, after its namespace if it has one; shortened with a digest. */
function policyLabel(policy: ObjectRef): string {
  const label = policy.namespace === "" ? policy.name : `${policy.namespace}.${policy.name}`;
  if (label.length <= LABEL_LENGTH) return label;
  return `${label.slice(0, LABEL_LENGTH - SHORTENED_DIGITS - 1)}-${digestOf([label]).slice(0, SHORTENED_DIGITS)}`;
}

function refFields(ref: ObjectRef): string[] {
  return [ref.group, ref.kind, ref.namespace, ref.name];
}
