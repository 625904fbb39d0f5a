/** What a mutate rule does to existing objects for one change of its trigger: once to each, and never again. */

import { applyEntryOf, asJson, type KubernetesObject, keyOf, printPointer, printRef, refOf } from "../object/index.ts";
import type { ExistingMutation, MutationPlace } from "../rule/index.ts";
import type { ClaimKey, SeenChange, World } from "../state/index.ts";
import { nothing, type Plan } from "./claim-plan.ts";
import { isKeptByMaker } from "./generated-mutation.ts";
import { writeOf } from "./mutation.ts";
import { mutationDifference } from "./mutation-difference.ts";
import { applicationsOf, mutatedBy } from "./mutation-sharing.ts";
import type { Placed } from "./mutation-wanted.ts";
import { NO_PLACES, placesOf } from "./mutations.ts";
import { RecordedSnapshot } from "./snapshot.ts";
import type { Failure, Step } from "./step.ts";

type Changed = { change: SeenChange; existing: ExistingMutation };

export function planMutationsFor(world: World, key: ClaimKey, { change, existing }: Changed): Plan {
  const snapshot = new RecordedSnapshot(world, change);
  const found = existing.for(change.trigger, snapshot, change);
  const own = found.ok && "places" in found ? found.places : [];
  const { places, failures } = own.length === 0 ? NOWHERE : placesOf(world, own, snapshot);
  const { calls, unknown } = snapshot;
  if (unknown !== undefined) return { ...nothing(key, "held", `${unknown} is not known yet`), calls, again: SOON };
  const read = { calls, reads: snapshot.dependencies, looks: snapshot.looks };
  if (!found.ok) {
    const { reason, message } = found;
    return { ...nothing(key, "desired", message), ...read, failures: [{ reason, message }] };
  }
  const idle = "idle" in found ? found.idle : undefined;
  return {
    ...nothing(key, "desired", idle ?? `${change.operation} was seen`),
    ...read,
    idle: idle !== undefined,
    steps: [...places.values()].map((placed) => stepFor(world, { ...placed, change, existing, key, own })),
    failures,
  };
}

const NOWHERE = { places: NO_PLACES, failures: [] };
const SOON = 1_000;

type Target = Placed & Changed & { key: ClaimKey; own: readonly MutationPlace[] };

function stepFor(world: World, { object, resource, part, change, existing, key, own }: Target): Step {
  const target = refOf(object);
  if (change.mutated?.has(keyOf(target)) === true) return skip(object, "it was changed for that");
  const result = mutatedBy(object, applicationsOf(key, own, { object, resource }));
  if (!result.ok) return failing(object, result);
  const owned = applyEntryOf(object, existing.manager, part?.subresource)?.fieldsV1;
  const difference = mutationDifference(asJson(object), asJson(result.object), {
    schema: existing.schemaOf(object),
    owned,
  });
  if (difference.paths.length === 0) return skip(object, "nothing of it is to be changed");
  if (isKeptByMaker(world, { object, part })) return failing(object, keptBySomebody(object, difference.paths[0] ?? []));
  const { uid = "", resourceVersion = "" } = object.metadata;
  return {
    verb: "mutate",
    target,
    resource,
    manager: existing.manager,
    ...writeOf({ object, part }, result.object, difference),
    seen: object,
    object: result.object,
    precondition: { uid, resourceVersion },
    because: `${change.operation} of ${change.trigger.kind} ${change.trigger.metadata.name} was seen`,
  };
}

function keptBySomebody(object: KubernetesObject, path: Parameters<typeof printPointer>[0]): Failure {
  const message = `${printRef(refOf(object))} is generated, and would get ${printPointer(path)} back: change the rule that generates it, or keep this one true (mutateExistingOnPolicyUpdate: true)`;
  return { reason: "Conflict", message };
}

function skip(object: KubernetesObject, because: string): Step {
  return { verb: "skip", target: refOf(object), because, inSync: true };
}

function failing(object: KubernetesObject, { reason, message }: Failure): Step {
  const target = refOf(object);
  return { verb: "skip", target, because: message, inSync: false, failure: { reason, message, target } };
}
