/** What the stored triggers, sources and policies call for. It knows the language of policies, and nothing of the operator. */

import type { JsonObject } from "../../src/object/index.ts";
import { storedContent } from "./kinds.ts";
import type { Source, Trigger } from "./operation.ts";
import { type Place, printPlace, printReference } from "./place.ts";
import { isChained, LANE, type Rule } from "./rule.ts";

export type Stored = {
  /** Those that are there, and stay. */
  namespaces: ReadonlySet<string>;
  triggers: readonly (Omit<Trigger, "color"> & { color: string; uid: string })[];
  policies: readonly { place: Place; rules: readonly Rule[] }[];
  sources: readonly Source[];
};

/** One object that one rule wants for one trigger. */
export type Want = {
  /** As the marks on the object say it. */
  claim: string;
  policy: Place;
  rule: Rule;
  place: Place;
  content: JsonObject;
  labels: { [key: string]: string };
  annotations: { [key: string]: string };
};

export function wantsOf(stored: Stored): Want[] {
  return claimsOf(stored).flatMap((claim) => wantOf(stored, claim) ?? []);
}

/** How many triggers a policy has: one that several rules are about counts once. */
export function countTriggers(stored: Stored, policy: Place): number {
  const claims = claimsOf(stored).filter((claim) => printPlace(claim.policy) === printPlace(policy));
  return new Set(claims.map(({ trigger }) => trigger)).size;
}

/** The rules whose source is not there, one entry for each of their triggers. */
export function unmetOf(stored: Stored): { policy: Place; rule: Rule }[] {
  return claimsOf(stored).filter((claim) => wantOf(stored, claim) === undefined);
}

type Claim = { policy: Place; rule: Rule; trigger: Stored["triggers"][number] };

function claimsOf({ policies, triggers }: Stored): Claim[] {
  return policies.flatMap(({ place: policy, rules }) =>
    rules.flatMap((rule) =>
      triggers.filter((trigger) => isSelected(policy, rule, trigger)).map((trigger) => ({ policy, rule, trigger })),
    ),
  );
}

function isSelected(policy: Place, { on, tier, except }: Rule, trigger: Claim["trigger"]): boolean {
  const inside = policy.kind === "ClusterPolicy" || trigger.place.namespace === policy.namespace;
  return inside && trigger.place.kind === on && (tier === "any" || trigger.tier === tier) && trigger.tier !== except;
}

function wantOf({ sources }: Stored, { policy, rule, trigger }: Claim): Want | undefined {
  const claim = [printReference(policy), rule.name, printReference(trigger.place), trigger.uid].join(" | ");
  const place = targetPlace(rule, trigger.place);
  const { source } = rule;
  if (source === undefined) return { claim, policy, rule, place, ...saidBy(rule, trigger) };
  const found = sources.find(({ kind, name }) => kind === source.kind && name === source.name);
  return found === undefined ? undefined : { claim, policy, rule, place, ...copyOf(found) };
}

export function targetPlace({ on, target }: Rule, trigger: Place): Place {
  const name = `${target.name}${target.each ? `-${trigger.name}` : ""}`;
  if (target.kind === "Beacon") return { kind: "Beacon", namespace: "", name: `@-${name}` };
  const own = on === "Namespace" ? trigger.name : trigger.namespace;
  return { kind: target.kind, namespace: target.where === "own" ? own : target.where, name };
}

function saidBy(
  rule: Rule,
  { place, tier, color }: Claim["trigger"],
): Pick<Want, "content" | "labels" | "annotations"> {
  const reads = { nothing: "nothing", tier, color }[rule.reads];
  return {
    content: storedContent(rule.target.kind, rule.value),
    labels: { reads, ...(isChained(rule) ? { [LANE]: "@" } : {}) },
    annotations: { of: place.name },
  };
}

/** A copy has the labels and annotations of its source. */
function copyOf({ kind, name, value }: Source): Pick<Want, "content" | "labels" | "annotations"> {
  return { content: storedContent(kind, value), ...sourceMetadata(name, value) };
}

export function sourceMetadata(name: string, value: number): Pick<Want, "labels" | "annotations"> {
  return { labels: { reads: name }, annotations: { of: "a source", value: `${value}` } };
}
