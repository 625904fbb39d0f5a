/** One existing object under a mutate rule: as the rule wants it, to be written, or not to be, and why. */

import {
  appliedThrough,
  applyEntryOf,
  asJson,
  type FieldPath,
  isJsonObject,
  jsonDifference,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  printPointer,
  refOf,
  resolveField,
} from "../object/index.ts";
import type { MutationPart } from "../rule/index.ts";
import { type ClaimKey, claimRef, type Mutations, type World } from "../state/index.ts";
import { listPaths } from "./correction.ts";
import { describeCorrection } from "./drift-record.ts";
import { isKeptByMaker } from "./generated-mutation.ts";
import { type MutationDifference, mutationDifference } from "./mutation-difference.ts";
import { type Application, applicationsOn, mutatedBy, whyRestless } from "./mutation-sharing.ts";
import type { MutationWanted } from "./mutation-wanted.ts";
import type { Failure, MutateStep, RevertStep, SkipStep, Step } from "./step.ts";
import { ownedWithout, withdrawnFields } from "./withdrawn.ts";

/** `atRest`: the object, when nothing is to be done and nothing but a change of it could change that. */
export type MutationPlan = { step: Step; atRest?: KubernetesObject };

export function planMutation(world: World, wanted: MutationWanted): MutationPlan {
  const { key, object, fate } = wanted;
  const target = keyOf(refOf(object));
  const before = world.claims.get(key)?.mutations;
  const isAlone = isOnlyMutator(world, target, key);
  const isKnown = before?.rule === fate.rule && before.trigger === fate.trigger && fate.existing.isStable && isAlone;
  if (isKnown && before.rest.get(target) === object)
    return { step: skip(object, "it is as the rule wants it", true), atRest: object };
  if (before?.awaited.get(target) === object)
    return { step: { ...skip(object, "it was written, and the watch is about to show it"), isAwaited: true } };
  if (fate.existing.resources.some((resource) => world.mutationsOf(resource) === "unknown"))
    return { step: skip(object, "what all rules make of it together is not known yet") };
  const all = applicationsOn(world, wanted);
  const own = mutatedBy(
    object,
    all.filter((application) => application.key === key),
  );
  if (!own.ok) return { step: failing(object, own) };
  const restless = whyRestless(object, own.object, { key, all, schema: fate.existing.schemaOf(object) });
  if (restless !== undefined) return { step: failing(object, { reason: "NotConvergent", message: restless }) };
  const left = fate.existing.reverts ? leftBy(world, wanted, all) : [];
  const step = own.object === object && left.length === 0 ? undefined : stepTo(wanted, own.object, { before, left });
  if (step?.verb === "mutate" && isKeptByMaker(world, wanted))
    return { step: { ...skip(object, "it is generated, and who generates it writes that too"), isLeftToMaker: true } };
  if (step !== undefined) return { step };
  const elsewhere = fate.existing.reverts ? otherParts(wanted) : undefined;
  if (elsewhere !== undefined) return { step: elsewhere };
  return { step: skip(object, "it is as the rule wants it", true), ...(isAlone ? { atRest: object } : {}) };
}

function isOnlyMutator(world: World, target: ObjectKey, key: ClaimKey): boolean {
  const mutating = world.claims.mutating(target);
  return mutating.size === 0 || (mutating.size === 1 && mutating.has(key));
}

/** What the rule set and does not set any more, whichever of its claims it was: they have one field manager. */
function leftBy(world: World, wanted: MutationWanted, all: readonly Application[]): readonly FieldPath[] {
  const { key, object, part, fate } = wanted;
  const entry = applyEntryOf(object, fate.existing.manager, part?.subresource);
  const isReadable = entry?.fieldsV1 !== undefined && entry.apiVersion === object.apiVersion;
  if (!isReadable || isKeptByMaker(world, wanted)) return [];
  return withdrawnFields(object, entry.fieldsV1 ?? {}, all.filter(isOfSameRule(key)));
}

