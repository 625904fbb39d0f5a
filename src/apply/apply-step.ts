/** Sends one step. Every write carries a precondition; when it does not hold, what is there is read, once. */

import {
  type Answer,
  type ApiFailure,
  applyObject,
  type ClusterClient,
  deleteObject,
  patchObject,
  readObject,
  releaseObject,
  type WriteAnswer,
} from "../cluster/index.ts";
import { appliedThrough, type KubernetesObject } from "../object/index.ts";
import type { ApplyStep, DeleteStep, MutateStep, ReleaseStep, RevertStep, WriteStep } from "../plan/index.ts";
import type { Outcome } from "./outcome.ts";

/** Never throws. */
export async function applyStep(client: ClusterClient, step: WriteStep): Promise<Outcome> {
  switch (step.verb) {
    case "apply":
      return writeOutcome(client, step, await applyObject(client, step.resource, withPrecondition(step)));
    case "patch":
      return writeOutcome(client, step, await patchObject(client, step.resource, step.target, step.patch));
    case "release":
      return release(client, step);
    case "mutate":
      return writeOutcome(client, step, await mutateObject(client, step));
    case "revert":
      return revert(client, step);
    case "delete":
      return deleteOutcome(client, step, await deleteObject(client, step.resource, step.target, step.precondition.uid));
  }
}

/** resourceVersion "1" is no version of any object: the server creates, or says 409. A uid never re-creates. */
function withPrecondition({ object, precondition }: ApplyStep): KubernetesObject {
  const required = "absent" in precondition ? { resourceVersion: "1" } : { uid: precondition.uid };
  return { ...object, metadata: { ...object.metadata, ...required } };
}

/** The version too: what the rule's manager owns was read from it, and what is left out of an apply is taken away. */
function mutateObject(client: ClusterClient, step: MutateStep): Promise<WriteAnswer> {
  const { resource, target, manager, subresource, write, precondition } = step;
  const options = { fieldManager: manager, subresource };
  if ("applied" in write) {
    const { applied } = write;
    return applyObject(client, resource, { ...applied, metadata: { ...applied.metadata, ...precondition } }, options);
  }
  const guard = { op: "replace" as const, path: "/metadata/resourceVersion", value: precondition.resourceVersion };
  return patchObject(client, resource, target, [guard, ...write.patch], options);
}

/**
 * An apply of nothing takes out what its manager alone had applied, through each subresource where it did; where it has nothing,
 * nothing is sent.
 */
async function revert(client: ClusterClient, step: RevertStep): Promise<Outcome> {
  const seen = await readOutcome(client, step);
  if (seen.type !== "outdated") return seen;
  let outcome: Outcome = { step, type: "written", object: seen.object, created: false };
  const { through } = step;
  for (const subresource of appliedThrough(seen.object, step.manager)) {
    if (through?.includes(subresource) === false) continue;
    const options = { fieldManager: step.manager, subresource: subresource || undefined };
    outcome = await writeOutcome(
      client,
      step,
      await applyObject(client, step.resource, nothingOf(outcome.object), options),
    );
    if (outcome.type !== "written") break;
  }
  return outcome;
}

function nothingOf({ apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const { name, namespace, uid = "", resourceVersion = "" } = metadata;
  const place = namespace === undefined ? { name } : { name, namespace };
  return { apiVersion, kind, metadata: { ...place, uid, resourceVersion } };
}

/** What is ours of the marks shows only on the object as it is: it is read, and released in that version. */
async function release(client: ClusterClient, step: ReleaseStep): Promise<Outcome> {
  const seen = await readOutcome(client, step);
  if (seen.type !== "outdated" || seen.object.metadata.uid !== step.precondition.uid) return seen;
  return writeOutcome(client, step, await releaseObject(client, step.resource, seen.object));
}

async function writeOutcome(client: ClusterClient, step: WriteStep, answer: WriteAnswer): Promise<Outcome> {
  if (answer.ok) return { step, type: "written", object: answer.object, created: answer.created };
  if (answer.failure.status === 404 && step.verb !== "apply") return { step, type: "gone" };
  return isTooLate(answer.failure) ? readOutcome(client, step) : { step, type: "failed", failure: answer.failure };
}

async function deleteOutcome(client: ClusterClient, step: DeleteStep, answer: Answer): Promise<Outcome> {
  if (answer.ok || answer.failure.status === 404) return { step, type: "gone" };
  return isTooLate(answer.failure) ? readOutcome(client, step) : { step, type: "failed", failure: answer.failure };
}

/** The precondition does not hold. A patch with the uid of another object is told to change a field that is immutable. */
function isTooLate({ status, causes }: ApiFailure): boolean {
  return status === 409 || (status === 422 && causes.some(({ field }) => field === "metadata.uid"));
}

async function readOutcome(client: ClusterClient, step: WriteStep): Promise<Outcome> {
  const live = await readObject(client, step.resource, step.target);
  if (live.ok) return { step, type: "outdated", object: live.object };
  return live.failure.status === 404 ? { step, type: "gone" } : { step, type: "failed", failure: live.failure };
}
