/** The objects of the sentinel: a trigger of each kind, a target of each kind, and a policy of each kind. */

import type { KubernetesObject } from "../../src/object/index.ts";
import { clusterPolicy, namespacedPolicy, type TestRule } from "../harness/index.ts";
import { contentFor, KINDS, TARGET_KINDS, type TargetKind, TRIGGER_KINDS } from "./kinds.ts";
import { headOf, type Place } from "./place.ts";

/** The namespace, and what is in it. */
export const SENTINEL = "sentinel";
const LABELS = { "property.test/sentinel": "yes" };

export function sentinelTriggers(name: string, token: string): KubernetesObject[] {
  return TRIGGER_KINDS.map((kind) => {
    const head = headOf({ kind, namespace: kind === "Namespace" ? "" : SENTINEL, name });
    return { ...head, metadata: { ...head.metadata, labels: LABELS, annotations: { token } } };
  });
}

/** The ConfigMap that shows the token of a trigger. */
export function effectOf({ kind, metadata }: KubernetesObject): Place {
  return tokenPlace(kind, metadata.name);
}

/** The ConfigMaps that show the token of each trigger, and of each policy. */
export function tokenPlaces(name: string): Place[] {
  return [...TRIGGER_KINDS, "ClusterPolicy", "Policy"].map((kind) => tokenPlace(kind, name));
}

/** What stays as it is, until somebody deletes it: one of each kind that is generated. */
export const STILL_PLACES: readonly Place[] = TARGET_KINDS.map((kind) => ({
  kind,
  namespace: kind === "Beacon" ? "" : SENTINEL,
  name: kind === "Beacon" ? `${SENTINEL}-still` : "still",
}));

export function sentinelPolicies(token: string): KubernetesObject[] {
  const written = (kind: string): TestRule => tokenRule(kind, "ConfigMap", token);
  const read = TRIGGER_KINDS.map((kind) => tokenRule(kind, kind, "{{ request.object.metadata.annotations.token }}"));
  return [
    clusterPolicy(SENTINEL, ...read, written("ClusterPolicy"), ...STILL_PLACES.map(stillRule)),
    namespacedPolicy(SENTINEL, SENTINEL, written("Policy")),
  ] as KubernetesObject[]; // what the harness makes are whole objects
}

function tokenPlace(kind: string, name: string): Place {
  return { kind: "ConfigMap", namespace: SENTINEL, name: `of-${kind.toLowerCase()}-${name}` };
}

function tokenRule(kind: string, on: string, token: string): TestRule {
  const { namespace, name } = tokenPlace(kind, "{{ request.object.metadata.name }}");
  return {
    name: kind.toLowerCase(),
    match: selecting(on),
    generate: { apiVersion: "v1", kind: "ConfigMap", namespace, name, data: { data: { token } } },
  };
}

function stillRule({ kind, namespace, name }: Place): TestRule {
  const { apiVersion } = headOf({ kind, namespace, name });
  const where = namespace === "" ? {} : { namespace };
  const data = contentFor(kind as TargetKind, 1); // made from the list of them
  return {
    name: `still-${KINDS[kind]?.plural}`,
    match: selecting("Namespace"),
    generate: { apiVersion, kind, ...where, name, data },
  };
}

function selecting(kind: string): object {
  return { any: [{ resources: { kinds: [kind], selector: { matchLabels: LABELS } } }] };
}