function isOfSameRule(key: ClaimKey): (application: Application) => boolean {
  const { policy, rule } = claimRef(key);
  return (application) => {
    const other = claimRef(application.key);
    return other.rule === rule && keyOf(other.policy) === keyOf(policy);
  };
}

/** What the rule set when it was about another part of the object. */
function otherParts({ object, resource, part, fate }: MutationWanted): RevertStep | undefined {
  const { manager } = fate.existing;
  const through = appliedThrough(object, manager).filter((subresource) => subresource !== (part?.subresource ?? ""));
  if (through.length === 0) return undefined;
  const because = "the rule changes another part of it now";
  return { verb: "revert", target: refOf(object), resource, manager, through, because };
}

type Known = { before: Mutations | undefined; left: readonly FieldPath[] };

/** Undefined when nothing has to change. */
function stepTo(
  { object, resource, part, fate }: MutationWanted,
  next: KubernetesObject,
  { before, left }: Known,
): Step | undefined {
  const { existing } = fate;
  const applied = applyEntryOf(object, existing.manager, part?.subresource)?.fieldsV1;
  const owned = applied === undefined || left.length === 0 ? applied : ownedWithout(applied, left);
  const difference = mutationDifference(asJson(object), asJson(next), {
    schema: existing.schemaOf(object),
    owned,
    reverts: existing.reverts,
  });
  const paths = difference.paths.map(printPointer);
  if (paths.length === 0 && left.length === 0) return undefined;
  const target = refOf(object);
  if (before?.unaccepted.get(keyOf(target)) === object) return failing(object, notAccepted(paths));
  const { uid = "", resourceVersion = "" } = object.metadata;
  // what it was at rest with before is a drift; what it never had is not
  const wasAtRest = before?.rule === fate.rule && before.rest.has(keyOf(target));
  const correction = wasAtRest ? { correction: describeCorrection(paths, { desired: next, live: object }) } : {};
  return {
    verb: "mutate",
    target,
    resource,
    manager: existing.manager,
    ...writeOf({ object, part }, next, difference),
    seen: object,
    object: next,
    precondition: { uid, resourceVersion },
    because: paths.length === 0 ? whyLeft(object, left) : `${listPaths(paths)} is not as the rule sets it`,
    ...correction,
  };
}

/** How it is sent, and where. */
export function writeOf(
  { object, part }: { object: KubernetesObject; part: MutationPart | undefined },
  next: KubernetesObject,
  difference: MutationDifference,
): Pick<MutateStep, "write" | "subresource"> {
  const write = part?.patchTo === undefined ? contentOf(object, next, difference) : { patch: part.patchTo(next) };
  return { write, ...(part === undefined ? {} : { subresource: part.subresource }) };
}

function contentOf(
  object: KubernetesObject,
  next: KubernetesObject,
  { applied }: MutationDifference,
): MutateStep["write"] {
  if (applied === undefined) return { patch: jsonDifference(asJson(object), asJson(next)) };
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  const { metadata: set = {}, ...content } = applied;
  return {
    applied: {
      apiVersion,
      kind,
      ...content,
      metadata: { ...(isJsonObject(set) ? set : {}), name, ...(namespace === undefined ? {} : { namespace }) },
    },
  };
}

function whyLeft(object: KubernetesObject, left: readonly FieldPath[]): string {
  const places = left.flatMap((path) =>
    resolveField(asJson(object), path, true).map((found) => printPointer(found.path)),
  );
  return `${listPaths(places)} is not set by the rule any more`;
}

function notAccepted(paths: readonly string[]): Failure {
  const message = `the API server, or a webhook, leaves ${listPaths(paths)} as it is; not written again until the rule or the object changes`;
  return { reason: "NotAccepted", message };
}

function skip(object: KubernetesObject, because: string, inSync = false): SkipStep {
  return { verb: "skip", target: refOf(object), because, inSync };
}

function failing(object: KubernetesObject, { reason, message }: Failure): Step {
  const target = refOf(object);
  return { verb: "skip", target, because: message, inSync: false, failure: { reason, message, target } };
}
