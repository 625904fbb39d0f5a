/**
 * What of a lane at rest is not as it should be.
 *
 * What is stored decides nearly everything. The exceptions, where what is at rest depends by design on what was seen when,
 * are these, and nothing beyond them is excused:
 * - Who holds an object that several claims want: any of them may, but the content is then exactly what that one says.
 * - An object of `synchronize: false` (`made once`): whether it is there, and what it holds.
 * - Objects that nobody wants and that carry no marks: left behind by `orphanDownstreamOnPolicyDelete` or
 *   `synchronize: false` (only rules with names `kept-…` ever have these), there before the policy, or with their marks taken
 *   off by the sequence (both say so in an annotation that Perennial leaves alone).
 */

import {
  ADOPTED,
  contentOf,
  isBeingDeleted,
  isEqual,
  type Json,
  type KubernetesObject,
  MANAGED_BY,
  MANAGER,
} from "../../src/object/index.ts";
import { claimOf, isMadeOnce } from "./claim.ts";
import { UNMARKED } from "./edit.ts";
import { FOREIGN } from "./execute.ts";
import { judgePolicy } from "./judge-policy.ts";
import type { Memory } from "./lane.ts";
import { type Stored, type Want, wantsOf } from "./model.ts";
import { printPlace } from "./place.ts";
import { isLooseName, isOnce } from "./rule.ts";
import type { Seen } from "./snapshot.ts";
import { storedOf } from "./stored.ts";

export function judgeLane(seen: readonly Seen[], memory: Memory): string[] {
  const stored = storedOf(seen);
  const wants = wantsOf(stored);
  const objects = new Map(seen.map((each) => [printPlace(each.place), each]));
  const wanted = Map.groupBy(wants, ({ place }) => printPlace(place));
  const servable = [...wanted].filter(([, [want]]) => want && isServable(want, stored.namespaces));
  const left = [...objects].filter(([key, { place }]) => isTargetName(place.name) && !wanted.has(key));
  return [
    ...seen.filter(({ object }) => isBeingDeleted(object)).map(({ place }) => `${printPlace(place)} is still going`),
    ...servable.flatMap(([key, claimants]) => tell(key, whyNotAsWanted(claimants, objects.get(key)))),
    ...left.flatMap(([key, object]) => tell(key, whyNotLeft(object, stored))),
    ...seen.flatMap(({ place, object }) =>
      tell(printPlace(place), judgePolicy(object, { place, stored, wants, objects })),
    ),
    ...judgeMemory(memory, objects),
  ];
}

function tell(where: string, what: string | undefined): string[] {
  return what === undefined ? [] : [`${where} ${what}`];
}

function isTargetName(name: string): boolean {
  return /^(@-)?(level|kept)-/.test(name);
}

export function isServable({ place }: Want, namespaces: ReadonlySet<string>): boolean {
  return place.namespace === "" || namespaces.has(place.namespace);
}

function whyNotAsWanted(claimants: readonly Want[], seen: Seen | undefined): string | undefined {
  if (claimants.every(({ rule }) => isOnce(rule))) return undefined;
  const claims = claimants.map(({ claim }) => claim).join(", ");
  if (seen === undefined) return `is missing; wanted by ${claims}`;
  if (seen.marks === undefined)
    return isOfAnotherManager(seen) ? undefined : `is there, wanted by ${claims}, and not taken over`;
  const holder = claimants.find(({ claim }) => claim === claimOf(seen));
  if (holder === undefined) return `is marked for ${claimOf(seen)}, but wanted by ${claims}`;
  return isOnce(holder.rule) ? undefined : whyNotExact(holder, seen);
}

export function isOfAnotherManager({ object }: Seen): boolean {
  const manager = object.metadata.labels?.[MANAGED_BY];
  return manager !== undefined && manager !== MANAGER;
}

function whyNotExact({ content, labels, annotations }: Want, seen: Seen): string | undefined {
  const { object } = seen;
  const live = { content: contentOf(object), ...pick(object.metadata, { labels, annotations }) };
  const wanted = { content, labels, annotations };
  if (!isEqual(live, wanted)) return `is ${JSON.stringify(live)} instead of ${JSON.stringify(wanted)}`;
  if (object.metadata.annotations?.[ADOPTED] === "true" && !mayBeUnmarked(seen)) return "is adopted, but was generated";
  return undefined;
}

type Marked = { labels?: { [key: string]: string }; annotations?: { [key: string]: string } };

/** Of labels and annotations only those that are wanted count: others may be anybody's. */
function pick(live: Marked, wanted: Required<Marked>): Required<Marked> {
  const only = (values: Marked["labels"] = {}, keys: object): { [key: string]: string } =>
    Object.fromEntries(Object.keys(keys).map((key) => [key, values[key] ?? "(none)"]));
  return { labels: only(live.labels, wanted.labels), annotations: only(live.annotations, wanted.annotations) };
}

/** It is nobody's any more, and says why; or the name does. */
function mayBeUnmarked({ place, object }: Seen): boolean {
  const { annotations = {} } = object.metadata;
  return isLooseName(place.name) || annotations[FOREIGN] !== undefined || annotations[UNMARKED] !== undefined;
}

/** Nobody wants it. */
function whyNotLeft(seen: Seen, stored: Stored): string | undefined {
  if (seen.marks === undefined) return mayBeUnmarked(seen) ? undefined : "is left, without marks, and nobody wants it";
  return isMadeOnce(seen, stored) ? undefined : `is left, marked for ${claimOf(seen)}, and nobody wants it`;
}

function judgeMemory({ persisting, untouched }: Memory, objects: ReadonlyMap<string, Seen>): string[] {
  const lost = [...persisting].filter(([key, uid]) => objects.get(key)?.object.metadata.uid !== uid);
  const touched = [...untouched].filter(([key, made]) => !isSame(made, objects.get(key)?.object));
  return [
    ...lost.map(([key]) => `${key} was there before the policy, and was deleted`),
    ...touched.map(([key]) => `${key} is not Perennial's, and was written or deleted`),
  ];
}

function isSame(made: KubernetesObject, live: KubernetesObject | undefined): boolean {
  if (live === undefined) return false;
  const what = ({ metadata: { uid, labels, annotations }, ...object }: KubernetesObject): Json =>
    [uid, labels, annotations, contentOf({ ...object, metadata: { name: "" } } as KubernetesObject)] as Json; // parts of an object
  return isEqual(what(made), what(live));
}
