/** Two states at rest, which should be one and the same. */

import { asJson, isEqual, type Json, type JsonObject } from "../../src/object/index.ts";
import type { PolicyStatus } from "../../src/policy/index.ts";
import { contestedIn, generatedIn } from "./claim.ts";
import type { Lane } from "./lane.ts";
import { printPlace } from "./place.ts";
import type { Problems } from "./rest.ts";
import { isLooseName } from "./rule.ts";
import type { Seen, Snapshot } from "./snapshot.ts";

/** What has to be the same of an object; undefined: nothing. */
type Print = (seen: Seen) => Json | undefined;

/** Nothing was written, and every status says the same. */
export function whatChanged(lanes: readonly Lane[], before: Snapshot, after: Snapshot): Problems {
  return compare(lanes, { before, after }, () => versionOf);
}

/**
 * What was made again is as it was, and whatever was left alone is the very same. `forgotten`: what the operator had stored
 * for itself is lost; then what is made once is made once more.
 */
export function whatDiffers(
  lanes: readonly Lane[],
  { before, after, forgotten }: { before: Snapshot; after: Snapshot; forgotten: boolean },
): Problems {
  return compare(lanes, { before, after }, (old) => {
    const there = new Set(old.map(({ place }) => printPlace(place)));
    const generated = new Set(generatedIn(old).map(({ place }) => printPlace(place)));
    const contested = contestedIn(old);
    return (seen) => {
      const key = printPlace(seen.place);
      if (contested.has(key)) return undefined; // any of those who want it may hold it now
      if (forgotten && !there.has(key) && isLooseName(seen.place.name)) return undefined;
      return generated.has(key) ? meaningOf(seen) : versionOf(seen);
    };
  });
}

function compare(
  lanes: readonly Lane[],
  { before, after }: { before: Snapshot; after: Snapshot },
  printFor: (old: readonly Seen[]) => Print,
): Problems {
  const found = lanes.map(({ name }) => {
    const [old, now] = [before.get(name) ?? [], after.get(name) ?? []];
    const print = printFor(old);
    return [name, differences(printAll(old, print), printAll(now, print))] as const;
  });
  return new Map(found.filter(([, problems]) => problems.length > 0));
}

function printAll(seen: readonly Seen[], print: Print): Map<string, Json | undefined> {
  return new Map(seen.map((each) => [printPlace(each.place), print(each)]));
}

function differences(before: Map<string, Json | undefined>, after: Map<string, Json | undefined>): string[] {
  const keys = [...before.keys(), ...[...after.keys()].filter((key) => !before.has(key))];
  return keys
    .filter((key) => !isEqual(before.get(key), after.get(key)))
    .map((key) => `${key} was ${JSON.stringify(before.get(key))} and is ${JSON.stringify(after.get(key))}`);
}

/** Of policies what their status says; of quotas, whose status others write, the content; else the version. */
function versionOf(seen: Seen): Json {
  const { place, object } = seen;
  if (place.kind === "ClusterPolicy" || place.kind === "Policy") return statusOf(seen);
  if (place.kind === "ResourceQuota") return [object.metadata.uid ?? "", meaningOf(seen)];
  return `${object.metadata.uid} ${object.metadata.resourceVersion}`;
}

/** All of an object that is not bookkeeping of the server, or decoration by others that went with what carried it. */
function meaningOf({ object }: Seen): Json {
  const { metadata, status: _status, ...content } = object;
  const { labels = {}, annotations = {} } = metadata;
  return [asJson({ ...content, metadata: { name: "" } } as Seen["object"]), ours(labels), ours(annotations)]; // an object again
}

function ours(values: { [key: string]: string }): JsonObject {
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => !/^(theirs|property\.test\/(unmarked|foreign))/.test(key)),
  );
}

/** Without times and what counts up; failures in no order, and without the words of conditions, which name the latest. */
function statusOf({ object }: Seen): Json {
  const {
    conditions = [],
    failures = [],
    summary,
    rules,
    mode,
    observedGeneration,
  } = (object.status ?? {}) as PolicyStatus; // written by the operator
  const { corrected: _corrected, ...figures } = summary ?? {};
  const told = {
    conditions: conditions.map(({ type, status }) => `${type}=${status}`),
    failures: failures.map(({ time: _time, ...failure }) => JSON.stringify(failure)).sort(),
    ...{ figures, rules, mode, observedGeneration },
  };
  return JSON.parse(JSON.stringify(told));
}
