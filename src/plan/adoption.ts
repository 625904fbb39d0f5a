/** The closed list of marks by which other tools say that an object is theirs (docs/reference/ownership.md). */

import { type KubernetesObject, MANAGED_BY, MANAGER } from "../object/index.ts";

type OtherManager = { name: string; marks(object: KubernetesObject): string | undefined };

const OTHER_MANAGERS: readonly OtherManager[] = [
  { name: "Argo CD", marks: annotation("argocd.argoproj.io/tracking-id") },
  { name: "Flux", marks: label("kustomize.toolkit.fluxcd.io/name") },
  { name: "Flux", marks: label("helm.toolkit.fluxcd.io/name") },
  { name: "Helm", marks: annotation("meta.helm.sh/release-name") },
  { name: "HNC", marks: label("hnc.x-k8s.io/inherited-from") },
  { name: "OLM", marks: label("olm.owner") },
  { name: "the manager", marks: foreignManagedBy },
  { name: "its controller", marks: controllerOf },
];

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
