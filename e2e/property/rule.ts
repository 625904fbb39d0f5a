/** The rules of sequences, as data: few enough forms that a model of a page can say what they call for. */

import type { JsonObject, KubernetesObject } from "../../src/object/index.ts";
import { contentFor, KINDS, type SourceKind, type TargetKind, type TriggerKind } from "./kinds.ts";
import { HOME, headOf, type Place } from "./place.ts";

export type Tier = "gold" | "lead" | "none";

export type Rule = {
  name: string;
  on: TriggerKind;
  /** Only triggers with this label; "any": all of the lane. */
  tier: "any" | "gold" | "lead";
  /** But none of these. */
  except?: "gold" | "lead";
  target: {
    kind: TargetKind;
    /** `kept-…` for rules that at some time in the sequence do not synchronize or orphan; `level-…` for all others. */
    name: string;
    /** In the trigger's own namespace, or always in the same one. */
    where: "own" | "@-b" | "@-home";
    /** One object for each trigger; otherwise triggers contest one object. */
    each: boolean;
  };
  value: number;
  /** What of the trigger the target repeats. */
  reads: "nothing" | "tier" | "color";
  /** The content is a copy of this source; absent: the rule says it. */
  source?: { kind: SourceKind; name: string };
  synchronize?: boolean;
  orphan?: boolean;
};

/** Carried by every trigger of a lane; the value is the lane. */
export const LANE = "property.test/lane";
/** On policies: their rules as they are here, for the model to read. */
export const RULES = "property.test/rules";

export function policyObject(place: Place, rules: readonly Rule[]): KubernetesObject {
  const head = headOf(place);
  const metadata = { ...head.metadata, annotations: { [RULES]: JSON.stringify(rules) } };
  return { ...head, metadata, spec: { rules: rules.map(ruleObject) } };
}

/** Objects that may be released or left: what becomes of them depends on when what was seen. */
export function isLoose({ target }: Rule): boolean {
  return isLooseName(target.name);
}

export function isLooseName(name: string): boolean {
  return /^(@-)?kept-/.test(name);
}

/** Its objects are made once, and then left alone. */
export function isOnce({ synchronize }: Rule): boolean {
  return synchronize === false;
}

/** Objects of such names make triggers if nobody knows any more that they were generated. */
export function isChained({ target }: Rule): boolean {
  return target.name.endsWith("3") && target.kind !== "Beacon";
}

function ruleObject(rule: Rule): JsonObject {
  const { name, on, tier, except } = rule;
  return {
    name,
    match: selecting(on, { [LANE]: "@", ...(tier === "any" ? {} : { tier }) }),
    ...(except === undefined ? {} : { exclude: selecting(on, { tier: except }) }),
    generate: generateBlock(rule),
  };
}

function selecting(kind: TriggerKind, matchLabels: { [key: string]: string }): JsonObject {
  return { any: [{ resources: { kinds: [kind], selector: { matchLabels } } }] };
}

function generateBlock(rule: Rule): JsonObject {
  const { target, source, synchronize, orphan } = rule;
  const { group, version } = KINDS[target.kind] ?? { group: "", version: "v1" };
  return {
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind: target.kind,
    name: `${target.kind === "Beacon" ? "@-" : ""}${target.name}${target.each ? "-{{ request.object.metadata.name }}" : ""}`,
    ...(target.kind === "Beacon" ? {} : { namespace: namespaceOf(rule) }),
    ...(source === undefined ? { data: dataOf(rule) } : { clone: { namespace: HOME, name: source.name } }),
    ...(synchronize === undefined ? {} : { synchronize }),
    ...(orphan === undefined ? {} : { orphanDownstreamOnPolicyDelete: orphan }),
  };
}

function namespaceOf({ on, target }: Rule): string {
  if (target.where !== "own") return target.where;
  return on === "Namespace" ? "{{ request.object.metadata.name }}" : "{{ request.object.metadata.namespace }}";
}

function dataOf(rule: Rule): JsonObject {
  const labels = { reads: `{{ ${READS[rule.reads](rule.on)} }}`, ...(isChained(rule) ? { [LANE]: "@" } : {}) };
  return {
    metadata: { labels, annotations: { of: "{{ request.object.metadata.name }}" } },
    ...contentFor(rule.target.kind, rule.value),
  };
}

const READS: { [reads in Rule["reads"]]: (on: TriggerKind) => string } = {
  nothing: () => "'nothing'",
  tier: () => "request.object.metadata.labels.tier || 'none'",
  color: (on) => `request.object.${COLOR_AT[on]}.color || 'none'`,
};

const COLOR_AT = { Namespace: "metadata.annotations", ConfigMap: "data", Widget: "spec" } as const;
