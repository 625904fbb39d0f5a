/**
 * Whether an object that was there before the policy is taken over: the policy says, and the closed list of marks by which
 * other tools say that an object is theirs (docs/reference/ownership.md).
 */

import { type KubernetesObject, MANAGED_BY, MANAGER } from "../object/index.ts";
import type { Adoption } from "../rule/index.ts";

type OtherManager = { name: string; marks(object: KubernetesObject): string | undefined };

const OTHER_MANAGERS: readonly OtherManager[] = [
  { name: "Argo CD", marks: annotation("argocd.argoproj.io/tracking-id") },
  { name: "Flux", marks: label("kustomize.toolkit.fluxcd.io/name") },
  { name: "Flux", marks: label("helm.toolkit.fluxcd.io/name") },
  { name: "Helm", marks: annotation("meta.helm.sh/release-name") },
  { name: "HNC", marks: label("hnc.x-k8s.io/inherited-from") },
  { name: "OLM", marks: label("olm.owner") },
  { name: "Kyverno", marks: label("generate.kyverno.io/policy-name") },
  { name: "the manager", marks: foreignManagedBy },
  { name: "its controller", marks: controllerOf },
];

/** Undefined when it is taken over; else why it is left as it is, and what would help. */
export function whyNotAdopted(object: KubernetesObject, adoption: Adoption): string | undefined {
  if (adoption === "Always") return undefined;
  if (adoption === "Never")
    return "exists, and spec.adoption is Never; delete it, choose another name in the rule, or let the policy adopt it";
  const owner = otherManagerOf(object);
  return owner === undefined
    ? undefined
    : `exists and belongs to ${owner}; delete it there, or choose another name in the rule`;
}

/** Who else says that the object is theirs; undefined when nobody does. */
export function otherManagerOf(object: KubernetesObject): string | undefined {
  for (const { name, marks } of OTHER_MANAGERS) {
    const found = marks(object);
    if (found !== undefined) return `${name} ${found}`;
  }
  return undefined;
}

function annotation(key: string): OtherManager["marks"] {
  return ({ metadata }) => metadata.annotations?.[key];
}

function label(key: string): OtherManager["marks"] {
  return ({ metadata }) => metadata.labels?.[key];
}

function foreignManagedBy({ metadata }: KubernetesObject): string | undefined {
  const manager = metadata.labels?.[MANAGED_BY];
  return manager === MANAGER ? undefined : manager;
}

function controllerOf({ metadata }: KubernetesObject): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined ? undefined : `${owner.kind} ${owner.name}`;
}
