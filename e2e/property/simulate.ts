/** What a sequence has stored so far, if nobody else had a hand in it: so that the next operation is about something. */

import type { Stored } from "./model.ts";
import type { Operation, Source, Trigger } from "./operation.ts";
import { HOME, type Place, printPlace } from "./place.ts";

export const NOTHING: Stored = { namespaces: new Set([HOME]), triggers: [], policies: [], sources: [] };

export function simulate(stored: Stored, operation: Operation): Stored {
  switch (operation.do) {
    case "put trigger":
    case "replace trigger":
      return putTrigger(operation.do === "put trigger" ? stored : without(stored, operation.trigger.place), operation);
    case "delete trigger":
    case "delete policy":
      return without(stored, operation.place);
    case "put policy":
    case "replace policy":
      return putPolicy(stored, operation);
    case "put source":
      return { ...stored, sources: [...otherSources(stored, operation.source), operation.source] };
    case "delete source":
      return { ...stored, sources: otherSources(stored, operation.source) };
    default:
      return stored; // nothing that a rule reads
  }
}

function putTrigger(stored: Stored, { trigger }: { trigger: Trigger }): Stored {
  const { place } = trigger;
  if (place.kind !== "Namespace" && !stored.namespaces.has(place.namespace)) return stored;
  const namespaces = place.kind === "Namespace" ? stored.namespaces.union(new Set([place.name])) : stored.namespaces;
  return { ...stored, namespaces, triggers: [...others(stored.triggers, place), { ...trigger, uid: "" }] };
}

function putPolicy(stored: Stored, { place, rules }: Pick<Stored["policies"][number], "place" | "rules">): Stored {
  if (place.namespace !== "" && !stored.namespaces.has(place.namespace)) return stored;
  return { ...stored, policies: [...others(stored.policies, place), { place, rules }] };
}

/** A Namespace goes with all that lies in it. */
function without(stored: Stored, place: Place): Stored {
  const isInside = (other: { place: Place }): boolean =>
    place.kind === "Namespace" && other.place.namespace === place.name;
  return {
    ...stored,
    namespaces: place.kind === "Namespace" ? stored.namespaces.difference(new Set([place.name])) : stored.namespaces,
    triggers: others(stored.triggers, place).filter((trigger) => !isInside(trigger)),
    policies: others(stored.policies, place).filter((policy) => !isInside(policy)),
  };
}

function others<T extends { place: Place }>(items: readonly T[], place: Place): T[] {
  return items.filter((item) => printPlace(item.place) !== printPlace(place));
}

function otherSources({ sources }: Stored, { kind, name }: Source): Source[] {
  return sources.filter((source) => source.kind !== kind || source.name !== name);
}
