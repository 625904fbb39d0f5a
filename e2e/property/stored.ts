/** From the objects of a lane to what the model reads: triggers, sources and policies as they are stored. */

import { isBeingDeleted, type JsonObject } from "../../src/object/index.ts";
import { SOURCE_KINDS, TRIGGER_KINDS } from "./kinds.ts";
import type { Stored } from "./model.ts";
import type { Source } from "./operation.ts";
import { HOME } from "./place.ts";
import { LANE, RULES, type Rule, type Tier } from "./rule.ts";
import type { Seen } from "./snapshot.ts";

export function storedOf(seen: readonly Seen[]): Stored {
  const staying = seen.filter(({ object }) => !isBeingDeleted(object));
  return {
    namespaces: new Set(staying.filter(({ place }) => place.kind === "Namespace").map(({ place }) => place.name)),
    triggers: staying.filter(isTrigger).map(triggerOf),
    policies: staying.filter(({ object }) => rulesText(object) !== undefined).map(policyOf),
    sources: staying.flatMap(sourceOf),
  };
}

/** What was generated makes nothing itself, unless it was there before and only adopted. */
function isTrigger({ place, object, marks }: Seen): boolean {
  const isGenerated = marks !== undefined && !marks.adopted;
  const kinds: readonly string[] = TRIGGER_KINDS;
  return kinds.includes(place.kind) && object.metadata.labels?.[LANE] !== undefined && !isGenerated;
}

function triggerOf({ place, object }: Seen): Stored["triggers"][number] {
  const { labels = {}, annotations = {}, uid = "" } = object.metadata;
  const content = { Namespace: annotations, ConfigMap: object.data, Widget: object.spec }[place.kind] as JsonObject; // by kind
  return { place, uid, tier: (labels.tier ?? "none") as Tier, color: String(content?.color ?? "none") }; // written by us
}

function rulesText({ metadata }: Seen["object"]): string | undefined {
  return metadata.annotations?.[RULES];
}

function policyOf({ place, object }: Seen): Stored["policies"][number] {
  const rules: Rule[] = JSON.parse(rulesText(object) ?? "[]");
  return { place, rules };
}

function sourceOf({ place, object }: Seen): Source[] {
  const kind = SOURCE_KINDS.find((candidate) => candidate === place.kind);
  if (kind === undefined || place.namespace !== HOME || !place.name.startsWith("src-")) return [];
  return [{ kind, name: place.name, value: Number(object.metadata.annotations?.value) }];
}
